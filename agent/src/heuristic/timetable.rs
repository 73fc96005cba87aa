//! Which passes are promised, as one pass sees it.
//!
//! A daemon promises a pass every `heuristic.interval`, all day or in its window. Each time in
//! `window.passes` is a promised pass. A crontab promises passes by its habit: a clock time at which `run`
//! made a pass on two of the last seven days, on the weekdays on which it does. If nothing is promised, a pass
//! takes it that the next pass comes a day later.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{
    SignedDuration, Timestamp,
    civil::{Time, Weekday},
    tz::TimeZone,
};
use rusqlite::Connection;

use crate::{
    clock::{DailyRange, Outlook, Presence, SinglePass, Timetable, WEEKDAYS, Weekdays, local_day},
    config::{Settings, WindowSettings},
    domain::{Daystamp, SilenceKind, Trigger},
    store::tables::{runs, silences},
};

/// How far back passes count towards the habit of a crontab.
const HABIT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How far back a line of a crontab shows its weekdays.
const WEEKDAYS_SEEN: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Passes at clock times this close are one line of a crontab.
const SAME_TIME: SignedDuration = SignedDuration::from_mins(10);

/// On how many of these days a pass must have run at a clock time to make it a line of a crontab.
const HABIT_DAYS: usize = 2;

/// How many days ahead a pass looks for chances: longer than any `heuristic.lead_days` and most vacations.
pub(super) const HORIZON_DAYS: u16 = 35;

/// The settings that say when passes happen.
#[derive(Clone, Debug)]
pub struct Promises {
    zone: TimeZone,
    window: WindowSettings,
    interval: SignedDuration,
    quiet_hours: Option<DailyRange>,
    /// The timetable and the outlook of the last pass. The passes of one day have the same days ahead, and
    /// computing them takes longer than the rest of a pass that finds nothing new.
    seen: Arc<Mutex<Option<(Timetable, Outlook)>>>,
}

impl Promises {
    /// From the settings.
    pub fn new(settings: &Settings) -> Self {
        Self {
            zone: settings.time_zone.clone(),
            window: settings.window.clone(),
            interval: SignedDuration::try_from(settings.heuristic.interval).unwrap_or(SignedDuration::MAX),
            quiet_hours: settings.policy.quiet_hours,
            seen: Arc::default(),
        }
    }

    /// The outlook of a pass at `now` with this timetable: the chances to come.
    pub(super) fn outlook(&self, timetable: &Timetable, now: Timestamp) -> Outlook {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let known = seen.as_ref().filter(|(of, _)| of == timetable);
        if let Some(outlook) = known.and_then(|(_, outlook)| outlook.later_that_day(timetable, now)) {
            return outlook;
        }
        let outlook = timetable.outlook(now, HORIZON_DAYS);
        *seen = Some((timetable.clone(), outlook.clone()));
        outlook
    }

    /// The passes of a daemon with these settings, and those of `window.passes`.
    fn of_serve(&self) -> Timetable {
        let interval = self.interval;
        Timetable {
            zone: self.zone.clone(),
            daemon: match self.window.daily {
                None => Presence::Always { interval },
                Some(window) => Presence::Daily { window, interval },
            },
            passes: self
                .window
                .passes
                .iter()
                .copied()
                .map(SinglePass::daily)
                .collect(),
            quiet_hours: self.quiet_hours,
            vacations: Vec::new(),
        }
    }

    /// The promised passes, as a pass at `now` sees them. They follow from the settings and from the passes
    /// and vacations that are recorded. If nothing is promised, they are one pass a day at the time of this
    /// pass.
    pub(super) fn timetable(
        &self,
        connection: &Connection,
        trigger: Trigger,
        now: Timestamp,
    ) -> rusqlite::Result<Timetable> {
        let mut timetable = self.recorded(connection, trigger, now, now)?;
        if timetable.promises_nothing() {
            timetable
                .passes
                .push(SinglePass::daily(self.zone.to_datetime(now).time()));
        }
        Ok(timetable)
    }

    /// The passes that a person may expect at `now`. The habit of a crontab is taken from the seven days
    /// before the newest pass, so that it does not fade while no pass runs.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn expected(&self, connection: &Connection, now: Timestamp) -> rusqlite::Result<Expected> {
        let Some(newest) = runs::newest(connection)? else {
            return Ok(Expected {
                is_promised: true,
                timetable: self.of_serve(),
                last_pass: None,
            });
        };
        let mut timetable = self.recorded(connection, newest.trigger, newest.started_at, now)?;
        let is_promised = !timetable.promises_nothing();
        if !is_promised {
            let time = self.zone.to_datetime(newest.started_at).time();
            timetable.passes.push(SinglePass::daily(time));
        }
        Ok(Expected {
            is_promised,
            timetable,
            last_pass: Some(newest.started_at),
        })
    }

    /// The passes that are promised by the configuration, by a pass at `active` with this trigger, and by the
    /// passes of the week before it. There may be none.
    fn recorded(
        &self,
        connection: &Connection,
        trigger: Trigger,
        active: Timestamp,
        now: Timestamp,
    ) -> rusqlite::Result<Timetable> {
        let of_daemon = |trigger: Trigger| trigger != Trigger::Cli;
        let recent = if of_daemon(trigger) {
            Vec::new()
        } else {
            let since = active.saturating_sub(WEEKDAYS_SEEN).unwrap_or(Timestamp::MIN);
            runs::triggers_since(connection, since)?
        };
        let habit_from = active.saturating_sub(HABIT).unwrap_or(Timestamp::MIN);
        let is_of_daemon = |&(trigger, at): &(Trigger, Timestamp)| at >= habit_from && of_daemon(trigger);
        let has_daemon = of_daemon(trigger) || recent.iter().any(is_of_daemon);
        let vacations = silences::not_ended(connection, now)?
            .into_iter()
            .filter(|silence| silence.kind == SilenceKind::Vacation);
        let mut timetable = Timetable {
            vacations: vacations
                .map(|silence| (silence.starts_at, silence.ends_at))
                .collect(),
            ..self.of_serve()
        };
        if !has_daemon {
            let by_hand = recent.iter().filter(|&&(trigger, _)| !of_daemon(trigger));
            let by_hand = by_hand.map(|&(_, at)| at);
            timetable.passes.extend(crontab(by_hand, active, &self.zone));
            timetable.daemon = Presence::Never;
        }
        Ok(timetable)
    }
}

/// The passes that a person may expect.
#[derive(Clone, Debug)]
pub struct Expected {
    /// When they happen.
    pub timetable: Timetable,
    /// Whether a daemon, `window.passes` or the habit of a crontab promises them. Otherwise passes are made by
    /// hand, and the timetable has the time of the last one.
    pub is_promised: bool,
    /// When the newest pass began; `None`: there was none.
    pub last_pass: Option<Timestamp>,
}

impl Expected {
    /// Whether two or more expected passes did not take place: at least two were promised after the newest
    /// pass. A pass that is expected at `now` itself may still be under way.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let Some(last) = self.last_pass else { return false };
        self.timetable.promised_between(last, now).nth(1).is_some()
    }
}

/// The passes that `serve` promises with these settings. Vacations are not among them.
pub fn promised_by_serve(settings: &Settings) -> Timetable {
    Promises::new(settings).of_serve()
}

/// The lines of a crontab: the clock times at which passes ran on at least two of the last seven days. Times
/// within ten minutes of each other are taken for one line, and its time is the earliest of them.
///
/// A line has [`weekdays`]. A crontab of working days promises nothing at the weekend, so a goal that derails on
/// Sunday has its last chance on Friday.
///
/// The time of the present pass (`this`) also belongs to the line that it is close to, but it does not count
/// as a day of the habit. A crontab never starts a pass to the millisecond. Suppose that the last pass of
/// today begins a second earlier than on the days before. If its time did not belong to the line, the line
/// would lie a second ahead. The pass would take itself for the last but one, and wait for a chance that
/// never comes.
fn crontab(passes: impl Iterator<Item = Timestamp>, this: Timestamp, zone: &TimeZone) -> Vec<SinglePass> {
    let time = |at: Timestamp| zone.to_datetime(at).time();
    let mut times: Vec<(Time, Option<Timestamp>)> = passes.map(|at| (time(at), Some(at))).collect();
    times.push((time(this), None));
    times.sort_unstable();
    let habit_from = this.saturating_sub(HABIT).unwrap_or(Timestamp::MIN);
    let today = local_day(this, zone);
    let mut lines = Vec::new();
    let mut rest = times.as_slice();
    while let Some(&(first, _)) = rest.first() {
        let close = rest.partition_point(|&(time, _)| time.duration_since(first) <= SAME_TIME);
        let (line, later) = rest.split_at(close);
        let passes = || line.iter().filter_map(|&(_, at)| at);
        let recent = passes().filter(|&at| habit_from <= at);
        let recent: BTreeSet<Daystamp> = recent.map(|at| local_day(at, zone)).collect();
        if recent.len() >= HABIT_DAYS {
            let mut days: BTreeSet<Daystamp> = passes().map(|at| local_day(at, zone)).collect();
            days.extend((passes().count() < close).then_some(today));
            lines.push(SinglePass {
                time: first,
                days: weekdays(&days, today),
            });
        }
        rest = later;
    }
    lines
}

/// The weekdays of a line that ran on these days up to `today`. A weekday on which the line has not run since its
/// first day is not one of them. A weekday that has not come since then is: nothing speaks against it yet.
fn weekdays(ran: &BTreeSet<Daystamp>, today: Daystamp) -> Weekdays {
    let Some(&first) = ran.first() else {
        return Weekdays::ALL;
    };
    let since: Vec<Daystamp> = (0..)
        .map(|days| first.plus(days))
        .take_while(|&day| day < today)
        .collect();
    let runs_on = |weekday: &Weekday| {
        let is_it = |day: &&Daystamp| day.date().weekday() == *weekday;
        ran.iter().any(|day| is_it(&day)) || !since.iter().any(|day| is_it(&day))
    };
    let week = WEEKDAYS.into_iter().map(|(_, weekday)| weekday);
    Weekdays::new(week.filter(runs_on)).unwrap_or(Weekdays::ALL)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No daemon, no quiet hours, no vacation.
    fn passes_alone(passes: Vec<SinglePass>, zone: &TimeZone) -> Timetable {
        Timetable {
            zone: zone.clone(),
            daemon: Presence::Never,
            passes,
            quiet_hours: None,
            vacations: Vec::new(),
        }
    }

    #[test]
    fn passes_at_the_same_time_on_two_days_are_a_line_of_a_crontab() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let lines = |passes: &[&str], this: &str| -> Vec<String> {
            let passes = passes.iter().map(|text| text.parse().unwrap());
            let lines = crontab(passes, this.parse().unwrap(), &zone);
            lines
                .iter()
                .map(|line| line.time.strftime("%H:%M").to_string())
                .collect()
        };
        let today = "2026-11-22T08:00:00-05:00";
        let cron = [
            "2026-11-20T12:30:00-05:00",
            "2026-11-20T17:45:03-05:00",
            "2026-11-21T12:35:00-05:00",
            "2026-11-21T17:45:01-05:00",
            "2026-11-21T19:00:00-05:00",
        ];
        assert_eq!(lines(&cron, today), ["12:30", "17:45"]);
        let one_day = ["2026-11-21T12:30:00-05:00", "2026-11-21T12:31:00-05:00"];
        assert!(lines(&one_day, today).is_empty(), "one day is no habit");
        let across_a_change = ["2026-10-31T17:45:00-04:00", "2026-11-01T17:45:00-05:00"];
        assert_eq!(
            lines(&across_a_change, "2026-11-02T08:00:00-05:00"),
            ["17:45"],
            "crontabs keep the clock's time"
        );
    }

    #[test]
    fn a_pass_that_begins_a_little_earlier_than_usual_belongs_to_its_usual_line() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let usual = ["2026-11-20T17:45:00.9-05:00", "2026-11-21T17:45:01.2-05:00"].map(at);
        for this in ["2026-11-22T17:45:00.2-05:00", "2026-11-22T17:36:00-05:00"].map(at) {
            let timetable = passes_alone(crontab(usual.into_iter(), this, &zone), &zone);
            let outlook = timetable.outlook(this, HORIZON_DAYS);
            assert!(outlook.is_last_chance(Timestamp::MAX), "{this}");
            assert_eq!(outlook.last_but_one_today(Timestamp::MAX), Some(this));
        }
        let much_earlier = at("2026-11-22T17:30:00-05:00");
        let lines = crontab(usual.into_iter(), much_earlier, &zone);
        let times: Vec<Time> = lines.iter().map(|line| line.time).collect();
        assert_eq!(
            times,
            [zone.to_datetime(usual[0]).time()],
            "another line, not a habit yet"
        );
    }

    #[test]
    fn a_crontab_of_working_days_promises_nothing_at_the_weekend() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let at =
            |day: i8, time: &str| -> Timestamp { format!("2026-11-{day:02}T{time}-05:00").parse().unwrap() };
        // 2 November 2026 is a Monday.
        let days_after = |ran: &[i8], this: i8| -> Vec<&str> {
            let passes = ran.iter().map(|&day| at(day, "17:45:00"));
            let lines = crontab(passes, at(this, "17:45:01"), &zone);
            lines[0].days.names().collect()
        };
        let working = ["MON", "TUE", "WED", "THU", "FRI"];
        assert_eq!(days_after(&[2, 3, 4, 5, 6], 9), working, "after a week");
        assert_eq!(
            days_after(&[4, 5, 6, 9, 10, 11, 12], 13),
            working,
            "after nine days"
        );
        assert_eq!(
            days_after(&[4, 5], 6),
            ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"],
            "no weekend has come yet"
        );
        assert_eq!(
            days_after(&[2, 3, 5, 6, 7, 8, 9, 10], 11),
            ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"],
            "a Wednesday was left out once, and this pass is on the next"
        );
        let weekend = crontab(
            [2, 3, 4, 5, 6].map(|day| at(day, "17:45:00")).into_iter(),
            at(6, "17:45:01"),
            &zone,
        );
        let timetable = passes_alone(weekend, &zone);
        let outlook = timetable.outlook(at(6, "17:45:01"), HORIZON_DAYS);
        assert!(
            !outlook.is_last_day(at(7, "20:00:00")),
            "the first weekend may have passes"
        );
    }

    #[test]
    fn what_derails_on_a_weekend_without_passes_has_its_last_chance_on_friday() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let at = |day: i8| -> Timestamp { format!("2026-11-{day:02}T17:45:00-05:00").parse().unwrap() };
        let ran = [2, 3, 4, 5, 6, 9, 10, 11, 12].map(at);
        let timetable = passes_alone(crontab(ran.into_iter(), at(13), &zone), &zone);
        let friday = timetable.outlook(at(13), HORIZON_DAYS);
        assert!(friday.is_last_day(at(15)), "a losedate on Sunday");
        assert_eq!(friday.next_day(), Some(at(16)));
        let since_friday = timetable.promised_between(at(13), at(16));
        assert_eq!(
            since_friday.collect::<Vec<_>>(),
            [at(16)],
            "nothing was due at the weekend"
        );
    }
}
