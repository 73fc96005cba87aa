# The bucket of Terraform's state. Locks are objects in it (use_lockfile), so there is no table.

locals {
  state_bucket = "mecris-tfstate-${local.account_id}"
}

resource "aws_s3_bucket" "state" {
  bucket = local.state_bucket

  lifecycle {
    prevent_destroy = true
  }
}

module "private_bucket" {
  source = "../modules/private_bucket"

  bucket                 = aws_s3_bucket.state.id
  arn                    = "arn:${local.partition}:s3:::${local.state_bucket}"
  keep_old_versions_days = 90
}
