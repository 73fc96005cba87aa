# Prod. Not here: alert_email (TF_VAR_alert_email) and release (scripts/deploy).
environment = "prod"
time_zone   = "America/New_York"

cost_anomaly_monitor = true
