"""The schedule: every IANA zone, windows of every kind, and a year of it against what `mecris-agent window` says."""

import datetime
import json
import os
import pathlib
import re
import subprocess
import tempfile
import zoneinfo

from tools import ROOT, Failed, terraform_environment

UTC = datetime.timezone.utc
DAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
CRON_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
# name: zone, start, hours, days. The first four are the ones that the agent is asked about as well.
WINDOWS = {
    "the default": ("America/New_York", "13:00", 5, DAYS),
    "across midnight": ("America/New_York", "21:30", 5, DAYS),
    "early on Monday, far east": ("Pacific/Auckland", "00:02", 6.5, ["MON", "THU"]),
    "half an hour's zone, weekdays": ("Asia/Kolkata", "18:45", 7.25, DAYS[:5]),
    "a link": ("US/Eastern", "13:00", 5, DAYS),
}


def zones():
    """Names of the time zone database, from Python's copy of it."""
    import tzdata

    text = (pathlib.Path(tzdata.__file__).parent / "zones").read_text()
    return set(text.split()) - {"Factory", "localtime"}


def ask(cases):
    """The calendar module's answers for cases, by name; one plan for all of them."""
    with tempfile.TemporaryDirectory(prefix="mecris-calendar-") as folder:
        (pathlib.Path(folder) / "main.tf.json").write_text(json.dumps({
            "module": {"calendar": {
                "for_each": "${jsondecode(file(\"${path.module}/cases.json\"))}",
                "source": str(ROOT / "infra/modules/calendar"),
                **{key: f"${{each.value.{key}}}" for key in ("time_zone", "window_start", "window_hours", "window_days")},
                "start_early_minutes": 5,
                "backstop_minutes": 10,
            }},
            "output": {"answers": {"value": "${module.calendar}"}},
        }))
        (pathlib.Path(folder) / "cases.json").write_text(json.dumps({
            name: {"time_zone": zone, "window_start": start, "window_hours": hours, "window_days": days}
            for name, (zone, start, hours, days) in cases.items()
        }))
        environment = terraform_environment(folder)
        for step in (["init", "-input=false"], ["plan", "-input=false", "-out=plan"], ["show", "-json", "plan"]):
            done = subprocess.run(["terraform", *step], cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
            if done.returncode:
                raise Failed(done.stderr)
        return json.loads(done.stdout)["planned_values"]["outputs"]["answers"]["value"]


def words(refusal):
    """Terraform's message without its frame and line breaks."""
    return " ".join(re.sub(r"[│╷╵]", " ", str(refusal)).split())


def every_zone_is_accepted():
    """Each name of the database gets a canonical zone of the same time; a name that is none is refused with a sentence."""
    wanted = zones()
    answers = ask({name: (name, "13:00", 5, DAYS) for name in wanted})
    year = [datetime.datetime(2026, month, day, 12, tzinfo=UTC) for month in range(1, 13) for day in (1, 15)]
    for name, answer in answers.items():
        ours, theirs = zoneinfo.ZoneInfo(name), zoneinfo.ZoneInfo(answer["zone"])
        if [at.astimezone(ours).utcoffset() for at in year] != [at.astimezone(theirs).utcoffset() for at in year]:
            raise Failed(f"{name} became {answer['zone']}, which is another time")
    if set(answers) != wanted:
        raise Failed(f"not asked: {wanted - set(answers)}")
    for wrong in ("America/NewYork", "EST5", "america/new_york", "Mars/Base", ""):
        try:
            ask({"wrong": (wrong, "13:00", 5, DAYS)})
        except Failed as refusal:
            if "is not a name in the IANA time zone database" not in words(refusal):
                raise Failed(f"{wrong} is refused without a sentence: {refusal}") from None
        else:
            raise Failed(f"\"{wrong}\" is accepted as a time zone")
    return f"{len(wanted)} zones accepted, 5 wrong ones refused"


def moments(cron, zone, days):
    """The UTC moments of a Unix cron expression (minute hour * * days) on these local days."""
    minute, hour, _, _, which = cron.split()
    for day in days:
        if which == "*" or str((day.weekday() + 1) % 7) in which.split(","):
            yield datetime.datetime.combine(day, datetime.time(int(hour), int(minute)), zoneinfo.ZoneInfo(zone)).astimezone(UTC)


def built(name):
    """The newest build of this binary, if there is one."""
    target = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
    paths = [path for path in (target / "release" / name, target / "debug" / name) if os.access(path, os.X_OK)]
    return max(paths, key=lambda path: path.stat().st_mtime, default=None)


def agent():
    """The agent's binary, if one was built."""
    return os.environ.get("MECRIS_AGENT_BIN") or built("mecris-agent")


def a_year_is_what_the_agent_says():
    """Start and stop of each day of a year, against `mecris-agent window`. Nights with a change of the clock are named, not hidden."""
    answers = ask(WINDOWS)
    report = []
    for name, (zone, start, hours, days) in list(WINDOWS.items())[:4]:
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(f'time_zone = "{zone}"\n[window]\nstart = "{start}"\nhours = {hours}\n[notify]\nchannels = ["console"]\n[state]\npath = "x.db"\n')
            file.flush()
            printed = subprocess.run([agent(), "--config", file.name, "window", "--days", "366"], capture_output=True, text=True, timeout=60)
        windows = [(datetime.date.fromisoformat(line[:10]), *[datetime.datetime.fromisoformat(at.replace("Z", "+00:00")) for at in re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\dZ", line)])
                   for line in printed.stdout.splitlines()[1:]]
        if len(windows) != 366:
            raise Failed(f"mecris-agent window: {printed.stderr}")
        windows = [window for window in windows if DAYS[window[0].weekday()] in days]
        answer = answers[name]
        around = [windows[0][0] + datetime.timedelta(n) for n in range(-1, 368)]
        begins = list(moments(answer["cron"]["start"], answer["zone"], around))
        ends = list(moments(answer["cron"]["stop"], answer["zone"], around))
        odd = 0
        for day, begin, end in windows:
            local = zoneinfo.ZoneInfo(zone)
            if begin.astimezone(local).utcoffset() != end.astimezone(local).utcoffset():
                odd += 1
                if not any(abs(at - end) in (datetime.timedelta(0), datetime.timedelta(hours=1)) for at in ends):
                    raise Failed(f"{name}, {day}: no stop within an hour of {end}")
            elif end not in ends:
                raise Failed(f"{name}, {day}: the agent's window ends at {end}, no scheduled stop does")
            if begin - datetime.timedelta(minutes=5) not in begins:
                raise Failed(f"{name}, {day}: the agent's window begins at {begin}, no scheduled start is 5 minutes before it")
        inside = [at for at in begins if windows[0][1] <= at <= windows[-1][2]]
        if abs(len(inside) - len(windows)) > 1:
            raise Failed(f"{name}: {len(inside)} starts for {len(windows)} windows")
        report.append(f"{name}: {len(windows)} windows" + (f", {odd} with a change of the clock inside" if odd else ""))
    return "; ".join(report)


def the_backstop_follows_every_stop():
    """Both schedules of a window name the same nights, ten minutes apart, across midnight and the end of the week too."""
    hours = {f"{start}+{length}": ("Etc/UTC", start, length, [day]) for start in ("00:00", "00:04", "18:50", "23:59") for length in (0.25, 5, 23) for day in ("MON", "SAT", "SUN")}
    answers = ask(hours)
    week = [datetime.date(2026, 11, 22) + datetime.timedelta(n) for n in range(14)]
    for name, answer in answers.items():
        minute, hour, _, _, names, _ = answer["backstop_cron"][5:-1].split()
        unix = f"{minute} {hour} * * {','.join(str(CRON_DAYS.index(day)) for day in names.split(','))}"
        stops = list(moments(answer["cron"]["stop"], "UTC", week))[:1]
        if stops[0] + datetime.timedelta(minutes=10) not in list(moments(unix, "UTC", week)):
            raise Failed(f"{name}: stop {answer['cron']['stop']}, backstop {answer['backstop_cron']}")
        starts = list(moments(answer["cron"]["start"], "UTC", week))
        wanted = datetime.datetime.combine(next(day for day in week[1:] if DAYS[day.weekday()] == hours[name][3][0]), datetime.time.fromisoformat(hours[name][1]), UTC)
        if wanted - datetime.timedelta(minutes=5) not in starts:
            raise Failed(f"{name}: starts at {answer['cron']['start']}")
    return f"{len(answers)} windows"
