# Who is alerted about what. Metric names are those of agent/src/telemetry/cloudwatch_metrics.json, the file
# that the agent is built from.

locals {
  metrics = jsondecode(file("${path.module}/../agent/src/telemetry/cloudwatch_metrics.json"))
  metric  = { for name, _ in local.metrics : name => name } # an alarm on a metric that nobody emits fails at plan time

  topic_arn = "arn:${local.partition}:sns:${var.region}:${local.account_id}:${local.name}-alarms" # that of aws_sns_topic.alarms

  # Alarms on one metric of the agent. `missing` says what missing data means, because there is no data for
  # most of the day.
  alarms = {
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

locals {
  # The dead-man's switches. CloudWatch looks further back than an alarm's periods and takes older data for missing
  # data, so that a metric that stops altogether rings days late. These are expressions, and `FILL` puts a zero where
  # data is missing. The group's own metrics come around the clock, also while there is no instance.
  group_capacity = { for id, group in local.groups : id => {
    namespace = "AWS/AutoScaling", metric = "GroupDesiredCapacity", stat = "Minimum", dimensions = { AutoScalingGroupName = group.name }
  } }
  switches = {
    no-successful-pass = {
      seconds    = 86400, periods = module.calendar.longest_gap, missing = "breaching"
      expression = "IF(FILL(passes, 0) < 1, 1, 0)"
      metrics    = { passes = { namespace = local.metric_space, metric = local.metric.SuccessfulPass, stat = "Sum", dimensions = { Environment = var.environment } } }
      what       = "Dead-man's switch: not one successful pass in ${module.calendar.longest_gap == 1 ? "a day" : "${module.calendar.longest_gap} days"}. Nobody is watching."
    }
    nobody-watches = {
      seconds    = 300, periods = 3, missing = "notBreaching" # of a group that was made a moment ago
      expression = "IF(${join(" + ", [for id, _ in local.groups : "FILL(${id}, 0)"])} > 0 AND FILL(watched, 0) < 1, 1, 0)"
      metrics    = merge(local.group_capacity, { watched = { namespace = local.metric_space, metric = local.metric.WatchedMinutes, stat = "Sum", dimensions = { Environment = var.environment } } })
      what       = "There should be an instance, and for a quarter of an hour there was none that makes successful passes."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "switch" {
  for_each = merge(local.switches, local.lambda_on ? local.lambda_switches : {})

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = "${each.value.what} What to do: docs/RUNBOOK.md, \"${each.key}\"."
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.periods
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "silent"
    label       = "Silent"
    expression  = each.value.expression
    return_data = true
  }

  dynamic "metric_query" {
    for_each = each.value.metrics

    content {
      id = metric_query.key

      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.metric
        dimensions  = metric_query.value.dimensions
        stat        = metric_query.value.stat
        period      = each.value.seconds
      }
    }
  }
}

# What EC2 says when it has no instance to give, at once and in its own words.
resource "aws_cloudwatch_event_rule" "no_launch" {
  name        = "${local.name}-no-launch"
  description = "A group could not launch an instance."
  event_pattern = jsonencode({
    source        = ["aws.autoscaling"]
    "detail-type" = ["EC2 Instance Launch Unsuccessful"]
    detail        = { AutoScalingGroupName = [for group in local.groups : group.name] }
  })
}

resource "aws_cloudwatch_event_target" "no_launch" {
  rule = aws_cloudwatch_event_rule.no_launch.name
  arn  = aws_sns_topic.alarms.arn

  input_transformer {
    input_paths    = { group = "$.detail.AutoScalingGroupName", why = "$.detail.StatusMessage" }
    input_template = "\"No instance could be launched in <group>: <why> What to do: docs/RUNBOOK.md, 'no-launch'.\""
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
    rule_arn   = "arn:${local.partition}:events:${var.region}:${local.account_id}:rule/${local.name}-no-launch"
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
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# By the group's own count, which does not depend on the agent.
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
    expression  = join(" + ", [for id, _ in local.groups : "FILL(${id}, 0)"])
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.groups

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/AutoScaling"
        metric_name = "GroupInServiceInstances" # one value a minute
        dimensions  = { AutoScalingGroupName = metric_query.value.name }
        stat        = "Sum"
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
          alarms = [for name in concat(keys(aws_cloudwatch_metric_alarm.switch), keys(local.alarms), ["too-many-hours"], local.lambda_on ? keys(local.lambda_alarms) : []) : "arn:${local.partition}:cloudwatch:${var.region}:${local.account_id}:alarm:${local.name}-${name}"]
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
