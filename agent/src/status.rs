//! How Mecris stands at one instant: window, passes, copies off the machine, channels.
//!
//! [`Status`] is made from the recorded state, which any process can read: `mecris-agent status` and `GET
//! /narrator/context` show it. [`Vitals`] is the part of it that a daemon also holds in memory and can show
//! without I/O: `GET /health` is made of it. Nothing here decides whether to speak.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rusqlite::Connection;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    config::{Settings, WindowSettings},
    domain::ChannelKind,
    store::tables::{
        broken_channels::{self, BrokenChannel},
        lineage::{self, Saved, Trouble},
        runs::{self, RunRow},
    },
    telemetry::live::Live,
};

/// The settings that a status depends on.
#[derive(Clone, Debug)]
pub struct Facts {
    /// `window`.
    pub window: WindowSettings,
    /// `time_zone`.
    pub zone: TimeZone,
    /// `state.remote`; `None`: the state is not copied.
    pub remote: Option<String>,
    /// `notify.channels`.
    pub channels: Vec<ChannelKind>,
}

impl Facts {
    /// From the settings.
    pub fn new(settings: &Settings) -> Self {
        Self {
            window: settings.window.clone(),
            zone: settings.time_zone.clone(),
            remote: settings.state.remote.as_ref().map(ToString::to_string),
            channels: settings.notify.channels.clone(),
        }
    }
}

/// How Mecris stands at one instant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Status {
    /// The instant.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// When this machine is meant to run.
    pub window: WindowStatus,
    /// When the newest pass began; `null`: no pass is known.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_run_started_at: Option<Timestamp>,
    /// When a pass last ended, however it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_run_finished_at: Option<Timestamp>,
    /// When a pass last read Beeminder; `null`: never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_success: Option<Timestamp>,
    /// The copies off the machine; `null`: no remote is configured.
    pub copies: Option<CopiesStatus>,
    /// The configured channels that are broken, in the order in which they broke.
    pub broken_channels: Vec<BrokenChannel>,
    /// Every configured channel is broken: no message can reach the person.
    pub nobody_to_tell: bool,
}

/// The window, and whether it was outlived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WindowStatus {
    /// Whether the machine is meant to run now. Always true with `window.mode = "always"`.
    pub open: bool,
    /// The start of the window that is open, else of the next one; `null` with `window.mode = "always"`.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub start: Option<Timestamp>,
    /// The end of the same window; `null` with `window.mode = "always"`.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub end: Option<Timestamp>,
    /// Seconds until the end; `null`: it is not open, or has no end.
    pub seconds_left: Option<i64>,
    /// Seconds since the last window ended, once `window.grace` is over and until it begins before the next
    /// one.
    pub over_seconds: Option<i64>,
}

/// How the copies off the machine fare.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CopiesStatus {
    /// Where they go: `state.remote`.
    pub remote: String,
    /// The newest copy that is known to be safe; `null`: there is none.
    pub saved: Option<Saved>,
    /// Why copying fails, while it does.
    pub trouble: Option<Trouble>,
    /// Seconds since the newest safe copy was made.
    pub age_seconds: Option<i64>,
}

impl Status {
    /// If there is no state yet: nothing was recorded, so no channel is known to be broken.
    pub fn without_state(facts: &Facts, now: Timestamp) -> Self {
        let over = facts.window.over(now, &facts.zone);
        let remote = facts.remote.as_ref();
        Self {
            at: now,
            window: WindowStatus::new(facts, now, over),
            last_run_started_at: None,
            last_run_finished_at: None,
            last_success: None,
            copies: remote.map(|remote| CopiesStatus::new(remote, None, None, now)),
            broken_channels: Vec::new(),
            nobody_to_tell: false,
        }
    }

    /// From the recorded state. The caller has read `newest_pass` on the same connection.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn recorded(
        connection: &Connection,
        newest_pass: Option<&RunRow>,
        facts: &Facts,
        now: Timestamp,
    ) -> rusqlite::Result<Self> {
        let nothing_recorded = Self::without_state(facts, now);
        let broken_channels = broken_channels::among(connection, &facts.channels)?;
        let copies = match &facts.remote {
            None => None,
            Some(remote) => lineage::get(connection)?
                .map(|lineage| CopiesStatus::new(remote, lineage.saved, lineage.trouble, now))
                .or(nothing_recorded.copies),
        };
        Ok(Self {
            last_run_started_at: newest_pass.map(|pass| pass.started_at),
            last_run_finished_at: newest_pass.map(|pass| pass.finished_at),
            last_success: runs::last_success(connection)?,
            copies,
            nobody_to_tell: broken_channels.len() == facts.channels.len(),
            broken_channels,
            ..nothing_recorded
        })
    }
}

/// What a daemon knows of itself without I/O. Which channels are broken, and why copying fails, are only in
/// the record.
#[derive(Clone, Copy, Debug)]
pub struct Vitals {
    /// When this machine is meant to run.
    pub window: WindowStatus,
    /// When the newest pass began; `None`: no pass is known.
    pub last_run_started_at: Option<Timestamp>,
    /// When a pass last ended, however it ended.
    pub last_run_finished_at: Option<Timestamp>,
    /// When a pass last read Beeminder; `None`: never.
    pub last_success: Option<Timestamp>,
    /// Seconds since a pass last read Beeminder.
    pub last_success_age_seconds: Option<i64>,
    /// The newest copy off the machine that is known to be safe, and seconds since it was made; `None`: there
    /// is none.
    pub copy: Option<(Saved, i64)>,
}

impl Vitals {
    /// From what the daemon holds in memory.
    pub fn of(live: &Live, facts: &Facts, now: Timestamp) -> Self {
        Self {
            window: WindowStatus::new(facts, now, live.over),
            last_run_started_at: live.run_started_at,
            last_run_finished_at: live.run_finished_at,
            last_success: live.run_succeeded_at,
            last_success_age_seconds: live.run_succeeded_at.map(|at| age_seconds(at, now)),
            copy: live.copied.map(|saved| (saved, age_seconds(saved.at, now))),
        }
    }
}

impl WindowStatus {
    fn new(facts: &Facts, now: Timestamp, over: Option<SignedDuration>) -> Self {
        let hours = facts
            .window
            .daily
            .map(|window| window.current_or_next(now, &facts.zone));
        let open = hours.is_none_or(|(start, end)| start <= now && now < end);
        let end = hours.map(|(_, end)| end);
        Self {
            open,
            start: hours.map(|(start, _)| start),
            end,
            seconds_left: end.filter(|_| open).map(|end| end.duration_since(now).as_secs()),
            over_seconds: over.map(|over| over.as_secs()),
        }
    }
}

impl CopiesStatus {
    fn new(remote: &str, saved: Option<Saved>, trouble: Option<Trouble>, now: Timestamp) -> Self {
        Self {
            remote: remote.to_owned(),
            saved,
            trouble,
            age_seconds: saved.map(|saved| age_seconds(saved.at, now)),
        }
    }
}

/// Never negative: a clock that was set back does not make a copy younger than now.
fn age_seconds(at: Timestamp, now: Timestamp) -> i64 {
    now.duration_since(at).as_secs().max(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        store::{Store, tests::scratch},
        telemetry::LiveStatus,
    };

    const NOW: &str = "2026-11-21T18:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A window from 13:00 to 18:00 in New York: NOW is its beginning.
    fn facts() -> Facts {
        Facts {
            window: WindowSettings::from_13(5),
            zone: TimeZone::get("America/New_York").unwrap(),
            remote: Some("s3://bucket/prefix".to_owned()),
            channels: vec![ChannelKind::Sms, ChannelKind::Email],
        }
    }

    fn recorded(store: &Store) -> Status {
        let read = store.read(|connection| {
            let newest_pass = runs::newest(connection, at(NOW))?;
            Status::recorded(connection, newest_pass.as_ref(), &facts(), at(NOW))
        });
        read.unwrap()
    }

    async fn execute(store: &Store, sql: &'static str) {
        store.write(move |tx| tx.execute_batch(sql)).await.unwrap();
    }

    #[test]
    fn without_a_state_only_the_window_and_the_missing_copy_are_known() {
        let status = Status::without_state(&facts(), at(NOW));
        assert_eq!((status.last_success, status.last_run_finished_at), (None, None));
        assert!(status.window.open);
        assert_eq!(status.window.seconds_left, Some(5 * 3600));
        let copies = status.copies.unwrap();
        assert_eq!((copies.saved, copies.age_seconds), (None, None));
        assert!(!status.nobody_to_tell);
    }

    #[test]
    fn a_machine_that_always_runs_is_open_and_never_over() {
        let mut facts = facts();
        facts.window.daily = None;
        let window = Status::without_state(&facts, at(NOW)).window;
        assert!(window.open);
        assert_eq!((window.start, window.end), (None, None));
        assert_eq!((window.seconds_left, window.over_seconds), (None, None));
    }

    #[tokio::test]
    async fn the_record_and_the_daemon_say_the_same() {
        let (_folder, store) = scratch();
        execute(
            &store,
            "INSERT INTO lineage (id, generation, nonce, saved, saved_at, saved_bytes)
             VALUES (1, 7, 'a', 7, '2026-11-21T17:59:00.000000000Z', 4000)",
        )
        .await;
        execute(
            &store,
            "INSERT INTO runs (id, started_at, finished_at, trigger, outcome, succeeded, overran, changed, observations)
             VALUES ('r', '2026-11-21T17:45:00.000000000Z', '2026-11-21T17:45:03.000000000Z', 'schedule', 'done', 1, 0,
                     0, 'null')",
        )
        .await;
        let status = recorded(&store);
        let copies = status.copies.as_ref().unwrap();
        let live = LiveStatus::new(at("2026-11-21T17:00:00Z"));
        live.run_started(at("2026-11-21T17:45:00Z"));
        live.run_finished(at("2026-11-21T17:45:03Z"), true);
        live.copied(copies.saved);
        let vitals = Vitals::of(&live.read(), &facts(), at(NOW));
        assert_eq!(vitals.window, status.window);
        assert_eq!(vitals.last_run_started_at, status.last_run_started_at);
        assert_eq!(vitals.last_run_finished_at, status.last_run_finished_at);
        assert_eq!(vitals.last_success, status.last_success);
        assert_eq!(vitals.last_success_age_seconds, Some(15 * 60 - 3));
        assert_eq!(copies.age_seconds, Some(60));
        assert_eq!(vitals.copy, copies.saved.zip(copies.age_seconds));
    }

    #[tokio::test]
    async fn nobody_can_be_told_once_every_configured_channel_is_broken() {
        let (_folder, store) = scratch();
        let broken = "INSERT INTO broken_channels (channel, since, refused_at, skip_until, at_arrival, why)
             VALUES ('sms', '2026-11-21T17:00:00.000000000Z', '2026-11-21T17:00:00.000000000Z',
                     '2026-11-21T23:00:00.000000000Z', 0, 'no')";
        execute(&store, broken).await;
        assert!(!recorded(&store).nobody_to_tell);
        let another = "INSERT INTO broken_channels (channel, since, refused_at, skip_until, at_arrival, why)
             SELECT 'email', since, refused_at, skip_until, at_arrival, why FROM broken_channels";
        execute(&store, another).await;
        assert!(recorded(&store).nobody_to_tell);
    }
}
