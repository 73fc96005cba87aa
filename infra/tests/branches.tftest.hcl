# The provider is a mock: no account, no credentials. tests/infra checks real plans. Each error_message says
# what should be the case.

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
    error_message = "By default there is one group, and it is on demand."
  }
  assert {
    condition     = aws_launch_template.agent.instance_type == "t4g.small" && aws_launch_template.agent.metadata_options[0].http_tokens == "required"
    error_message = "The instance is a t4g.small and demands IMDSv2."
  }
  assert {
    condition     = length(aws_subnet.public) == 3
    error_message = "There is a subnet in each of three zones."
  }
  assert {
    condition     = length(aws_chatbot_slack_channel_configuration.alarms) == 0 && length(aws_ce_anomaly_monitor.services) == 0
    error_message = "By default there is no Slack and no anomaly monitor."
  }
  assert {
    condition     = length(aws_scheduler_schedule.forced_close) == 0 && length(aws_autoscaling_schedule.forced_open) == 0
    error_message = "By default nothing is forced open."
  }
  assert {
    condition     = length(aws_lambda_function.pass) == 0 && length(aws_scheduler_schedule.pass) == 0 && length(aws_iam_role.lambda) == 0 && output.passes == null
    error_message = "By default there are no passes by Lambda."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.switch["no-successful-pass"].evaluation_periods == 1
    error_message = "The dead-man's switch looks at one day."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.too_many_hours.threshold == 330
    error_message = "The alarm of running hours is at 5.5 hours (330 minutes)."
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
    error_message = "The second group is on demand."
  }
  assert {
    condition     = length(aws_autoscaling_schedule.stop) == 2 && length(aws_scheduler_schedule.backstop) == 2
    error_message = "Both groups have a scheduled stop and a backstop."
  }
  assert {
    condition     = aws_autoscaling_schedule.start.autoscaling_group_name == "mecris-staging"
    error_message = "Only the first group is started by the schedule."
  }
  assert {
    condition     = length([for o in aws_autoscaling_group.agent["primary"].mixed_instances_policy[0].launch_template[0].override : o]) == 2
    error_message = "The first group tries both instance types."
  }
  assert {
    condition     = length(aws_cloudwatch_event_rule.no_spot) == 1
    error_message = "A rule notices that a spot launch failed."
  }
}

run "ipv6_only" {
  command = plan
  variables {
    egress = "ipv6"
  }
  assert {
    condition     = length(aws_route.ipv4) == 0 && length(aws_vpc_security_group_egress_rule.ipv4) == 0
    error_message = "There is no route and no rule for IPv4."
  }
  assert {
    condition     = aws_launch_template.agent.network_interfaces[0].associate_public_ip_address == "false"
    error_message = "The instance has no public IPv4 address."
  }
}

run "other_ports" {
  command = plan
  variables {
    egress_ports = [587]
  }
  assert {
    condition     = length(aws_vpc_security_group_egress_rule.ipv4) == 2 && length(aws_vpc_security_group_egress_rule.ipv6) == 2
    error_message = "Ports 443 and 587 are open by IPv4 and by IPv6."
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
    error_message = "The binary is the one for x86_64."
  }
  assert {
    condition     = endswith(data.aws_ssm_parameter.image.name, "x86_64")
    error_message = "The image is the one for x86_64."
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
    permissions_boundary = "mecris-boundary-staging"
    capacity             = "spot"
    slack                = { team_id = "T0123ABCD", channel_id = "C0123ABCD" }
  }
  assert {
    condition     = alltrue([for role in [aws_iam_role.agent, aws_iam_role.backstop, aws_iam_role.fall_back[0], aws_iam_role.slack[0]] : role.permissions_boundary == "arn:aws:iam::123456789012:policy/mecris-boundary-staging"])
    error_message = "All four roles have the boundary."
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
    error_message = "The instance starts on weekdays and stops on the day after each."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.switch["no-successful-pass"].evaluation_periods == 3
    error_message = "The dead-man's switch allows three days, from Friday to Monday."
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
    error_message = "For a window on Sunday at 00:02 the instance starts on Saturday at 23:57."
  }
}

run "a_link_becomes_canonical" {
  command = plan
  variables {
    time_zone = "US/Eastern"
  }
  assert {
    condition     = aws_autoscaling_schedule.start.time_zone == "America/New_York"
    error_message = "AWS takes only canonical names of zones."
  }
  assert {
    condition     = strcontains(aws_ssm_parameter.agent_toml.value, "US/Eastern")
    error_message = "The agent gets the name as it was configured."
  }
}

run "forced_open" {
  command = plan
  variables {
    force_open_until = formatdate("YYYY-MM-DD'T'hh:mm:00'Z'", timeadd(timestamp(), "3h"))
  }
  assert {
    condition     = length(aws_autoscaling_schedule.forced_open) == 1 && length(aws_scheduler_schedule.forced_close) == 1
    error_message = "One action opens, and a second backstop closes."
  }
  assert {
    condition     = aws_autoscaling_schedule.forced_open[0].end_time == var.force_open_until && aws_autoscaling_schedule.stop["primary"].start_time == var.force_open_until
    error_message = "The forced action ends, and the daily stop begins, at force_open_until."
  }
  assert {
    condition     = aws_scheduler_schedule.backstop["primary"].start_date == var.force_open_until
    error_message = "The daily backstop begins at force_open_until."
  }
}

run "a_forgotten_force_open_is_none" {
  command = plan
  variables {
    force_open_until = "2026-01-01T00:00:00Z"
  }
  assert {
    condition     = length(aws_autoscaling_schedule.forced_open) == 0 && output.schedule.forced == null
    error_message = "A moment that has passed changes nothing."
  }
}

run "prod_says_everything" {
  command = plan
  variables {
    environment = "prod"
  }
  assert {
    condition     = !strcontains(aws_ssm_parameter.agent_toml.value, "role")
    error_message = "main is the agent's default."
  }
}

run "staging_says_nothing_about_promises" {
  command = plan
  variables {
    environment = "staging"
  }
  assert {
    condition     = strcontains(aws_ssm_parameter.agent_toml.value, "\nrole = \"staging\"\n")
    error_message = "Staging has prod's account and number, and must not say everything a second time."
  }
}

run "a_role_can_be_chosen" {
  command = plan
  variables {
    environment = "staging"
    agent_role  = "main"
  }
  assert {
    condition     = !strcontains(aws_ssm_parameter.agent_toml.value, "role")
    error_message = "The chosen role counts."
  }
}

run "settings_are_appended" {
  command = plan
  variables {
    agent_settings = "[walk]\ngoal = \"bike\"\nfrom = \"14:00\"\nuntil = \"18:00\"\n"
  }
  assert {
    condition     = strcontains(aws_ssm_parameter.agent_toml.value, "[walk]")
    error_message = "The settings are in the parameter."
  }
}

run "passes_by_lambda" {
  command = plan
  variables {
    lambda_passes        = ["02:15", "21:30", "08:00"]
    permissions_boundary = "mecris-boundary-staging"
    release              = { version = "1.2.3", sha256 = "abababababababababababababababababababababababababababababababab", zip_sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" }
  }
  assert {
    condition     = aws_lambda_function.pass[0].source_code_hash == "LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE="
    error_message = "The hash is zip_sha256, in base64 as AWS writes it."
  }
  assert {
    condition     = aws_lambda_function.pass[0].architectures[0] == "arm64" && aws_lambda_function.pass[0].s3_key == "artifacts/1.2.3/mecris-agent-aarch64.zip"
    error_message = "The package is the one for arm64."
  }
  assert {
    condition     = aws_scheduler_schedule.pass["02:15"].schedule_expression == "cron(15 2 ? * SUN,MON,TUE,WED,THU,FRI,SAT *)" && aws_scheduler_schedule.pass["02:15"].schedule_expression_timezone == "America/New_York"
    error_message = "A pass is scheduled in the person's zone."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.switch["lambda-pass-missing"].evaluation_periods == 16
    error_message = "The longest gap, 08:00 to 21:30, is 13.5 hours: 14 whole hours, and two more."
  }
  assert {
    condition     = one([for query in aws_cloudwatch_metric_alarm.switch["no-successful-pass"].metric_query : query.metric[0].dimensions.Environment if query.id == "passes"]) != aws_lambda_function.pass[0].environment[0].variables.MECRIS__TELEMETRY__ENVIRONMENT
    error_message = "A pass by Lambda does not keep the instance's dead-man's switch quiet."
  }
  assert {
    condition     = alltrue([for role in [aws_iam_role.lambda[0], aws_iam_role.passes[0]] : role.permissions_boundary == "arn:aws:iam::123456789012:policy/mecris-boundary-staging"])
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
    condition     = aws_cloudwatch_metric_alarm.switch["lambda-pass-missing"].evaluation_periods == 26
    error_message = "With one pass a day the alarm takes 24 hours and two more."
  }
}

# This run is the last, because the resources that it makes stay in the state.
run "other_bytes_than_the_plans_are_refused" {
  command = apply
  variables {
    lambda_passes = ["21:30"]
    release       = { version = "1.2.3", sha256 = "abababababababababababababababababababababababababababababababab", zip_sha256 = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd" }
  }
  expect_failures = [data.aws_lambda_function.published]
}
