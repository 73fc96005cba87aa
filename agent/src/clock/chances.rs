//! Chances: the moments at which Mecris can speak. A chance is a promised pass outside quiet hours and
//! vacations. The settings promise passes, or the habit of a crontab does. Whether Mecris should speak is not
//! decided here.

use std::fmt;

use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};

use super::{DailyRange, Weekdays, Window, civil, local_day, local_day_bounds, window::last_pass_in};
use crate::domain::Daystamp;

/// The last chance but one lies at least this long before the last one.
const BETWEEN_LAST_TWO: SignedDuration = SignedDuration::from_mins(15);

/// The interval of a daemon counts as at least this long. Only settings for development have a shorter one.
const CLOSEST: SignedDuration = SignedDuration::from_mins(1);

/// The passes that are promised, and when they must be silent.
#[derive(Clone, Debug, PartialEq)]
pub struct Timetable {
    /// The person's zone.
    pub zone: TimeZone,
    /// When the daemon runs.
    pub daemon: Presence,
    /// Passes at fixed local times: those of `window.passes`, or the times at which a crontab usually makes
    /// them.
    pub passes: Vec<SinglePass>,
    /// `policy.quiet_hours`.
    pub quiet_hours: Option<DailyRange>,
    /// Vacations, each from its first instant to the first instant after it.
    pub vacations: Vec<(Timestamp, Timestamp)>,
}

/// A pass at a time of the local clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SinglePass {
    /// The time.
    pub time: Time,
    /// The days on which the pass takes place.
    pub days: Weekdays,
}

impl SinglePass {
    /// A pass of every day.
    pub fn daily(time: Time) -> Self {
        Self {
            time,
            days: Weekdays::ALL,
        }
    }

    /// Reads `21:30`, `21:30:15`, `09:00 sat,sun` or `09:00 mon-fri`. `None` if the text has another form.
    pub fn parse(text: &str) -> Option<Self> {
        let (time, days) = match text.trim().split_once(' ') {
            Some((time, days)) => (time, Weekdays::parse(days.trim())?),
            None => (text.trim(), Weekdays::ALL),
        };
        let time = Time::strptime("%H:%M", time).or_else(|_| Time::strptime("%H:%M:%S", time));
        Some(Self {
            time: time.ok()?,
            days,
        })
    }
}

impl fmt::Display for SinglePass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_even = self.time.second() == 0;
        let time = self.time.strftime(if is_even { "%H:%M" } else { "%H:%M:%S" });
        write!(f, "{time}")?;
        if self.days == Weekdays::ALL {
            return Ok(());
        }
        let names: Vec<String> = self.days.names().map(str::to_lowercase).collect();
        write!(f, " {}", names.join(","))
    }
}

/// When the daemon runs, with its `heuristic.interval`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Presence {
    /// No daemon makes passes.
    Never,
    /// At all times.
    Always {
        /// The time between two passes.
        interval: SignedDuration,
    },
    /// In a window.
    Daily {
        /// The window.
        window: Window,
        /// The time between two passes.
        interval: SignedDuration,
    },
}

impl Timetable {
    /// Whether a pass at `at` may speak: it is outside quiet hours and vacations.
    pub fn may_speak(&self, at: Timestamp) -> bool {
        !self.on_vacation(at)
            && !self
                .quiet_hours
                .is_some_and(|hours| hours.contains(at, &self.zone))
    }

    /// Whether no pass is promised at all.
    pub fn promises_nothing(&self) -> bool {
        self.daemon == Presence::Never && self.passes.is_empty()
    }

    /// The chances of a local day, in order, each once.
    pub fn on(&self, day: Daystamp) -> Vec<Timestamp> {
        let mut chances = self.promised_on(day);
        let quiet = self.quiet_around(day);
        chances.retain(|&at| {
            let is_quiet = quiet.iter().any(|&(start, end)| start <= at && at < end);
            !is_quiet && !self.on_vacation(at)
        });
        chances
    }

    /// Whether a pass is promised after `from` and before `until`. Passes in quiet hours and vacations count.
    pub fn promises_between(&self, from: Timestamp, until: Timestamp) -> bool {
        self.promised_between(from, until).any(|at| at < until)
    }

    /// What a pass at `now` needs to know: all chances of today, the last one of yesterday, and the first one
    /// of each of the next `horizon` local days.
    pub fn outlook(&self, now: Timestamp, horizon: u16) -> Outlook {
        let today = local_day(now, &self.zone);
        let last_day = today.plus(horizon.into());
        let later = std::iter::successors(Some(civil::next(today.date())), |&day| Some(civil::next(day)));
        Outlook {
            now,
            today,
            may_speak: self.may_speak(now),
            chances: self.on(today),
            yesterday_last: self.on(civil::previous(today.date()).into()).last().copied(),
            later: later
                .take(horizon.into())
                .filter_map(|day| Some((day.into(), self.on(day.into()).first().copied()?)))
                .collect(),
            horizon: (last_day, local_day_bounds(last_day, &self.zone).1),
        }
    }

    /// The local day of the last chance up to `limit`. Looks at the day of `limit` and at the `days` days
    /// before it. `None` if none of them has a chance up to `limit`.
    pub fn last_day(&self, limit: Timestamp, days: u16) -> Option<Daystamp> {
        let latest = local_day(limit, &self.zone).date();
        let earlier = std::iter::successors(Some(latest), |&day| Some(civil::previous(day)));
        let reached = |day: &Daystamp| self.on(*day).first().is_some_and(|&first| first <= limit);
        earlier
            .take(usize::from(days) + 1)
            .map(Daystamp::from)
            .find(reached)
    }

    /// The first chance from `from` up to and including `until`. Looks at no more than `days` local days,
    /// beginning with that of `from`. `None` if there is none.
    pub fn first_chance(&self, from: Timestamp, until: Timestamp, days: u16) -> Option<Timestamp> {
        let first = local_day(from, &self.zone).date();
        let last = local_day(until, &self.zone).date();
        std::iter::successors(Some(first), |&day| Some(civil::next(day)))
            .take_while(|&day| day <= last)
            .take(days.into())
            .flat_map(|day| self.on(day.into()))
            .find(|&at| from <= at && at <= until)
    }

    /// The promised passes after `from` up to `until`, in order, whether or not they may speak: a pass takes
    /// place in quiet hours and on vacations, too.
    pub fn promised_between(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> impl Iterator<Item = Timestamp> + '_ {
        let last = local_day(until, &self.zone).date();
        let first = local_day(from, &self.zone).date();
        // The calendar's last day has no next one.
        let days = std::iter::successors(Some(first), |&day| day.tomorrow().ok());
        days.take_while(move |&day| day <= last)
            .flat_map(|day| self.promised_on(day.into()))
            .filter(move |&at| from < at && at <= until)
    }

    /// The promised passes of a local day, in order, each once.
    fn promised_on(&self, day: Daystamp) -> Vec<Timestamp> {
        let (from, until) = local_day_bounds(day, &self.zone);
        let mut passes = self.promised(day, from, until);
        passes.sort_unstable();
        passes.dedup();
        passes
    }

    /// Every promised pass of a local day, unsorted and with repetitions. `from` and `until` are the bounds
    /// of the day.
    fn promised(&self, day: Daystamp, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
        let date = day.date();
        let today = self.passes.iter().filter(|single| single.days.contains(date));
        let mut passes: Vec<Timestamp> = today
            .map(|single| civil::reached(date.to_datetime(single.time), &self.zone))
            .collect();
        match self.daemon {
            Presence::Never => {}
            Presence::Always { interval } => passes.extend(every(interval, from, until)),
            Presence::Daily { window, interval } => {
                // A window that starts yesterday may reach into today.
                for start_day in [civil::previous(date), date] {
                    if window.days.contains(start_day) {
                        let (start, end) = window.on(start_day.into(), &self.zone);
                        let last = last_pass_in(start, end).unwrap_or(start);
                        passes.extend(every(interval, start, last));
                        passes.push(last);
                    }
                }
            }
        }
        passes.retain(|&at| from <= at && at < until);
        passes
    }

    /// The quiet hours that may touch a local day.
    fn quiet_around(&self, day: Daystamp) -> Vec<(Timestamp, Timestamp)> {
        let Some(hours) = self.quiet_hours else {
            return Vec::new();
        };
        [civil::previous(day.date()), day.date()]
            .map(|start_day| hours.on(start_day.into(), &self.zone))
            .to_vec()
    }

    fn on_vacation(&self, at: Timestamp) -> bool {
        self.vacations
            .iter()
            .any(|&(from, until)| from <= at && at < until)
    }
}

fn every(interval: SignedDuration, from: Timestamp, until: Timestamp) -> impl Iterator<Item = Timestamp> {
    let step = interval.max(CLOSEST);
    std::iter::successors(Some(from), move |at| at.checked_add(step).ok()).take_while(move |&at| at < until)
}

/// The chances of today, and the first chance of each later day, as one pass sees them.
///
/// A *limit* is the latest instant at which speaking about something still helps: its derailment less the
/// time that a person needs to act.
#[derive(Clone, Debug)]
pub struct Outlook {
    now: Timestamp,
    today: Daystamp,
    may_speak: bool,
    chances: Vec<Timestamp>,
    /// The last chance of yesterday.
    yesterday_last: Option<Timestamp>,
    /// Each later day that has a chance, with its first chance.
    later: Vec<(Daystamp, Timestamp)>,
    /// The last day that was looked at, and its end.
    horizon: (Daystamp, Timestamp),
}

impl Outlook {
    /// This outlook for another pass on the same local day. `timetable` must be the one that made this
    /// outlook. `None` if `now` is on another day.
    pub fn later_that_day(&self, timetable: &Timetable, now: Timestamp) -> Option<Self> {
        (local_day(now, &timetable.zone) == self.today).then(|| Self {
            now,
            may_speak: timetable.may_speak(now),
            ..self.clone()
        })
    }

    /// When the pass is.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The local day of the pass.
    pub fn today(&self) -> Daystamp {
        self.today
    }

    /// Whether this pass may speak: it is outside quiet hours and vacations.
    pub fn may_speak(&self) -> bool {
        self.may_speak
    }

    /// The local day of the last chance up to `limit`, today or later. If no later day has a chance up to
    /// `limit`, this is today, even if today has no chance left. The present pass is then the last chance, if
    /// it may speak. If `limit` is beyond the horizon, this is the last day of the horizon.
    pub fn last_day(&self, limit: Timestamp) -> Daystamp {
        let (last_day, end) = self.horizon;
        if limit >= end {
            return last_day;
        }
        let reached = self.later.partition_point(|&(_, first)| first <= limit);
        reached
            .checked_sub(1)
            .map_or(self.today, |index| self.later[index].0)
    }

    /// Whether no later day has a chance up to `limit`. `false` if `limit` is beyond the horizon: then a
    /// later chance is assumed.
    pub fn is_last_day(&self, limit: Timestamp) -> bool {
        self.last_day(limit) <= self.today
    }

    /// Today's last chance up to `limit`; `None` if today has none.
    pub fn last_today(&self, limit: Timestamp) -> Option<Timestamp> {
        let reached = self.chances.partition_point(|&at| at <= limit);
        reached.checked_sub(1).map(|index| self.chances[index])
    }

    /// Whether yesterday's last chance was at `limit` or before.
    pub fn had_chance_yesterday(&self, limit: Timestamp) -> bool {
        self.yesterday_last.is_some_and(|at| at <= limit)
    }

    /// Today's last chance but one up to `limit`: the latest chance that lies at least 15 minutes before the
    /// last. If there is none, the last chance itself. `None` if today has no chance up to `limit`.
    pub fn last_but_one_today(&self, limit: Timestamp) -> Option<Timestamp> {
        let last = self.last_today(limit)?;
        let before = last.saturating_sub(BETWEEN_LAST_TWO).unwrap_or(Timestamp::MIN);
        Some(self.last_today(before).unwrap_or(last))
    }

    /// Whether today has no chance after this pass up to `limit`.
    pub fn is_last_chance(&self, limit: Timestamp) -> bool {
        self.last_today(limit).is_none_or(|last| last <= self.now)
    }

    /// The first chance of a later day, within the horizon.
    pub fn next_day(&self) -> Option<Timestamp> {
        self.later.first().map(|&(_, first)| first)
    }

    /// The next chance after this pass, within the horizon.
    pub fn next(&self) -> Option<Timestamp> {
        let today = self.chances[self.chances.partition_point(|&at| at <= self.now)..].first();
        today.copied().or_else(|| self.next_day())
    }
}

#[cfg(test)]
mod tests;
