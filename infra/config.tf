# The agent's settings: a few lines on the instance, the rest in an SSM parameter that a person can read and
# change without a new image.

locals {
  # What the instance has to know before it can read anything else, and what it needs to report that it
  # cannot.
  instance_toml = <<-EOT
    [config]
    ssm_parameter = "${local.parameter}"

    [telemetry]
    environment = "${var.environment}"

    [journal]
    log_group = "${local.log_group}"
  EOT

  # Settings that have their defaults stay out, so that an older agent, after a rollback, knows every name here.
  agent_toml = templatefile("${path.module}/templates/agent.toml.tftpl", {
    time_zone          = var.time_zone
    role               = coalesce(var.agent_role, var.environment == "staging" ? "staging" : "main")
    window_start       = var.window_start
    window_hours       = var.window_hours
    window_days        = var.window_days
    passes             = sort(var.lambda_passes)
    beeminder_username = var.beeminder_username
    notify_channels    = var.notify_channels
    state_remote       = "s3://${local.bucket_name}/${local.state_prefix}"
    secrets_source     = "secretsmanager:${local.secret_name}"
    more               = trimspace(var.agent_settings)
  })
}

resource "aws_ssm_parameter" "agent_toml" {
  name        = local.parameter
  description = "Settings of mecris-agent (TOML). Read at start; made by Terraform."
  type        = "String" # no secret in it
  tier        = "Standard"
  value       = local.agent_toml

  lifecycle {
    precondition {
      condition     = length(local.agent_toml) <= 4096
      error_message = "The agent's settings are ${length(local.agent_toml)} characters; a standard SSM parameter holds 4096. Shorten agent_settings."
    }
  }
}
