variable "github_repository" {
  type        = string
  description = "Repository whose workflows may plan and apply, \"owner/name\"."

  validation {
    condition     = can(regex("^[0-9A-Za-z][0-9A-Za-z-]*/[0-9A-Za-z._-]+$", var.github_repository))
    error_message = "github_repository is \"${var.github_repository}\"; it has to be \"owner/name\", without wildcards."
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
