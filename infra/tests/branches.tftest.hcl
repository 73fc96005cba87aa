# AWS is pretended: no account, no credentials. What a real plan says is checked by tests/infra.

mock_provider "aws" {
  source = "./tests/aws"
}

variables {
  environment = "staging"
  time_zone   = "America/New_York"
  alert_email = "me@example.org"
  release     = { version = "1.2.3", sha256 = "abababababababababababababababababababababababababababababababab" }
}

run "the_default" {
  command = plan
  assert {
    condition     = aws_autoscaling_schedule.start.recurrence == "55 12 * * *" && aws_autoscaling_schedule.stop["primary"].recurrence == "0 18 * * *"
    error_message = "The window is 13:00 to 18:00, five minutes early."
  }
  assert {
    condition     = aws_autoscaling_schedule.start.time_zone == "America/New_York"
    error_message = "The schedule is in the person's zone."
  }
  assert {
    condition     = aws_scheduler_schedule.backstop["primary"].schedule_expression == "cron(10 18 ? * SUN,MON,TUE,WED,THU,FRI,SAT *)"
    error_message = "The backstop comes ten minutes after the stop."
  }
  assert {
    condition     = length(aws_autoscaling_group.agent) == 1 && length(aws_ssm_document.fall_back) == 0
    error_message = "One group, on demand."
  }
  assert {
    condition     = aws_launch_template.agent.instance_type == "t4g.small" && aws_launch_template.agent.metadata_options[0].http_tokens == "required"
    error_message = "t4g.small, IMDSv2."
  }
  assert {
    condition     = length(aws_subnet.public) == 3
    error_message = "Three zones."
  }
  assert {
    condition     = length(aws_chatbot_slack_channel_configuration.alarms) == 0 && length(aws_ce_anomaly_monitor.services) == 0
    error_message = "No Slack, no anomaly monitor."
  }
  assert {
    condition     = length(aws_scheduler_schedule.forced_close) == 0 && length(aws_autoscaling_schedule.forced_open) == 0
    error_message = "Nothing forced open."
  }
  assert {
    condition     = length(aws_lambda_function.pass) == 0 && length(aws_scheduler_schedule.pass) == 0 && length(aws_iam_role.lambda) == 0 && output.passes == null
    error_message = "No passes by Lambda."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.agent["no-successful-pass"].evaluation_periods == 1
    error_message = "The dead-man's switch looks at one day."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.too_many_hours.threshold == 330
    error_message = "5.5 hours are too many."
  }
}

run "spot_has_an_on_demand_fallback" {
  command = apply
  variables {
    capacity       = "spot"
    instance_types = ["t4g.small", "t4g.medium"]
  }
  assert {
    condition     = aws_autoscaling_group.agent["primary"].mixed_instances_policy[0].instances_distribution[0].on_demand_percentage_above_base_capacity == 0
    error_message = "The first group is spot."
  }
  assert {
    condition     = aws_autoscaling_group.agent["fallback"].mixed_instances_policy[0].instances_distribution[0].on_demand_percentage_above_base_capacity == 100
    error_message = "The second is on demand."
  }
  assert {
    condition     = length(aws_autoscaling_schedule.stop) == 2 && length(aws_scheduler_schedule.backstop) == 2
    error_message = "Both are stopped, twice."
  }
  assert {
    condition     = aws_autoscaling_schedule.start.autoscaling_group_name == "mecris-staging"
    error_message = "Only the first is started."
  }
  assert {
    condition     = length([for o in aws_autoscaling_group.agent["primary"].mixed_instances_policy[0].launch_template[0].override : o]) == 2
    error_message = "Several types are tried."
  }
  assert {
    condition     = length(aws_cloudwatch_event_rule.no_spot) == 1
    error_message = "A failed launch is noticed."
  }
}

run "ipv6_only" {
  command = plan
  variables {
    egress = "ipv6"
  }
  assert {
    condition     = length(aws_route.ipv4) == 0 && length(aws_vpc_security_group_egress_rule.ipv4) == 0
    error_message = "No way out by IPv4."
  }
  assert {
    condition     = aws_launch_template.agent.network_interfaces[0].associate_public_ip_address == "false"
    error_message = "No public IPv4 address."
  }
}

run "other_ports" {
  command = plan
  variables {
    egress_ports = [587]
  }
  assert {
    condition     = length(aws_vpc_security_group_egress_rule.ipv4) == 2 && length(aws_vpc_security_group_egress_rule.ipv6) == 2
    error_message = "443 and 587, by both."
  }
}

run "x86" {
  command = apply
  variables {
    architecture   = "x86_64"
    instance_types = ["t3.small"]
  }
  assert {
    condition     = output.artifact_key == "artifacts/1.2.3/mecris-agent-x86_64"
    error_message = "The binary of that processor."
  }
  assert {
    condition     = endswith(data.aws_ssm_parameter.image.name, "x86_64")
    error_message = "The image of that processor."
  }
}

run "slack_and_anomalies" {
  command = plan
  variables {
    slack                = { team_id = "T0123ABCD", channel_id = "C0123ABCD" }
    cost_anomaly_monitor = true
  }
  assert {
    condition     = length(aws_chatbot_slack_channel_configuration.alarms) == 1 && length(aws_ce_anomaly_subscription.services) == 1
    error_message = "Slack and the anomaly monitor are there."
  }
}

run "a_boundary_holds_every_role" {
  command = plan
  variables {
    permissions_boundary = "mecris-boundary"
    capacity             = "spot"
    slack                = { team_id = "T0123ABCD", channel_id = "C0123ABCD" }
  }
  assert {
    condition     = alltrue([for role in [aws_iam_role.agent, aws_iam_role.backstop, aws_iam_role.fall_back[0], aws_iam_role.slack[0]] : role.permissions_boundary == "arn:aws:iam::123456789012:policy/mecris-boundary"])
    error_message = "All four roles."
  }
}

run "across_midnight_on_weekdays" {
  command = plan
  variables {
    window_start = "21:30"
    window_days  = ["MON", "TUE", "WED", "THU", "FRI"]
  }
  assert {
    condition     = aws_autoscaling_schedule.start.recurrence == "25 21 * * 1,2,3,4,5" && aws_autoscaling_schedule.stop["primary"].recurrence == "30 2 * * 2,3,4,5,6"
    error_message = "It stops on the next day."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.agent["no-successful-pass"].evaluation_periods == 3
    error_message = "Friday to Monday are three days."
  }
}

run "early_start_on_the_day_before" {
  command = plan
  variables {
    window_start = "00:02"
    window_days  = ["SUN"]
  }
  assert {
    condition     = aws_autoscaling_schedule.start.recurrence == "57 23 * * 6"
    error_message = "Saturday, three minutes to midnight."
  }
}

run "a_link_becomes_canonical" {
  command = plan
  variables {
    time_zone = "US/Eastern"
  }
  assert {
    condition     = aws_autoscaling_schedule.start.time_zone == "America/New_York"
    error_message = "AWS takes canonical names."
  }
  assert {
    condition     = strcontains(aws_ssm_parameter.agent_toml.value, "US/Eastern")
    error_message = "The agent gets what was said."
  }
}

run "forced_open" {
  command = plan
  variables {
    force_open_until = formatdate("YYYY-MM-DD'T'hh:mm:00'Z'", timeadd(timestamp(), "3h"))
  }
  assert {
    condition     = length(aws_autoscaling_schedule.forced_open) == 1 && length(aws_scheduler_schedule.forced_close) == 1
    error_message = "Opened, and closed by the backstop too."
  }
  assert {
    condition     = aws_autoscaling_schedule.forced_open[0].end_time == var.force_open_until && aws_autoscaling_schedule.stop["primary"].start_time == var.force_open_until
    error_message = "Both at that moment."
  }
  assert {
    condition     = aws_scheduler_schedule.backstop["primary"].start_date == var.force_open_until
    error_message = "The daily backstop waits until then."
  }
}

run "a_forgotten_force_open_is_none" {
  command = plan
  variables {
    force_open_until = "2026-01-01T00:00:00Z"
  }
  assert {
    condition     = length(aws_autoscaling_schedule.forced_open) == 0 && output.schedule.forced == null
    error_message = "What has passed changes nothing."
  }
}

run "settings_are_appended" {
  command = plan
  variables {
    agent_settings = "[walk]\ngoal = \"bike\"\nfrom = \"14:00\"\nuntil = \"18:00\"\n"
  }
  assert {
    condition     = strcontains(aws_ssm_parameter.agent_toml.value, "[walk]")
    error_message = "They are in the parameter."
  }
}

run "passes_by_lambda" {
  command = plan
  variables {
    lambda_passes        = ["02:15", "21:30", "08:00"]
    permissions_boundary = "mecris-boundary"
    release              = { version = "1.2.3", sha256 = "abababababababababababababababababababababababababababababababab", zip_sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" }
  }
  assert {
    condition     = aws_lambda_function.pass[0].source_code_hash == "LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE="
    error_message = "The SHA-256 of \"x\", as AWS writes it."
  }
  assert {
    condition     = aws_lambda_function.pass[0].architectures[0] == "arm64" && aws_lambda_function.pass[0].s3_key == "artifacts/1.2.3/mecris-agent-aarch64.zip"
    error_message = "The package of that processor."
  }
  assert {
    condition     = aws_scheduler_schedule.pass["02:15"].schedule_expression == "cron(15 2 ? * SUN,MON,TUE,WED,THU,FRI,SAT *)" && aws_scheduler_schedule.pass["02:15"].schedule_expression_timezone == "America/New_York"
    error_message = "On the person's clock."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.lambda["lambda-pass-missing"].evaluation_periods == 16
    error_message = "From 08:00 to 21:30 are 13.5 hours, in whole ones 14, and two more."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.agent["no-successful-pass"].dimensions.Environment != aws_lambda_function.pass[0].environment[0].variables.MECRIS__TELEMETRY__ENVIRONMENT
    error_message = "A pass by Lambda does not keep the instance's dead-man's switch quiet."
  }
  assert {
    condition     = alltrue([for role in [aws_iam_role.lambda[0], aws_iam_role.passes[0]] : role.permissions_boundary == "arn:aws:iam::123456789012:policy/mecris-boundary"])
    error_message = "Both roles are within the boundary."
  }
}

run "one_pass_a_day_between_two_windows" {
  command = plan
  variables {
    window_start  = "21:30"
    lambda_passes = ["02:41"]
    release       = { version = "1.2.3", sha256 = "abababababababababababababababababababababababababababababababab", zip_sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" }
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.lambda["lambda-pass-missing"].evaluation_periods == 26
    error_message = "A day and two hours."
  }
}

# The last one, because what it makes stays in the state.
run "other_bytes_than_the_plans_are_refused" {
  command = apply
  variables {
    lambda_passes = ["21:30"]
    release       = { version = "1.2.3", sha256 = "abababababababababababababababababababababababababababababababab", zip_sha256 = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd" }
  }
  expect_failures = [data.aws_lambda_function.published]
}
