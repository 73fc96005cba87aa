# Turns "13:00, 5 hours, these days" into AWS' schedules: the start a few minutes early, the stop at the end,
# a second stop after it.

module "calendar" {
  source = "./modules/calendar"

  time_zone           = var.time_zone
  window_start        = var.window_start
  window_hours        = var.window_hours
  window_days         = var.window_days
  start_early_minutes = var.start_early_minutes
  backstop_minutes    = var.backstop_minutes
}

locals {
  cron     = module.calendar.cron
  aws_zone = module.calendar.zone

  # A force_open_until in the past has no effect.
  forced_open = var.force_open_until != null && try(timecmp(plantimestamp(), var.force_open_until) < 0, false)
  forced_tag  = local.forced_open ? var.force_open_until : "no"

  # When a recurrence changes, Auto Scaling returns the stored start time and then fires at the old time
  # (terraform-provider-aws#41200). The schedule is part of the action's name, so an action is replaced and
  # never changed.
  schedule_hash = { for name, cron in local.cron : name => substr(sha256("${cron} ${local.aws_zone} ${local.forced_tag}"), 0, 8) }
}

resource "aws_autoscaling_schedule" "start" {
  scheduled_action_name  = "start-${local.schedule_hash.start}"
  autoscaling_group_name = aws_autoscaling_group.agent["primary"].name
  recurrence             = local.cron.start
  time_zone              = local.aws_zone
  min_size               = 0
  max_size               = 1
  desired_capacity       = 1
}

resource "aws_autoscaling_schedule" "stop" {
  for_each = aws_autoscaling_group.agent

  scheduled_action_name  = "stop-${local.schedule_hash.stop}"
  autoscaling_group_name = each.value.name
  recurrence             = local.cron.stop
  time_zone              = local.aws_zone
  start_time             = local.forced_open ? var.force_open_until : null # fires then, and by the recurrence from there on
  min_size               = 0
  max_size               = 1
  desired_capacity       = 0
}

# A session by hand. It opens within five minutes, opens a lost instance again, and is gone at its end. None
# of its minutes is that of the stop.
resource "aws_autoscaling_schedule" "forced_open" {
  count = local.forced_open ? 1 : 0

  scheduled_action_name  = "forced-open-${local.schedule_hash.stop}"
  autoscaling_group_name = aws_autoscaling_group.agent["primary"].name
  recurrence             = "${(tonumber(substr(var.force_open_until, 14, 2)) + 1) % 5}-59/5 * * * *"
  time_zone              = "Etc/UTC"
  end_time               = var.force_open_until
  min_size               = 0
  max_size               = 1
  desired_capacity       = 1
}

# The second stop is independent of the group's own actions: another service, another permission, ten minutes
# later.
resource "aws_scheduler_schedule" "backstop" {
  for_each = aws_autoscaling_group.agent

  name                         = "${each.value.name}-backstop"
  description                  = "Stops what runs after the window although the group's own scheduled action should have."
  schedule_expression          = module.calendar.backstop_cron
  schedule_expression_timezone = local.aws_zone
  start_date                   = local.forced_open ? var.force_open_until : null

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "arn:${local.partition}:scheduler:::aws-sdk:autoscaling:updateAutoScalingGroup"
    role_arn = aws_iam_role.backstop.arn
    input = jsonencode({
      AutoScalingGroupName = each.value.name
      MinSize              = 0
      MaxSize              = 1
      DesiredCapacity      = 0
    })

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 10
    }
  }
}

# The backstop of a session by hand, once.
resource "aws_scheduler_schedule" "forced_close" {
  for_each = { for name, group in aws_autoscaling_group.agent : name => group if local.forced_open }

  name                         = "${each.value.name}-forced-close"
  description                  = "Ends the session of force_open_until if the group's own scheduled action did not."
  schedule_expression          = "at(${trimsuffix(timeadd(var.force_open_until, "${var.backstop_minutes}m"), "Z")})"
  schedule_expression_timezone = "Etc/UTC"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_scheduler_schedule.backstop[each.key].target[0].arn
    role_arn = aws_iam_role.backstop.arn
    input    = aws_scheduler_schedule.backstop[each.key].target[0].input

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 10
    }
  }
}
