# Who is alerted about what. Metric names are those of agent/src/telemetry/cloudwatch_metrics.json, the file
# that the agent is built from.

locals {
  metrics = jsondecode(file("${path.module}/../agent/src/telemetry/cloudwatch_metrics.json"))
  metric  = { for name, _ in local.metrics : name => name } # an alarm on a metric that nobody emits fails at plan time

  topic_arn = "arn:${local.partition}:sns:${var.region}:${local.account_id}:${local.name}-alarms" # that of aws_sns_topic.alarms

  # Alarms on one metric of the agent. `missing` says what missing data means, because there is no data for
  # most of the day.
  alarms = {
    no-successful-pass = {
      metric = local.metric.SuccessfulPass, below = 1, seconds = 86400, periods = module.calendar.longest_gap, missing = "breaching"
      what   = "Dead-man's switch: not one successful pass in ${module.calendar.longest_gap == 1 ? "a day" : "${module.calendar.longest_gap} days"}. Nobody is watching."
    }
    outside-window = {
      metric = local.metric.OutsideWindow, above = 0, seconds = 300, periods = 1, missing = "notBreaching"
      what   = "The instance runs outside its window and costs money."
    }
    agent-errors = {
      metric = local.metric.AgentError, above = var.errors_tolerated, seconds = 900, periods = 1, missing = "notBreaching"
      what   = "The agent logs errors."
    }
    notification-failed = {
      metric = local.metric.NotificationFailed, above = 0, seconds = 300, periods = 1, missing = "notBreaching"
      what   = "A message reached nobody: every channel failed."
    }
    watchdog-restarts = {
      metric = local.metric.WatchdogRestart, above = 0, seconds = 3600, periods = 1, missing = "notBreaching"
      what   = "The agent hung and was restarted."
    }
    unit-failed = {
      metric = local.metric.UnitFailed, above = 0, seconds = 300, periods = 1, missing = "notBreaching"
      what   = "systemd gave up on the agent."
    }
    boot-failed = {
      metric = local.metric.BootFailed, above = 0, seconds = 300, periods = 1, missing = "notBreaching"
      what   = "An instance booted and did not become ready."
    }
  }
}

resource "aws_cloudwatch_log_group" "main" {
  name              = local.log_group
  retention_in_days = var.log_days
}

resource "aws_sns_topic" "alarms" {
  name         = "${local.name}-alarms"
  display_name = "Mecris ${var.environment}"
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn
  policy = templatefile("${path.module}/policies/topic.json.tftpl", {
    topic_arn  = local.topic_arn
    account_id = local.account_id
  })
}

resource "aws_sns_topic_subscription" "email" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alert_email
}

resource "aws_cloudwatch_metric_alarm" "agent" {
  for_each = local.alarms

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = "${each.value.what} What to do: docs/RUNBOOK.md, \"${each.key}\"."
  namespace           = local.metric_space
  metric_name         = each.value.metric
  dimensions          = { Environment = var.environment }
  statistic           = "Sum"
  period              = each.value.seconds
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.periods
  comparison_operator = can(each.value.below) ? "LessThanThreshold" : "GreaterThanThreshold"
  threshold           = try(each.value.below, each.value.above)
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# Two measures: the agent's own minutes, and EC2's samples (one in five minutes), which come even from an
# instance whose agent is dead.
resource "aws_cloudwatch_metric_alarm" "too_many_hours" {
  alarm_name          = "${local.name}-too-many-hours"
  alarm_description   = "More than ${var.window_hours + 0.5} instance hours in a day. What to do: docs/RUNBOOK.md, \"too-many-hours\"."
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = (var.window_hours + 0.5) * 60
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "minutes"
    label       = "Instance minutes"
    expression  = "MAX([FILL(agent, 0), ${join(" + ", [for name, _ in local.groups : "FILL(${name}, 0)"])} * 5])"
    return_data = true
  }

  metric_query {
    id = "agent"

    metric {
      namespace   = local.metric_space
      metric_name = local.metric.InstanceMinutes
      dimensions  = { Environment = var.environment }
      stat        = "Sum"
      period      = 86400
    }
  }

  dynamic "metric_query" {
    for_each = local.groups

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/EC2"
        metric_name = "CPUUtilization"
        dimensions  = { AutoScalingGroupName = metric_query.value.name }
        stat        = "SampleCount"
        period      = 86400
      }
    }
  }
}

resource "aws_cloudwatch_dashboard" "main" {
  dashboard_name = local.name
  dashboard_body = jsonencode({
    widgets = concat(
      [{
        type = "alarm", x = 0, y = 0, width = 24, height = 3
        properties = {
          title  = "Alarms"
          alarms = [for name in concat(keys(local.alarms), ["too-many-hours"], local.lambda_on ? keys(local.lambda_alarms) : []) : "arn:${local.partition}:cloudwatch:${var.region}:${local.account_id}:alarm:${local.name}-${name}"]
        }
      }],
      [for n, name in keys(local.metrics) : {
        type = "metric", x = n % 4 * 6, y = 3 + floor(n / 4) * 5, width = 6, height = 5
        properties = {
          title   = "${name}: ${local.metrics[name].what}"
          region  = var.region
          view    = "timeSeries"
          stat    = name == "BootReadySeconds" ? "Maximum" : "Sum"
          period  = 300
          metrics = [[local.metric_space, name, "Environment", var.environment]]
        }
      }],
      [{
        type = "log", x = 0, y = 3 + ceil(length(local.metrics) / 4) * 5, width = 24, height = 6
        properties = {
          title  = "Errors and warnings"
          region = var.region
          query  = "SOURCE '${local.log_group}' | fields @timestamp, @message | filter @message like /ERROR|WARN/ | sort @timestamp desc | limit 50"
          view   = "table"
        }
      }],
    )
  })
}
