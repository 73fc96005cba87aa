# The place for the secrets. scripts/secrets sets their values. Terraform never knows them, so there is no
# version resource here.

resource "aws_secretsmanager_secret" "agent" {
  name                    = local.secret_name
  description             = "Tokens of mecris-agent, one JSON object {\"BEEMINDER_AUTH_TOKEN\": \"...\"}; set with scripts/secrets."
  recovery_window_in_days = var.environment == "prod" ? 7 : 0
}
