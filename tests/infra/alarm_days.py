"""Plays days to the alarms that ring when something is missing, and looks at when they ring.

moto keeps alarms and never evaluates them. This evaluates the expression of a planned alarm over minutes of made-up metrics, by the rules of
CloudWatch's pages "Using metric math" and "Configuring how CloudWatch alarms treat missing data": a period without data has no value, and an
alarm takes older values in its place where it finds enough of them. How far it looks back CloudWatch does not say; LOOKS_BACK is our guess.
"""

import math
import operator

DAY = 1440  # minutes
DAYS = 21
BREAKS = 14  # a Monday: from that day on something is wrong
LOOKS_BACK = 2  # periods
WEEK = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
OPENS = 18 * 60  # UTC
WINDOW = 300
BOOT = 4
INTERVAL = 30
STATISTICS = {"Sum": sum, "Minimum": min, "Maximum": max}
COMPARISONS = {"GreaterThanThreshold": operator.gt, "LessThanThreshold": operator.lt}
SWITCHES = {"no-successful-pass", "nobody-watches", "lambda-pass-missing"}


def days_played(week, wrong):
    """Metric name -> minute -> value, of an installation with windows on these days of the week. `wrong` begins on day BREAKS."""
    desired, watched, passes = {}, {}, {}
    for day in range(DAYS):
        broken = wrong if day >= BREAKS else None
        opens, closes = day * DAY + OPENS, day * DAY + OPENS + WINDOW
        has_window = WEEK[day % 7] in week and broken != "no schedule"
        for minute in range(day * DAY, (day + 1) * DAY):
            is_open = has_window and opens - 5 <= minute < closes
            desired[minute] = int(is_open)
            age = minute - (opens - 5 + BOOT)
            if not is_open or age < 0 or broken == "no instance" or (broken == "dies" and age > 120):
                continue
            late = broken == "no pass" and age > INTERVAL + 15
            watched[minute] = int(not late)
            if age % INTERVAL == 1 and broken != "no pass":
                passes[minute] = 1
    return {"GroupDesiredCapacity": desired, "WatchedMinutes": watched, "SuccessfulPass": passes}


def passes_played(minutes, wrong):
    """The same of passes at these minutes of the day."""
    return {"SuccessfulPass": {day * DAY + minute: 1 for day in range(BREAKS if wrong else DAYS) for minute in minutes}}


def points(values, played):
    """The value of each period, None where CloudWatch has none, and the length of a period in minutes."""
    queries = [query for query in values["metric_query"] if query.get("metric")]
    expression = next(query["expression"] for query in values["metric_query"] if query.get("return_data") and query.get("expression"))
    python = expression.replace("IF(", "IF_(").replace(" AND ", " and ")
    period = queries[0]["metric"][0]["period"] // 60
    found = []
    for start in range(0, DAYS * DAY, period):
        series = {}
        for query in queries:
            metric = query["metric"][0]
            # A group that is not the first one never opens.
            data = played.get(metric["metric_name"], {}) if query["id"] != "fallback" else {}
            values_of_period = [data[minute] for minute in range(start, start + period) if minute in data]
            series[query["id"]] = STATISTICS[metric["stat"]](values_of_period) if values_of_period else math.nan
        names = {"IF_": lambda condition, then, other: then if condition else other, "FILL": lambda value, by: by if math.isnan(value) else value}
        # A comparison with what is missing is missing, so such a period has no value at all.
        unfilled = [name for name, value in series.items() if math.isnan(value) and f"FILL({name}," not in expression]
        found.append(None if unfilled else eval(python, {"__builtins__": {}}, names | series))
    return found, period


def rings(values, played):
    """The minutes at which the alarm begins to ring."""
    found, period = points(values, played)
    count, compare = values["evaluation_periods"], COMPARISONS[values["comparison_operator"]]
    times, rang = [], False
    for end in range(count + LOOKS_BACK, len(found) + 1):
        newest = found[end - count:end]
        real = [value for value in found[end - count - LOOKS_BACK:end] if value is not None]
        if None in newest and len(real) >= count:
            newest = real[-count:]
        breaching = [values["treat_missing_data"] == "breaching" if value is None else compare(value, values["threshold"]) for value in newest]
        ring = sum(breaching) >= values["datapoints_to_alarm"]
        if ring and not rang:
            times.append(end * period)
        rang = ring
    return times


def problems(name, values, week, minutes):
    """Sentences about an alarm that rings too late, too early or for nothing."""
    play = (lambda wrong: passes_played(minutes, wrong)) if name == "lambda-pass-missing" else (lambda wrong: days_played(week, wrong))
    for minute in rings(values, play(None)):
        yield f"rings in fair weather, on day {minute // DAY} at minute {minute % DAY}"
    window = (BREAKS + WEEK.index(week[0])) * DAY + OPENS - 5  # the first one that should have been
    gap = max((WEEK.index(after) - WEEK.index(before)) % 7 or 7 for before, after in zip(week, [*week[1:], week[0]]))
    # What is wrong -> the minute by which it has to ring; None: another alarm does.
    latest = {
        # A day of CloudWatch ends at midnight UTC.
        "no-successful-pass": {"no instance": (BREAKS + gap) * DAY, "no pass": (BREAKS + gap) * DAY, "no schedule": (BREAKS + gap) * DAY},
        "nobody-watches": {"no instance": window + 20, "no pass": window + BOOT + INTERVAL + 15 + 20, "dies": window + BOOT + 120 + 20},
        "lambda-pass-missing": {"no pass": (BREAKS - 1) * DAY + max(minutes, default=0) + values["evaluation_periods"] * 60 + 60},
    }[name]
    for wrong, by in latest.items():
        found = [minute for minute in rings(values, play(wrong)) if minute >= BREAKS * DAY - DAY]
        if not found or found[0] > by:
            yield f"{wrong}: rings at minute {found[:1] or 'never'}, and has to by {by}"
