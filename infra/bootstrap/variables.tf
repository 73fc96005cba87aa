variable "github_repository" {
  type        = string
  description = "Repository whose workflows may plan and apply, \"owner/name\"."

  validation {
    condition     = can(regex("^[0-9A-Za-z][0-9A-Za-z-]*/[0-9A-Za-z._-]+$", var.github_repository))
    error_message = "github_repository is \"${var.github_repository}\"; it has to be \"owner/name\", without wildcards."
  }
}

variable "github_owner_id" {
  type        = number
  description = "Number of the repository's owner at GitHub. Set it, with github_repository_id, if the repository was made, renamed or transferred since 15 July 2026: then GitHub's tokens name it by numbers."
  default     = null

  validation {
    condition     = var.github_owner_id == null ? var.github_repository_id == null : var.github_owner_id > 0 && floor(var.github_owner_id) == var.github_owner_id && var.github_repository_id != null
    error_message = "github_owner_id has to be a whole number, and it is set together with github_repository_id (docs/RUNBOOK.md, \"First deploy\", says how to ask GitHub for both)."
  }
}

variable "github_repository_id" {
  type        = number
  description = "Number of the repository at GitHub; with github_owner_id, or neither."
  default     = null

  validation {
    condition     = var.github_repository_id == null ? true : var.github_repository_id > 0 && floor(var.github_repository_id) == var.github_repository_id
    error_message = "github_repository_id has to be a whole number."
  }
}

variable "region" {
  type        = string
  description = "AWS region of the state bucket and of everything that is applied."
  default     = "us-east-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is \"${var.region}\"; it has to be a region's code such as \"us-east-1\"."
  }
}

variable "create_oidc_provider" {
  type        = bool
  description = "Whether to make the account's OIDC provider for GitHub. false where another stack already did: AWS allows one."
  default     = true
}
