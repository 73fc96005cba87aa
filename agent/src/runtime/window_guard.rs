//! The window guard: once a minute it checks the daily window and counts the metrics of that minute.
//!
//! The machine is meant to run only in its window. On AWS two schedules switch the machine off. If both fail,
//! the agent reports that in the log, in `/health`, in the metrics and to systemd. The agent goes on working:
//! an agent that stops itself would be a silent failure.

use std::{path::Path, time::Duration};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{Agent, systemd::Notifier};
use crate::{
    config::{Environment, Settings, WindowSettings},
    telemetry::{
        emf::{Emf, Metric},
        live::{Live, LiveStatus},
        logs,
    },
};

const MINUTE: Duration = Duration::from_secs(60);

/// How often the warning is repeated, in minutes, while the machine runs outside its window.
const MINUTES_BETWEEN_WARNINGS: u32 = 60;

/// How late a successful pass may be before nobody is said to watch. Beeminder may be down for a moment, and a pass
/// takes its time.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Notices when the process runs outside its daily window, and when passes do not succeed.
#[derive(Clone, Debug)]
pub struct WindowGuard {
    window: WindowSettings,
    zone: TimeZone,
    /// Only in production does running outside the window cause a warning: a developer's machine runs all
    /// day.
    production: bool,
    /// The time from one pass to the next.
    interval: Duration,
}

impl WindowGuard {
    /// Makes the guard of the configured window.
    pub fn new(settings: &Settings) -> Self {
        Self {
            window: settings.window.clone(),
            zone: settings.time_zone.clone(),
            production: settings.environment == Environment::Production,
            interval: settings.heuristic.interval,
        }
    }

    /// The time since the last window ended. `None` in the window, and within the grace time after a window
    /// or before the next.
    pub fn overrun(&self, now: Timestamp) -> Option<SignedDuration> {
        self.window.over(now, &self.zone)
    }

    /// Whether no successful pass is overdue: the last one, or the start if there was none since, is not longer ago
    /// than the interval and a quarter of an hour.
    fn is_watched(&self, live: &Live, now: Timestamp) -> bool {
        let since = live
            .run_succeeded_at
            .map_or(live.started_at, |at| at.max(live.started_at));
        now.duration_since(since)
            <= SignedDuration::try_from(self.interval + PATIENCE).unwrap_or(SignedDuration::MAX)
    }
}

/// The file in which systemd leaves why the unit's last process ended (`ExecStopPost=`, `$SERVICE_RESULT`).
const SERVICE_RESULT: &str = "service-result";

/// Whether systemd's watchdog ended the process before this one. Removes the file that says so, so that a
/// restart is counted once. `folder` is the folder of the state.
pub fn watchdog_ended_last_process(folder: &Path) -> bool {
    let path = folder.join(SERVICE_RESULT);
    let Ok(result) = std::fs::read_to_string(&path) else {
        return false;
    };
    if let Err(error) = std::fs::remove_file(&path) {
        tracing::warn!(%error, path = %path.display(), "cannot remove this file: the restart may be counted again");
    }
    result.trim() == "watchdog"
}

/// Checks the window and writes the metrics once a minute, until `stop` is cancelled.
pub async fn every_minute(
    guard: WindowGuard,
    agent: Agent,
    emf: Emf,
    live: LiveStatus,
    notifier: Notifier,
    stop: CancellationToken,
) {
    let mut ticks = tokio::time::interval(MINUTE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut errors = logs::errors();
    let mut minutes_over = 0_u32;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let now = agent.clock.now();
        let new_errors = logs::errors() - std::mem::replace(&mut errors, logs::errors());
        let watched = u64::from(guard.is_watched(&live.read(), now));
        let mut values = vec![
            (Metric::InstanceMinutes, 1),
            (Metric::WatchedMinutes, watched),
            (Metric::AgentError, new_errors),
        ];
        let overrun = guard.overrun(now);
        live.over(overrun);
        match overrun {
            None => minutes_over = 0,
            Some(overrun) => {
                values.push((Metric::OutsideWindow, 1));
                let minutes = overrun.as_secs() / 60;
                notifier.status(&format!(
                    "outside the window: the window ended {minutes} min ago, and this machine is still running"
                ));
                if guard.production && minutes_over.is_multiple_of(MINUTES_BETWEEN_WARNINGS) {
                    tracing::warn!(
                        minutes,
                        "running outside the window: this machine was not switched off; `mecris-agent window` shows when it should run"
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

    fn guard(hours: i64) -> WindowGuard {
        WindowGuard {
            window: WindowSettings::from_13(hours),
            zone: TimeZone::get("America/New_York").unwrap(),
            production: true,
            interval: Duration::from_secs(30 * 60),
        }
    }

    fn over(hours: i64, at: &str) -> Option<i64> {
        guard(hours)
            .overrun(at.parse().unwrap())
            .map(|overrun| overrun.as_secs() / 60)
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
    fn nobody_watches_once_a_pass_that_succeeds_is_a_quarter_of_an_hour_late() {
        let at = |time: &str| format!("2026-03-03T{time}-05:00").parse().unwrap();
        let live = LiveStatus::new(at("13:00:00"));
        let watched = |time: &str| guard(5).is_watched(&live.read(), at(time));
        assert!(watched("13:45:00"), "just started");
        assert!(!watched("13:45:01"), "no pass since the start");
        live.remember_success(Some(at("12:20:00")));
        assert!(
            watched("13:45:00"),
            "the last machine's success is no delay of this one"
        );
        live.run_finished(at("13:50:00"), false);
        assert!(!watched("13:51:00"), "a pass that fails does not watch");
        live.run_finished(at("14:00:00"), true);
        assert!(watched("14:45:00"));
        assert!(!watched("14:45:01"));
        assert!(watched("13:00:00"), "a clock that was set back");
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
        assert!(!watchdog_ended_last_process(folder.path()));
        for (result, counts) in [("watchdog\n", true), ("exit-code\n", false)] {
            std::fs::write(folder.path().join(SERVICE_RESULT), result).unwrap();
            assert_eq!(watchdog_ended_last_process(folder.path()), counts);
            assert!(!watchdog_ended_last_process(folder.path()));
        }
    }
}
