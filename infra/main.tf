# Names that everything else is built from, and facts about the account.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  name       = "mecris-${var.environment}"
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition

  bucket_name   = "${local.name}-${local.account_id}"
  log_group     = "/mecris/${var.environment}"
  secret_name   = "mecris/${var.environment}"
  parameter     = "/mecris/${var.environment}/agent.toml"
  artifact_key  = "artifacts/${var.release.version}/mecris-agent-${var.architecture}"
  state_prefix  = "agent"
  metric_space  = "Mecris/${var.environment}"
  boundary_name = var.permissions_boundary == null ? null : "arn:${local.partition}:iam::${local.account_id}:policy/${var.permissions_boundary}"

  tags = {
    Project     = "mecris"
    Environment = var.environment
    ManagedBy   = "terraform"
  }
}
