output "bucket" {
  description = "Bucket of state (agent/) and binaries (artifacts/)."
  value       = aws_s3_bucket.main.bucket
}

output "artifact_key" {
  description = "Key in the bucket under which instances look for the binary."
  value       = local.artifact_key
}

output "groups" {
  description = "Auto Scaling groups by role: primary, and with spot also fallback."
  value       = { for name, group in aws_autoscaling_group.agent : name => group.name }
}

output "launch_template_id" {
  description = "Launch template of the instances."
  value       = aws_launch_template.agent.id
}

output "schedule" {
  description = "When it is started and stopped: cron expressions and the zone they are in."
  value = {
    zone     = local.aws_zone
    start    = local.cron.start
    stop     = local.cron.stop
    backstop = module.calendar.backstop_cron
    forced   = local.forced_open ? var.force_open_until : null
  }
}

output "passes" {
  description = "Function that makes passes outside the window, and when; null without lambda_passes."
  value       = local.lambda_on ? { function = local.lambda_name, alias = local.lambda_alias, log_group = local.lambda_log, times = sort(var.lambda_passes) } : null
}

output "alarms_confirmed" {
  description = "Whether the address of the alarms confirmed its subscription, when Terraform last looked. Until then it gets none."
  value       = !aws_sns_topic_subscription.email.pending_confirmation
}

output "secret" {
  description = "Secret that scripts/secrets writes to."
  value       = aws_secretsmanager_secret.agent.name
}

output "parameter" {
  description = "SSM parameter with the agent's settings."
  value       = aws_ssm_parameter.agent_toml.name
}

output "log_group" {
  description = "Log group of boots and of the agent."
  value       = aws_cloudwatch_log_group.main.name
}

output "topic" {
  description = "SNS topic of all alarms."
  value       = aws_sns_topic.alarms.arn
}

output "dashboard" {
  description = "Address of the CloudWatch dashboard."
  value       = "https://${var.region}.console.aws.amazon.com/cloudwatch/home?region=${var.region}#dashboards/dashboard/${aws_cloudwatch_dashboard.main.dashboard_name}"
}

output "release" {
  description = "The version that instances run, and its SHA-256."
  value       = var.release
}
