# The root module validates its variables of the same names, so these have no rules.

variable "time_zone" {
  type        = string
  description = "A name in the IANA time zone database."

  validation {
    condition     = can(local.canonical_zones[var.time_zone])
    error_message = "time_zone is \"${var.time_zone}\", which is not a name in the IANA time zone database (2025b)."
  }
}

variable "window_start" {
  type        = string
  description = "Start of the window on that zone's clock, \"HH:MM\"."
}

variable "window_hours" {
  type        = number
  description = "Length of the window in hours."
}

variable "window_days" {
  type        = list(string)
  description = "Days on which a window starts, MON to SUN."
}

variable "start_early_minutes" {
  type        = number
  description = "Minutes before the window at which the instance is started."
}

variable "backstop_minutes" {
  type        = number
  description = "Minutes after the window at which the second stop comes."
}
