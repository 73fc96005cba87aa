//! The habit of a crontab: the clock times at which `run` makes passes, and the weekdays of each.

use std::collections::BTreeSet;

use jiff::{
    SignedDuration, Timestamp,
    civil::{Time, Weekday},
    tz::TimeZone,
};

use crate::{
    clock::{SinglePass, WEEKDAYS, Weekdays, local_day},
    domain::Daystamp,
};

/// How far back passes count towards the habit of a crontab.
const HABIT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How far back passes are looked at: a line shows its weekdays in two weeks.
pub(super) const SEEN: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Passes at clock times this close are one line of a crontab.
const SAME_TIME: SignedDuration = SignedDuration::from_mins(10);

/// On how many of these days a pass must have run at a clock time to make it a line of a crontab.
const HABIT_DAYS: usize = 2;

/// On how many days in a row a line must be missing, while `run` made other passes, to be no line any more.
const MISSING_DAYS: usize = 2;

/// Whether a clock time belongs to the line that begins at `line`.
pub(super) fn is_close(line: Time, time: Time) -> bool {
    (SignedDuration::ZERO..=SAME_TIME).contains(&time.duration_since(line))
}

/// The lines of a crontab: the clock times at which passes ran on at least two of the last seven days. Times
/// within ten minutes of each other are taken for one line, and its time is the earliest of them.
///
/// A line that is missing on two days while other passes run was taken out of the crontab, and does not wait for its
/// week to end. On a day without any pass the machine was off, which says nothing.
///
/// A line has [`weekdays`]. A crontab of working days promises nothing at the weekend, so a goal that derails on
/// Sunday has its last chance on Friday.
///
/// The time of the present pass (`this`) also belongs to the line that it is close to, but it does not count
/// as a day of the habit. A crontab never starts a pass to the millisecond. Suppose that the last pass of
/// today begins a second earlier than on the days before. If its time did not belong to the line, the line
/// would lie a second ahead. The pass would take itself for the last but one, and wait for a chance that
/// never comes.
pub(super) fn lines(
    passes: impl Iterator<Item = Timestamp>,
    this: Timestamp,
    zone: &TimeZone,
) -> Vec<SinglePass> {
    let time = |at: Timestamp| zone.to_datetime(at).time();
    let mut times: Vec<(Time, Option<Timestamp>)> = passes.map(|at| (time(at), Some(at))).collect();
    times.push((time(this), None));
    times.sort_unstable();
    let habit_from = this.saturating_sub(HABIT).unwrap_or(Timestamp::MIN);
    let today = local_day(this, zone);
    let now = (today, time(this));
    let any = times.iter().filter_map(|&(_, at)| at).chain([this]);
    let any: BTreeSet<Daystamp> = any.map(|at| local_day(at, zone)).collect();
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
            let is_of_this = passes().count() < close;
            days.extend(is_of_this.then_some(today));
            if is_of_this || !is_missing(first, &days, &any, now) {
                lines.push(SinglePass {
                    time: first,
                    days: weekdays(&days, today),
                });
            }
        }
        rest = later;
    }
    lines
}

/// Whether a line that ran on these days is missing on the last two days on which it was due and `any` pass ran. Today
/// counts if its time is over.
fn is_missing(
    line: Time,
    ran: &BTreeSet<Daystamp>,
    any: &BTreeSet<Daystamp>,
    (today, now): (Daystamp, Time),
) -> bool {
    let is_over = |day: Daystamp| day < today || now.duration_since(line) > SAME_TIME;
    let was_due = |day: Daystamp| {
        let before: BTreeSet<Daystamp> = ran.range(..day).copied().collect();
        !before.is_empty() && weekdays(&before, day).contains(day.date())
    };
    let due = any
        .iter()
        .rev()
        .filter(|&&day| is_over(day) && (ran.contains(&day) || was_due(day)));
    due.take(MISSING_DAYS).filter(|&day| !ran.contains(day)).count() == MISSING_DAYS
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
