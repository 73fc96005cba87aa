# Every value that a variable refuses. AWS is pretended: no account, no credentials. What a real plan says is
# checked by tests/infra.

mock_provider "aws" {
  source = "./tests/aws"
}

variables {
  environment = "staging"
  time_zone   = "America/New_York"
  alert_email = "me@example.org"
  release     = { version = "1.2.3", sha256 = "abababababababababababababababababababababababababababababababab" }
}

run "environment_1_is_refused" {
  command = plan
  variables {
    environment = "test"
  }
  expect_failures = [var.environment]
}

run "environment_2_is_refused" {
  command = plan
  variables {
    environment = "Prod"
  }
  expect_failures = [var.environment]
}

run "time_zone_1_is_refused" {
  command = plan
  variables {
    time_zone = "America/NewYork"
  }
  expect_failures = [var.time_zone]
}

run "time_zone_2_is_refused" {
  command = plan
  variables {
    time_zone = "EDT"
  }
  expect_failures = [var.time_zone]
}

run "alert_email_1_is_refused" {
  command = plan
  variables {
    alert_email = "me"
  }
  expect_failures = [var.alert_email]
}

run "alert_email_2_is_refused" {
  command = plan
  variables {
    alert_email = "a b@example.org"
  }
  expect_failures = [var.alert_email]
}

run "release_1_is_refused" {
  command = plan
  variables {
    release = { version = "1.0 0", sha256 = "abababababababababababababababababababababababababababababababab" }
  }
  expect_failures = [var.release]
}

run "release_2_is_refused" {
  command = plan
  variables {
    release = { version = "1.0.0", sha256 = "ABAB" }
  }
  expect_failures = [var.release]
}

run "region_1_is_refused" {
  command = plan
  variables {
    region = "us_east_1"
  }
  expect_failures = [var.region]
}

run "permissions_boundary_1_is_refused" {
  command = plan
  variables {
    permissions_boundary = "arn:aws:iam::1:policy/x"
  }
  expect_failures = [var.permissions_boundary]
}

run "window_start_1_is_refused" {
  command = plan
  variables {
    window_start = "1pm"
  }
  expect_failures = [var.window_start]
}

run "window_start_2_is_refused" {
  command = plan
  variables {
    window_start = "24:00"
  }
  expect_failures = [var.window_start]
}

run "window_start_3_is_refused" {
  command = plan
  variables {
    window_start = "9:00"
  }
  expect_failures = [var.window_start]
}

run "window_hours_1_is_refused" {
  command = plan
  variables {
    window_hours = 0
  }
  expect_failures = [var.window_hours]
}

run "window_hours_2_is_refused" {
  command = plan
  variables {
    window_hours = 5.1
  }
  expect_failures = [var.window_hours]
}

run "window_hours_3_is_refused" {
  command = plan
  variables {
    window_hours = 24
  }
  expect_failures = [var.window_hours]
}

run "window_days_1_is_refused" {
  command = plan
  variables {
    window_days = []
  }
  expect_failures = [var.window_days]
}

run "window_days_2_is_refused" {
  command = plan
  variables {
    window_days = ["MON", "MON"]
  }
  expect_failures = [var.window_days]
}

run "window_days_3_is_refused" {
  command = plan
  variables {
    window_days = ["Monday"]
  }
  expect_failures = [var.window_days]
}

run "start_early_minutes_1_is_refused" {
  command = plan
  variables {
    start_early_minutes = 31
  }
  expect_failures = [var.start_early_minutes]
}

run "start_early_minutes_2_is_refused" {
  command = plan
  variables {
    start_early_minutes = -1
  }
  expect_failures = [var.start_early_minutes]
}

run "start_early_minutes_3_is_refused" {
  command = plan
  variables {
    start_early_minutes = 2.5
  }
  expect_failures = [var.start_early_minutes]
}

run "backstop_minutes_1_is_refused" {
  command = plan
  variables {
    backstop_minutes = 4
  }
  expect_failures = [var.backstop_minutes]
}

run "backstop_minutes_2_is_refused" {
  command = plan
  variables {
    backstop_minutes = 31
  }
  expect_failures = [var.backstop_minutes]
}

run "force_open_until_1_is_refused" {
  command = plan
  variables {
    force_open_until = "tomorrow"
  }
  expect_failures = [var.force_open_until]
}

run "force_open_until_2_is_refused" {
  command = plan
  variables {
    force_open_until = "2026-11-21T21:30:00+01:00"
  }
  expect_failures = [var.force_open_until]
}

run "force_open_until_3_is_refused" {
  command = plan
  variables {
    force_open_until = formatdate("YYYY-MM-DD'T'hh:mm:00'Z'", timeadd(timestamp(), "26h"))
  }
  expect_failures = [var.force_open_until]
}

run "architecture_1_is_refused" {
  command = plan
  variables {
    architecture = "arm64"
  }
  expect_failures = [var.architecture]
}

run "instance_types_1_is_refused" {
  command = plan
  variables {
    instance_types = ["t3.smal"]
  }
  expect_failures = [var.instance_types]
}

run "instance_types_2_is_refused" {
  command = plan
  variables {
    instance_types = ["t4g.smal"]
  }
  expect_failures = [var.instance_types]
}

run "instance_types_3_is_refused" {
  command = plan
  variables {
    instance_types = ["t3.small"]
  }
  expect_failures = [var.instance_types]
}

run "instance_types_4_is_refused" {
  command = plan
  variables {
    instance_types = []
  }
  expect_failures = [var.instance_types]
}

run "instance_types_5_is_refused" {
  command = plan
  variables {
    instance_types = ["t4g.small", "t4g.small"]
  }
  expect_failures = [var.instance_types]
}

run "capacity_1_is_refused" {
  command = plan
  variables {
    capacity = "Spot"
  }
  expect_failures = [var.capacity]
}

run "volume_gb_1_is_refused" {
  command = plan
  variables {
    volume_gb = 7
  }
  expect_failures = [var.volume_gb]
}

run "volume_gb_2_is_refused" {
  command = plan
  variables {
    volume_gb = 8.5
  }
  expect_failures = [var.volume_gb]
}

run "ready_deadline_seconds_1_is_refused" {
  command = plan
  variables {
    ready_deadline_seconds = 9
  }
  expect_failures = [var.ready_deadline_seconds]
}

run "ready_deadline_seconds_2_is_refused" {
  command = plan
  variables {
    ready_deadline_seconds = 601
  }
  expect_failures = [var.ready_deadline_seconds]
}

run "egress_1_is_refused" {
  command = plan
  variables {
    egress = "nat"
  }
  expect_failures = [var.egress]
}

run "egress_ports_1_is_refused" {
  command = plan
  variables {
    egress_ports = [443]
  }
  expect_failures = [var.egress_ports]
}

run "egress_ports_2_is_refused" {
  command = plan
  variables {
    egress_ports = [0]
  }
  expect_failures = [var.egress_ports]
}

run "egress_ports_3_is_refused" {
  command = plan
  variables {
    egress_ports = [25, 25]
  }
  expect_failures = [var.egress_ports]
}

run "vpc_cidr_1_is_refused" {
  command = plan
  variables {
    vpc_cidr = "10.0.0.0/8"
  }
  expect_failures = [var.vpc_cidr]
}

run "vpc_cidr_2_is_refused" {
  command = plan
  variables {
    vpc_cidr = "ten"
  }
  expect_failures = [var.vpc_cidr]
}

run "zone_count_1_is_refused" {
  command = plan
  variables {
    zone_count = 1
  }
  expect_failures = [var.zone_count]
}

run "zone_count_2_is_refused" {
  command = plan
  variables {
    zone_count = 7
  }
  expect_failures = [var.zone_count]
}

run "beeminder_username_1_is_refused" {
  command = plan
  variables {
    beeminder_username = "a b"
  }
  expect_failures = [var.beeminder_username]
}

run "notify_channels_1_is_refused" {
  command = plan
  variables {
    notify_channels = []
  }
  expect_failures = [var.notify_channels]
}

run "notify_channels_2_is_refused" {
  command = plan
  variables {
    notify_channels = ["console"]
  }
  expect_failures = [var.notify_channels]
}

run "notify_channels_3_is_refused" {
  command = plan
  variables {
    notify_channels = ["sms", "sms"]
  }
  expect_failures = [var.notify_channels]
}

run "agent_role_is_refused" {
  command = plan
  variables {
    agent_role = "spare"
  }
  expect_failures = [var.agent_role]
}

run "agent_settings_1_is_refused" {
  command = plan
  variables {
    agent_settings = "[state]\npath = \"x\""
  }
  expect_failures = [var.agent_settings]
}

run "agent_settings_2_is_refused" {
  command = plan
  variables {
    agent_settings = "deadline = \"1s\""
  }
  expect_failures = [var.agent_settings]
}

run "agent_settings_3_is_refused" {
  command = plan
  variables {
    agent_settings = "[notify.sms]\nAUTH_TOKEN = \"x\""
  }
  expect_failures = [var.agent_settings]
}

run "slack_1_is_refused" {
  command = plan
  variables {
    slack = { team_id = "x", channel_id = "C0123ABCD" }
  }
  expect_failures = [var.slack]
}

run "budget_usd_1_is_refused" {
  command = plan
  variables {
    budget_usd = 0
  }
  expect_failures = [var.budget_usd]
}

run "budget_usd_2_is_refused" {
  command = plan
  variables {
    budget_usd = 1001
  }
  expect_failures = [var.budget_usd]
}

run "errors_tolerated_1_is_refused" {
  command = plan
  variables {
    errors_tolerated = -1
  }
  expect_failures = [var.errors_tolerated]
}

run "errors_tolerated_2_is_refused" {
  command = plan
  variables {
    errors_tolerated = 1.5
  }
  expect_failures = [var.errors_tolerated]
}

run "log_days_1_is_refused" {
  command = plan
  variables {
    log_days = 31
  }
  expect_failures = [var.log_days]
}

run "lambda_passes_1_is_refused" {
  command = plan
  variables {
    lambda_passes = ["21:30"]
  }
  expect_failures = [var.lambda_passes]
}

run "lambda_passes_2_is_refused" {
  command = plan
  variables {
    lambda_passes = ["9:30"]
    release       = { version = "1.2.3", sha256 = "abababababababababababababababababababababababababababababababab", zip_sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" }
  }
  expect_failures = [var.lambda_passes]
}

run "lambda_passes_3_is_refused" {
  command = plan
  variables {
    lambda_passes = ["21:30", "21:30"]
    release       = { version = "1.2.3", sha256 = "abababababababababababababababababababababababababababababababab", zip_sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" }
  }
  expect_failures = [var.lambda_passes]
}

run "lambda_passes_4_is_refused" {
  command = plan
  variables {
    lambda_passes = ["12:55"]
    release       = { version = "1.2.3", sha256 = "abababababababababababababababababababababababababababababababab", zip_sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" }
  }
  expect_failures = [var.lambda_passes]
}

run "lambda_passes_5_is_refused" {
  command = plan
  variables {
    lambda_passes = ["17:59"]
    release       = { version = "1.2.3", sha256 = "abababababababababababababababababababababababababababababababab", zip_sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" }
  }
  expect_failures = [var.lambda_passes]
}

run "lambda_passes_6_is_refused" {
  command = plan
  variables {
    lambda_passes = ["18:10"]
    release       = { version = "1.2.3", sha256 = "abababababababababababababababababababababababababababababababab", zip_sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" }
  }
  expect_failures = [var.lambda_passes]
}

run "lambda_passes_7_is_refused" {
  command = plan
  variables {
    window_start  = "22:00"
    lambda_passes = ["02:30"]
    release       = { version = "1.2.3", sha256 = "abababababababababababababababababababababababababababababababab", zip_sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" }
  }
  expect_failures = [var.lambda_passes]
}

run "lambda_passes_8_is_refused" {
  command = plan
  variables {
    lambda_passes = [for minute in range(25) : format("20:%02d", minute)]
    release       = { version = "1.2.3", sha256 = "abababababababababababababababababababababababababababababababab", zip_sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" }
  }
  expect_failures = [var.lambda_passes]
}

run "release_3_is_refused" {
  command = plan
  variables {
    release = { version = "1.2.3", sha256 = "abababababababababababababababababababababababababababababababab", zip_sha256 = "LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=" }
  }
  expect_failures = [var.release]
}
