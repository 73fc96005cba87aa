# When the instance exists.

variable "window_start" {
  type        = string
  description = "When the window starts on the clock of time_zone, \"HH:MM\"."
  default     = "13:00"

  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]$", var.window_start))
    error_message = "window_start is \"${var.window_start}\"; allowed: \"00:00\" to \"23:59\", two digits each."
  }
}

variable "window_hours" {
  type        = number
  description = "How long the window lasts, in hours; quarters are allowed. It may cross midnight."
  default     = 5

  validation {
    condition     = var.window_hours >= 0.25 && var.window_hours <= 23 && floor(var.window_hours * 4) == var.window_hours * 4
    error_message = "window_hours is ${var.window_hours}; allowed: 0.25 to 23 in steps of 0.25."
  }
}

variable "window_days" {
  type        = list(string)
  description = "On which days a window starts, on the clock of time_zone."
  default     = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]

  validation {
    condition = (
      length(var.window_days) > 0
      && length(distinct(var.window_days)) == length(var.window_days)
      && alltrue([for day in var.window_days : contains(["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"], day)])
    )
    error_message = "window_days is ${jsonencode(var.window_days)}; allowed: one or more of MON, TUE, WED, THU, FRI, SAT, SUN, each once."
  }
}

variable "start_early_minutes" {
  type        = number
  description = "How many minutes before the window the instance is started, so that it is ready when the window begins. AWS may be up to two minutes late, and booting takes about one minute."
  default     = 5

  validation {
    condition     = var.start_early_minutes >= 0 && var.start_early_minutes <= 30 && floor(var.start_early_minutes) == var.start_early_minutes
    error_message = "start_early_minutes is ${var.start_early_minutes}; allowed: whole minutes from 0 to 30."
  }
}

variable "backstop_minutes" {
  type        = number
  description = "How many minutes after the window EventBridge Scheduler stops whatever still runs, independently of the group's own scheduled action."
  default     = 10

  validation {
    condition     = var.backstop_minutes >= 5 && var.backstop_minutes <= 30 && floor(var.backstop_minutes) == var.backstop_minutes
    error_message = "backstop_minutes is ${var.backstop_minutes}; allowed: whole minutes from 5 to 30."
  }
}

variable "force_open_until" {
  type        = string
  description = "Keeps the instance running until this moment (RFC 3339 in UTC, \"2026-11-21T21:30:00Z\", at most 24 hours ahead) and stops it then, even within a window. With null, or a moment that has passed, the schedule alone decides."
  default     = null

  validation {
    condition     = var.force_open_until == null || can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:00Z$", var.force_open_until)) && can(timeadd(var.force_open_until, "0s"))
    error_message = "force_open_until has to be a whole minute in UTC such as \"2026-11-21T21:30:00Z\"."
  }

  validation {
    condition     = var.force_open_until == null || try(timecmp(var.force_open_until, timeadd(plantimestamp(), "24h")) <= 0, true)
    error_message = "force_open_until is more than 24 hours ahead. Choose an earlier moment, or change window_start and window_hours if the instance is to run longer every day."
  }
}
