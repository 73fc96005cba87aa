# State of this module is kept by whoever runs it (terraform.tfstate here, ignored by git): it is what the remote state needs to exist.
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
