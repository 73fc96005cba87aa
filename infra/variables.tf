# Required: environment, time_zone, alert_email, release. Every other variable has a default.

variable "environment" {
  type        = string
  description = "Which installation this is; part of every name. One of staging, prod."

  validation {
    condition     = contains(["staging", "prod"], var.environment)
    error_message = "environment is \"${var.environment}\"; allowed: \"staging\", \"prod\"."
  }
}

variable "time_zone" {
  type        = string
  description = "IANA time zone of the person, for example \"America/New_York\": days, quiet hours and the window are in it."

  validation {
    condition     = contains([for line in split("\n", trimspace(file("${path.module}/modules/calendar/timezones.txt"))) : split(" ", line)[0]], var.time_zone)
    error_message = "time_zone is \"${var.time_zone}\", which is not a name in the IANA time zone database (2025b). Allowed: names such as \"America/New_York\", \"Europe/Berlin\" or \"Etc/UTC\", in exactly this spelling; infra/modules/calendar/timezones.txt lists all of them."
  }
}

variable "alert_email" {
  type        = string
  description = "Where alarms and budget warnings go by e-mail. AWS sends a confirmation first: until its link is opened nothing arrives."

  validation {
    condition     = can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s.]+$", var.alert_email))
    error_message = "alert_email is \"${var.alert_email}\"; it has to be one address such as \"me@example.org\"."
  }
}

variable "release" {
  type = object({
    version    = string
    sha256     = string
    zip_sha256 = optional(string)
  })
  description = "The agent that runs: the version under which scripts/deploy uploaded it, and the SHA-256 of the binary (64 lower-case hexadecimal digits). The instance refuses any other bytes. zip_sha256 is the same of the package for Lambda; only lambda_passes needs it."

  validation {
    condition     = can(regex("^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$", var.release.version))
    error_message = "release.version is \"${var.release.version}\"; allowed: 1 to 64 letters, digits and . + _ -, beginning with a letter or digit."
  }

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.release.sha256))
    error_message = "release.sha256 is \"${var.release.sha256}\"; it has to be 64 lower-case hexadecimal digits, as `sha256sum mecris-agent` prints them."
  }

  validation {
    condition     = var.release.zip_sha256 == null || can(regex("^[0-9a-f]{64}$", var.release.zip_sha256))
    error_message = "release.zip_sha256 is \"${coalesce(var.release.zip_sha256, "null")}\"; it has to be 64 lower-case hexadecimal digits, as `sha256sum mecris-agent-ARCH.zip` prints them, or null."
  }
}

variable "region" {
  type        = string
  description = "AWS region of everything."
  default     = "us-east-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is \"${var.region}\"; it has to be a region's code such as \"us-east-1\"."
  }
}

variable "permissions_boundary" {
  type        = string
  description = "Name of the IAM policy that bounds every role made here, as infra/bootstrap creates it for this environment (\"mecris-boundary-prod\"). null: none, for a person who applies with rights of their own."
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^[0-9A-Za-z+=,.@_-]{1,128}$", var.permissions_boundary))
    error_message = "permissions_boundary has to be the name of an IAM policy (not its ARN), 1 to 128 letters, digits and + = , . @ _ -."
  }
}
