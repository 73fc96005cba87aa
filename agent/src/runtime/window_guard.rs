//! What is looked at once a minute: the window, and what is counted by the minute.
//!
//! The instance is meant to exist in its window only. Two others switch it off; the agent is the third who
//! can know that neither did, and says so wherever somebody may look. It goes on working: an agent that stops
//! itself would be a silent failure.

use std::{path::Path, time::Duration};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{Agent, systemd::Notifier};
use crate::{
    clock::Window,
    config::{Environment, Settings},
    telemetry::{
        emf::{Emf, Metric},
        live::LiveStatus,
        logs,
    },
};

const MINUTE: Duration = Duration::from_secs(60);

/// How often it is said again while nobody does anything about it.
const SAID_AGAIN: u32 = 60;

/// The window and what belongs to it.
#[derive(Clone, Debug)]
pub struct Guard {
    window: Window,
    grace: SignedDuration,
    zone: TimeZone,
    /// On a machine that is meant to run all day this is no news.
    production: bool,
}

impl Guard {
    /// From the settings.
    pub fn new(settings: &Settings) -> Self {
        Self {
            window: settings.window,
            grace: SignedDuration::try_from(settings.window_grace).unwrap_or(SignedDuration::MAX),
            zone: settings.time_zone.clone(),
            production: settings.environment == Environment::Production,
        }
    }

    /// How long ago the last window ended, if that is longer than the grace and the next one does not begin
    /// within it.
    pub fn over(&self, now: Timestamp) -> Option<SignedDuration> {
        self.window.over(now, &self.zone, self.grace)
    }
}

/// Whoever ended the unit's last process left the reason here (`ExecStopPost=`, `$SERVICE_RESULT`); read
/// once.
const RESULT: &str = "service-result";

/// Whether the watchdog ended the process before this one. `folder` is where the state is.
pub fn watchdog_ended_it(folder: &Path) -> bool {
    let path = folder.join(RESULT);
    let Ok(result) = std::fs::read_to_string(&path) else {
        return false;
    };
    if let Err(error) = std::fs::remove_file(&path) {
        tracing::warn!(%error, path = %path.display(), "cannot be removed: a restart may be counted again");
    }
    result.trim() == "watchdog"
}

/// Once a minute, until it is cancelled.
pub async fn every_minute(
    guard: Guard,
    agent: Agent,
    emf: Emf,
    live: LiveStatus,
    notifier: Notifier,
    stop: CancellationToken,
) {
    let mut ticks = tokio::time::interval(MINUTE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut errors, mut minutes_over) = (logs::errors(), 0_u32);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let now = agent.clock.now();
        let new_errors = logs::errors() - std::mem::replace(&mut errors, logs::errors());
        let mut values = vec![(Metric::InstanceMinutes, 1), (Metric::AgentError, new_errors)];
        let over = guard.over(now);
        live.over(over);
        match over {
            None => minutes_over = 0,
            Some(over) => {
                values.push((Metric::OutsideWindow, 1));
                let minutes = over.as_secs() / 60;
                notifier.status(&format!(
                    "outside its window: it ended {minutes} min ago, and nobody has switched this machine off"
                ));
                if guard.production && minutes_over.is_multiple_of(SAID_AGAIN) {
                    tracing::warn!(
                        minutes,
                        "running outside the window: what switches this machine off did not; `mecris-agent window` shows when it is meant to run"
                    );
                }
                minutes_over += 1;
            }
        }
        emf.count(now, &values);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(hours: i64) -> Guard {
        Guard {
            window: Window {
                start: "13:00:00".parse().unwrap(),
                length: SignedDuration::from_hours(hours),
            },
            grace: SignedDuration::from_mins(10),
            zone: TimeZone::get("America/New_York").unwrap(),
            production: true,
        }
    }

    fn over(hours: i64, at: &str) -> Option<i64> {
        guard(hours)
            .over(at.parse().unwrap())
            .map(|over| over.as_secs() / 60)
    }

    #[test]
    fn it_is_over_once_the_grace_is_and_until_the_next_one_is_near() {
        assert_eq!(over(5, "2026-03-03T15:00:00-05:00"), None, "inside");
        assert_eq!(over(5, "2026-03-03T18:10:00-05:00"), None, "within the grace");
        assert_eq!(over(5, "2026-03-03T18:11:00-05:00"), Some(11));
        assert_eq!(
            over(5, "2026-03-04T12:49:00-05:00"),
            Some(18 * 60 + 49),
            "the next morning"
        );
        assert_eq!(over(5, "2026-03-04T12:50:00-05:00"), None, "about to begin");
        assert_eq!(over(24, "2026-03-04T12:59:59-05:00"), None, "all day long");
    }

    #[test]
    fn a_change_of_the_clock_moves_the_end_with_it() {
        // 13:00 is 18:00 UTC before the change of 8 March 2026, 17:00 UTC after it.
        assert_eq!(over(5, "2026-03-07T23:15:00Z"), Some(15));
        assert_eq!(over(5, "2026-03-08T22:15:00Z"), Some(15));
    }

    #[test]
    fn a_watchdogs_restart_is_counted_once() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!watchdog_ended_it(folder.path()));
        for (result, counts) in [("watchdog\n", true), ("exit-code\n", false)] {
            std::fs::write(folder.path().join(RESULT), result).unwrap();
            assert_eq!(watchdog_ended_it(folder.path()), counts);
            assert!(!watchdog_ended_it(folder.path()));
        }
    }
}
