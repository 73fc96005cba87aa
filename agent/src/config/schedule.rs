//! When Mecris looks, when it speaks, and about which hours: `[window]`, `[heuristic]`, `[policy]`, `[walk]`.

use std::time::Duration;

use jiff::SignedDuration;

use super::{
    general::Environment,
    reader::{self, Reader},
};
use crate::{
    clock::{DailyRange, Window},
    domain::{Severity, Slug},
};

/// `[heuristic]`.
#[derive(Clone, Copy, Debug)]
pub struct HeuristicSettings {
    /// Between two passes of `serve`.
    pub interval: Duration,
    /// The least severity that is worth a message.
    pub notify_at: Severity,
    /// For one whole pass; what has not answered by then is unknown.
    pub deadline: Duration,
}

/// `[policy]`.
#[derive(Clone, Copy, Debug)]
pub struct PolicySettings {
    /// Over all channels, any 60 minutes.
    pub max_messages_per_hour: u32,
    /// Over all channels, one local day.
    pub max_messages_per_day: u32,
    /// When nothing is sent.
    pub quiet_hours: Option<DailyRange>,
    /// Whether WARNING turning CRITICAL on the same day may speak again.
    pub escalate: bool,
}

/// `[walk]`.
#[derive(Clone, Debug)]
pub struct WalkSettings {
    /// The goal whose datapoints are walks.
    pub goal: Slug,
    /// When a missing walk is worth a reminder.
    pub hours: DailyRange,
}

const DAY: Duration = Duration::from_hours(24);

pub(super) fn window(reader: &mut Reader) -> Option<Window> {
    let start = reader.time("window.start");
    let hours = reader.number(
        "window.hours",
        "a number of hours above 0 and up to 24",
        |hours| hours > 0.0 && hours <= 24.0,
    );
    let length = SignedDuration::try_from_secs_f64(hours? * 3600.0).ok()?;
    Some(Window {
        start: start?,
        length,
    })
}

/// `window.grace`.
pub(super) fn grace(reader: &mut Reader) -> Option<Duration> {
    reader.duration("window.grace", Duration::ZERO..=DAY)
}

/// Short intervals are for tests; in production they would only wear out an upstream's patience, and a pass
/// that may take longer than the interval would put off the next one.
pub(super) fn heuristic(reader: &mut Reader, environment: Environment) -> Option<HeuristicSettings> {
    let (least_interval, least_deadline) = match environment {
        Environment::Development => (Duration::from_secs(1), Duration::from_millis(50)),
        Environment::Production => (Duration::from_mins(1), Duration::from_secs(1)),
    };
    let interval = reader.duration("heuristic.interval", least_interval..=DAY);
    let notify_at = reader.choice(
        "heuristic.notify_at",
        &[
            ("CAUTION", Severity::Caution),
            ("WARNING", Severity::Warning),
            ("CRITICAL", Severity::Critical),
        ],
    );
    let deadline = reader.duration("heuristic.deadline", least_deadline..=DAY);
    if let (Some(interval), Some(deadline)) = (interval, deadline)
        && deadline >= interval
        && environment == Environment::Production
    {
        let interval = reader.shown("heuristic.interval");
        reader.refuse(
            "heuristic.deadline",
            format!("expected less than heuristic.interval, {interval}: a pass must end before the next one begins"),
        );
    }
    Some(HeuristicSettings {
        interval: interval?,
        notify_at: notify_at?,
        deadline: deadline?,
    })
}

pub(super) fn policy(reader: &mut Reader) -> Option<PolicySettings> {
    let max_messages_per_hour = reader.count("policy.max_messages_per_hour", 1..=1_000_000);
    let max_messages_per_day = reader.count("policy.max_messages_per_day", 1..=1_000_000);
    let quiet_hours = quiet_hours(reader);
    let escalate = reader.flag("policy.escalate");
    Some(PolicySettings {
        max_messages_per_hour: max_messages_per_hour?,
        max_messages_per_day: max_messages_per_day?,
        quiet_hours: quiet_hours?,
        escalate: escalate?,
    })
}

fn quiet_hours(reader: &mut Reader) -> Option<Option<DailyRange>> {
    const KEY: &str = "policy.quiet_hours";
    const EXPECTED: &str = "two different times such as [\"22:00\", \"08:00\"], or [] for none";
    let texts = reader.list(KEY, EXPECTED)?;
    let range = match texts.as_slice() {
        [] => return Some(None),
        [from, until] => reader::time(from).zip(reader::time(until)),
        _ => None,
    };
    let range = range.and_then(|(from, until)| DailyRange::new(from, until));
    range.map(Some).or_else(|| reader.expected(KEY, EXPECTED))
}

/// The outer `None` is a problem, the inner one an absent table.
pub(super) fn walk(reader: &mut Reader) -> Option<Option<WalkSettings>> {
    if !reader.has_table("walk") {
        return Some(None);
    }
    let goal = reader.parsed(
        "walk.goal",
        "the slug of a Beeminder goal such as \"bike\"",
        |text| text.parse().ok(),
    );
    let from = reader.time("walk.from");
    let until = reader.time("walk.until");
    let hours = match (from?, until?) {
        (from, until) if from < until => DailyRange::new(from, until),
        _ => {
            let from = reader.shown("walk.from");
            reader.expected(
                "walk.until",
                &format!("a time after walk.from, {from}, on the same day"),
            )
        }
    };
    Some(Some(WalkSettings {
        goal: goal?,
        hours: hours?,
    }))
}
