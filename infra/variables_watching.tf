# Who is alerted, and from which value on.

variable "slack" {
  type = object({
    team_id    = string
    channel_id = string
  })
  description = "Slack workspace and channel that alarms go to as well, through AWS Chatbot, after the workspace was authorised once in its console. null: no Slack."
  default     = null

  validation {
    condition     = var.slack == null || can(regex("^T[0-9A-Z]{8,}$", var.slack.team_id)) && can(regex("^[CG][0-9A-Z]{8,}$", var.slack.channel_id))
    error_message = "slack.team_id has to look like \"T0123ABCD\" and slack.channel_id like \"C0123ABCD\"; both are in the address of the channel in a browser."
  }
}

variable "budget_usd" {
  type        = number
  description = "US dollars a month for the whole AWS account. AWS Budgets warns when 80 % are spent, and when the forecast exceeds the budget."
  default     = 8

  validation {
    condition     = var.budget_usd >= 1 && var.budget_usd <= 1000
    error_message = "budget_usd is ${var.budget_usd}; allowed: 1 to 1000."
  }
}

variable "cost_anomaly_monitor" {
  type        = bool
  description = "Whether this environment has the account's cost anomaly monitor. AWS allows one for services in an account, so at most one environment sets it."
  default     = false
}

variable "errors_tolerated" {
  type        = number
  description = "How many ERROR log lines in 15 minutes are still no alarm."
  default     = 4

  validation {
    condition     = var.errors_tolerated >= 0 && var.errors_tolerated <= 1000 && floor(var.errors_tolerated) == var.errors_tolerated
    error_message = "errors_tolerated is ${var.errors_tolerated}; allowed: whole numbers from 0 to 1000."
  }
}

variable "log_days" {
  type        = number
  description = "How long logs are kept, in days; one of the numbers that CloudWatch Logs knows."
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400], var.log_days)
    error_message = "log_days is ${var.log_days}; allowed: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400."
  }
}
