output "zone" {
  description = "Canonical name of the zone, as AWS wants it."
  value       = local.canonical_zones[var.time_zone]
}

output "cron" {
  description = "Unix cron expressions of start, stop and backstop on that zone's clock."
  value       = local.cron
}

output "backstop_cron" {
  description = "The backstop as EventBridge Scheduler writes it."
  value       = local.backstop_cron
}

output "longest_gap" {
  description = "Longest time from one window's start to the next, in days."
  value       = local.longest_gap
}
