//! Which passes are promised, as one pass sees it.
//!
//! A daemon promises a pass every `heuristic.interval`, all day or in its window. Each time in
//! `window.passes` is a promised pass. A crontab promises passes by its habit (`crontab`). If nothing is promised,
//! a pass takes it that the next pass comes a day later.
//!
//! Two kinds of evidence end a promise at once, because a pass that trusts in passes that do not come loses its
//! last chance. A daemon that missed three passes is gone. And a pass of `run` at a time at which none usually runs
//! may mean that the crontab was changed, so that pass trusts in no line of it.

mod crontab;

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rusqlite::Connection;

use crate::{
    clock::{DailyRange, Outlook, Presence, SinglePass, Timetable},
    config::{Settings, WindowSettings},
    domain::{SilenceKind, Trigger},
    store::tables::{runs, silences},
};

/// After so many passes in a row that a daemon promised and did not make, it is gone. `run` promises nothing in its
/// place.
const MISSED_BY_A_DAEMON: usize = 3;

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
            passes: self.window.passes.clone(),
            quiet_hours: self.quiet_hours,
            vacations: Vec::new(),
        }
    }

    /// Whether a daemon whose newest pass began at `last` has missed so many passes by now that it is gone. Outside
    /// its window it misses none.
    fn is_gone(&self, last: Timestamp, now: Timestamp) -> bool {
        let by_daemon = Timetable {
            passes: Vec::new(),
            ..self.of_serve()
        };
        // One that is promised for this instant may be under way.
        let missed = by_daemon.promised_between(last, now).filter(|&at| at < now);
        missed.take(MISSED_BY_A_DAEMON).count() == MISSED_BY_A_DAEMON
    }

    /// The promised passes, as a pass at `now` sees them. They follow from the settings and from the passes
    /// and vacations that are recorded. If nothing is promised, they are one pass a day at the time of this
    /// pass.
    ///
    /// A pass of a crontab at a time that is no line of it trusts in none of the lines. It may be the first one of a
    /// line that was moved, and then the pass for which it would wait never comes.
    pub(super) fn timetable(
        &self,
        connection: &Connection,
        trigger: Trigger,
        now: Timestamp,
    ) -> rusqlite::Result<Timetable> {
        let mut timetable = self.recorded(connection, trigger, now, now)?;
        let time = self.zone.to_datetime(now).time();
        let is_usual = timetable
            .passes
            .iter()
            .any(|line| crontab::is_close(line.time, time));
        if timetable.daemon == Presence::Never && !is_usual {
            timetable.passes = self.window.passes.clone();
        }
        if timetable.promises_nothing() {
            timetable.passes.push(SinglePass::daily(time));
        }
        Ok(timetable)
    }

    /// The passes that a person may expect at `now`. The habit of a crontab is taken from the seven days
    /// before the newest pass, so that it does not fade while no pass runs.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn expected(&self, connection: &Connection, now: Timestamp) -> rusqlite::Result<Expected> {
        let Some(newest) = runs::newest(connection, now)? else {
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
    /// passes before it. There may be none.
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
            let since = active.saturating_sub(crontab::SEEN).unwrap_or(Timestamp::MIN);
            runs::triggers_since(connection, since)?
        };
        let newest_of_daemon = recent.iter().rev().find(|&&(trigger, _)| of_daemon(trigger));
        let has_daemon =
            of_daemon(trigger) || newest_of_daemon.is_some_and(|&(_, last)| !self.is_gone(last, active));
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
            timetable
                .passes
                .extend(crontab::lines(by_hand, active, &self.zone));
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

#[cfg(test)]
mod tests;
