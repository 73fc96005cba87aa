# The person who runs this module keeps its state (terraform.tfstate here, ignored by git), because the remote
# state needs this module's bucket first.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100.0, < 7.0.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Project   = "mecris"
      ManagedBy = "terraform-bootstrap"
    }
  }
}
