# Passes by Lambda, beside the instance. Off by default.

variable "lambda_passes" {
  type        = list(string)
  description = "Times of day on the clock of time_zone, \"HH:MM\", at which a Lambda function makes one pass while there is no instance, for goals that derail outside the window, for example [\"21:30\"]. []: no function and nothing that belongs to one. In the agent's quiet hours (policy.quiet_hours, 22:00 to 08:00) a pass decides and stays silent."
  default     = []

  validation {
    condition     = alltrue([for time in var.lambda_passes : can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]$", time))])
    error_message = "lambda_passes is ${jsonencode(var.lambda_passes)}; allowed: \"00:00\" to \"23:59\", two digits each."
  }

  validation {
    condition     = length(distinct(var.lambda_passes)) == length(var.lambda_passes) && length(var.lambda_passes) <= 24
    error_message = "lambda_passes is ${jsonencode(var.lambda_passes)}; allowed: at most 24 times, each once. For more than that, widen the window."
  }

  # From the start of the instance to its second stop the daemon has the state and looks every quarter of an
  # hour.
  validation {
    condition = alltrue([for time in var.lambda_passes : try(
      (tonumber(split(":", time)[0]) * 60 + tonumber(split(":", time)[1]) - tonumber(split(":", var.window_start)[0]) * 60 - tonumber(split(":", var.window_start)[1])
      + var.start_early_minutes + 1440) % 1440 > var.start_early_minutes + var.window_hours * 60 + var.backstop_minutes,
    true)])
    error_message = "lambda_passes is ${jsonencode(var.lambda_passes)}; allowed: times outside the hours of the window, on whatever day. The window is ${var.window_hours} hours from ${var.window_start} on, the instance starts ${var.start_early_minutes} minutes before it and is stopped ${var.backstop_minutes} minutes after it at the latest."
  }

  validation {
    condition     = length(var.lambda_passes) == 0 || var.release.zip_sha256 != null
    error_message = "lambda_passes is ${jsonencode(var.lambda_passes)}, but release.zip_sha256 is not set: there is no package for Lambda of version ${var.release.version}. scripts/deploy finds it beside the binary (scripts/build-release makes mecris-agent-ARCH.zip) or in the bucket. Deploy a version that has one, or set lambda_passes = []."
  }
}
