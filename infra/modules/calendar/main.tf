# A window on a local clock as cron expressions. The module has no resource and no provider, so a test can try
# every zone in a second. Cron knows times of day, not lengths: a window that spans a change of the clock is
# an hour longer or shorter on that night (docs/RUNBOOK.md).

terraform {
  required_version = ">= 1.11"
}

locals {
  # Canonical names by name, from the IANA time zone database. AWS takes canonical names only; "US/Eastern" is
  # a link to "America/New_York" and means the same.
  canonical_zones = { for line in split("\n", trimspace(file("${path.module}/timezones.txt"))) : split(" ", line)[0] => split(" ", line)[1] }

  window_minute = tonumber(split(":", var.window_start)[0]) * 60 + tonumber(split(":", var.window_start)[1])

  # Minutes of the local day on which the window starts; below 0 and from 1440 on they are on the day before
  # and after.
  moments = {
    start    = local.window_minute - var.start_early_minutes
    stop     = local.window_minute + var.window_hours * 60
    backstop = local.window_minute + var.window_hours * 60 + var.backstop_minutes
  }

  weekdays = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
  day_numbers = { for name, minute in local.moments :
    name => sort([for day in var.window_days : (index(local.weekdays, day) + floor(minute / 1440) + 7) % 7])
  }
  clock = { for name, minute in local.moments : name => {
    hour   = floor((minute + 1440) % 1440 / 60)
    minute = (minute + 1440) % 60
  } }

  # Unix cron, Sunday is 0, for Auto Scaling.
  cron = { for name, at in local.clock :
    name => "${at.minute} ${at.hour} * * ${length(var.window_days) == 7 ? "*" : join(",", local.day_numbers[name])}"
  }
  # AWS' own cron with six fields and names of days, for EventBridge Scheduler.
  backstop_cron = "cron(${local.clock.backstop.minute} ${local.clock.backstop.hour} ? * ${join(",", [for day in local.day_numbers.backstop : local.weekdays[day]])} *)"

  sorted_days = sort([for day in var.window_days : index(local.weekdays, day)])
  longest_gap = max([for n, day in local.sorted_days :
    n + 1 < length(local.sorted_days) ? local.sorted_days[n + 1] - day : local.sorted_days[0] + 7 - day
  ]...)
}
