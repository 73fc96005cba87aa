# The agent's own settings, which become the SSM parameter (docs/CONFIGURATION.md has all of them).

variable "beeminder_username" {
  type        = string
  description = "Owner of the Beeminder token; \"me\" is the owner of the token, whatever the name."
  default     = "me"

  validation {
    condition     = can(regex("^[0-9A-Za-z_]{1,64}$", var.beeminder_username))
    error_message = "beeminder_username is \"${var.beeminder_username}\"; allowed: 1 to 64 letters, digits and _."
  }
}

variable "notify_channels" {
  type        = list(string)
  description = "Channels in the order in which they are tried. Their numbers and tokens are in the secret."
  default     = ["sms"]

  validation {
    condition = (
      length(var.notify_channels) > 0
      && length(distinct(var.notify_channels)) == length(var.notify_channels)
      && alltrue([for channel in var.notify_channels : contains(["sms", "whatsapp", "voice", "telegram", "slack", "email"], channel)])
    )
    error_message = "notify_channels is ${jsonencode(var.notify_channels)}; allowed: one or more of sms, whatsapp, voice, telegram, slack, email, each once."
  }
}

variable "agent_role" {
  type        = string
  description = "The agent's role, if several installations have the same account and number: main says everything, backup only last calls, staging nothing about goals, walk and budgets. null: staging in staging, main in prod."
  default     = null

  validation {
    condition     = var.agent_role == null || contains(["main", "backup", "staging"], coalesce(var.agent_role, "main"))
    error_message = "agent_role is ${jsonencode(var.agent_role)}; allowed: \"main\", \"backup\", \"staging\" or null."
  }
}

variable "agent_settings" {
  type        = string
  description = "More of the agent's settings as TOML tables, for example \"[walk]\\ngoal = \\\"bike\\\"\". The tables window, config, state, secrets, telemetry, beeminder and notify itself belong to this module. Put no secret here: everybody who may read the plan can read these settings."
  default     = ""

  validation {
    condition     = !can(regex("(?m)^\\s*\\[+\\s*(window|config|state|secrets|telemetry|beeminder|notify)\\s*\\]", var.agent_settings))
    error_message = "agent_settings must not have the tables [window], [config], [state], [secrets], [telemetry], [beeminder], [notify]: they are made from variables of this module."
  }

  validation {
    condition     = var.agent_settings == "" || can(regex("^\\s*(#[^\\n]*\\n\\s*)*\\[", var.agent_settings))
    error_message = "agent_settings has to begin with a table such as [walk]: a bare key would land in the table before it."
  }

  validation {
    condition     = !can(regex("(?i)(AUTH_TOKEN|API_KEY|PASSWORD|SECRET)\\s*=", var.agent_settings))
    error_message = "agent_settings looks as if it had a secret in it. Secrets are set with scripts/secrets and never pass through Terraform."
  }
}
