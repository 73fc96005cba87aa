# 5.100.0 is what the lock file pins and what is tested. 6.x has not been run; every argument used here exists
# in 6.66.0 as well. The lock file has the hash for linux_amd64. On other platforms run
# `terraform providers lock` first.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100.0, < 7.0.0"
    }
  }

  # bucket, key and region come from `terraform init -backend-config=...`; scripts/deploy derives them from
  # account and environment.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}
