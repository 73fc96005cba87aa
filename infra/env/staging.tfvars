# Staging: the same as prod, so that what works here works there, in a window that CI's working day covers.
# Not here: alert_email (TF_VAR_alert_email) and release (scripts/deploy).
environment = "staging"
time_zone   = "America/New_York"
window_days = ["MON", "TUE", "WED", "THU", "FRI"]
