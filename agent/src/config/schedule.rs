//! When Mecris looks and when it speaks: `[heuristic]`, `[policy]`, `[walk]`.

use std::time::Duration;

use jiff::SignedDuration;

use super::{
    LeadDays,
    general::Environment,
    goal,
    reader::{self, Reader},
    setting::{Form, Kind, Setting, Table},
};
use crate::{
    clock::DailyRange,
    domain::{Money, Slug},
};

pub(super) const HEURISTIC: Table = Table {
    name: "heuristic",
    doc: "When Mecris looks, and how long before a derailment it speaks.",
    form: Form::Always,
    settings: &[
        Setting::new(
            "heuristic.interval",
            Kind::Duration,
            "between two passes of `serve`; 1m to 24h, from 1s in development",
        )
        .default("\"15m\""),
        Setting::new(
            "heuristic.lead_days",
            Kind::Other("integer or `\"beeminder\"`"),
            "how many days before its last day a goal is warned of: 0 (on its last day only) to 30, or as many \
             as the goal's own reminders in Beeminder",
        )
        .default("1"),
        Setting::new(
            "heuristic.margin",
            Kind::Duration,
            "the time that a person needs to act: the last message about a goal leaves at least this long \
             before the goal derails. 0 to 24h",
        )
        .default("\"2h\""),
        Setting::new(
            "heuristic.habit",
            Kind::Flag,
            "whether the last message about a goal waits for the time by which the person usually enters it",
        )
        .default("true"),
        Setting::new(
            "heuristic.habit_margin",
            Kind::Duration,
            "as `heuristic.margin`, for a goal that was entered on 10 of the last 14 days. 0 to 24h",
        )
        .default("\"1h\""),
        Setting::new(
            "heuristic.unknown_after",
            Kind::Duration,
            "how long Mecris must be unable to tell how a promise stands before a message says so. Then a \
             message says so every 7 days. 0 to 720h",
        )
        .default("\"24h\""),
        Setting::new(
            "heuristic.last_call",
            Kind::Duration,
            "how long before a goal with a high stake derails its last call, one more message, is sent. 0 to \
             24h",
        )
        .default("\"90m\""),
        Setting::new(
            "heuristic.last_call_stake",
            Kind::Number,
            "the least stake that is high, in dollars: 0 to 100000",
        )
        .default("90"),
        Setting::new(
            "heuristic.deadline",
            Kind::Duration,
            "for a whole pass until it records; what has not answered by then is unknown, and what is not decided \
             by then is not sent (deciding has at least 2s). 1s to 24h, from 50ms in development; in production \
             less than `heuristic.interval`",
        )
        .default("\"30s\""),
    ],
};

pub(super) const POLICY: Table = Table {
    name: "policy",
    doc: "How many messages are sent at most, over all channels, and when none is.",
    form: Form::Always,
    settings: &[
        Setting::new(
            "policy.max_messages_per_hour",
            Kind::Integer(1..=1_000_000),
            "in any 60 minutes",
        )
        .default("2"),
        Setting::new(
            "policy.max_messages_per_day",
            Kind::Integer(1..=1_000_000),
            "in a local day",
        )
        .default("6"),
        Setting::new(
            "policy.quiet_hours",
            Kind::Other("list of 2 times"),
            "nothing is sent between these times, which differ and may cross midnight; `[]` for none",
        )
        .default("[\"22:00\", \"08:00\"]"),
        Setting::new(
            "policy.escalate",
            Kind::Flag,
            "whether a subject that gets worse may speak again on the same day",
        )
        .default("true"),
    ],
};

pub(super) const WALK: Table = Table {
    name: "walk",
    doc: "A daily walk. Without this table there are no reminders of a walk.",
    form: Form::Optional,
    settings: &[
        Setting::new(
            "walk.goal",
            Kind::Other("slug"),
            "the Beeminder goal whose datapoints are walks",
        )
        .without("required in `[walk]`")
        .example("\"bike\""),
        Setting::new("walk.from", Kind::Time, "when a missing walk is worth a reminder").default("\"14:00\""),
        Setting::new("walk.until", Kind::Time, "later than `walk.from`").default("\"18:00\""),
    ],
};

/// `[heuristic]`.
#[derive(Clone, Copy, Debug)]
pub struct HeuristicSettings {
    /// Between two passes of `serve`.
    pub interval: Duration,
    /// For a whole pass; what has not answered by then is unknown.
    pub deadline: Duration,
    /// How many days before its last day a goal is warned of.
    pub lead_days: LeadDays,
    /// What a person needs to act before a goal derails.
    pub margin: SignedDuration,
    /// Whether the last message about a goal waits for the time by which the person usually enters it.
    pub habit: bool,
    /// How long Mecris must be unable to tell how a promise stands before a message says so.
    pub unknown_after: SignedDuration,
    /// As `margin`, for a goal that is entered regularly.
    pub habit_margin: SignedDuration,
    /// How long before a goal with a high stake derails its last call, one more message, is sent.
    pub last_call: SignedDuration,
    /// The least stake that is high.
    pub last_call_stake: Money,
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
    /// Whether a subject that gets worse may speak again on the same day.
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

/// Short intervals are for tests: in production an upstream would refuse so many requests. A pass that may
/// take longer than the interval would delay the next pass.
pub(super) fn heuristic(reader: &mut Reader, environment: Environment) -> Option<HeuristicSettings> {
    let (least_interval, least_deadline) = match environment {
        Environment::Development => (Duration::from_secs(1), Duration::from_millis(50)),
        Environment::Production => (Duration::from_mins(1), Duration::from_secs(1)),
    };
    let interval = reader.duration("heuristic.interval", least_interval..=DAY);
    let deadline = reader.duration("heuristic.deadline", least_deadline..=DAY);
    let lead_days = reader.value("heuristic.lead_days", goal::LEAD_DAYS, goal::lead_days);
    let margin = reader.duration("heuristic.margin", Duration::ZERO..=DAY);
    let habit = reader.flag("heuristic.habit");
    let unknown_after = reader.duration("heuristic.unknown_after", Duration::ZERO..=30 * DAY);
    let habit_margin = reader.duration("heuristic.habit_margin", Duration::ZERO..=DAY);
    let last_call = reader.duration("heuristic.last_call", Duration::ZERO..=DAY);
    let last_call_stake = reader.number("heuristic.last_call_stake", "dollars from 0 to 100000", |usd| {
        (0.0..=1e5).contains(&usd)
    });
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
        deadline: deadline?,
        lead_days: lead_days?,
        margin: SignedDuration::try_from(margin?).unwrap_or(SignedDuration::MAX),
        habit: habit?,
        unknown_after: SignedDuration::try_from(unknown_after?).unwrap_or(SignedDuration::MAX),
        habit_margin: SignedDuration::try_from(habit_margin?).unwrap_or(SignedDuration::MAX),
        last_call: SignedDuration::try_from(last_call?).unwrap_or(SignedDuration::MAX),
        last_call_stake: Money::from_usd(last_call_stake?).ok()?,
    })
}

pub(super) fn policy(reader: &mut Reader) -> Option<PolicySettings> {
    let max_messages_per_hour = reader.count("policy.max_messages_per_hour");
    let max_messages_per_day = reader.count("policy.max_messages_per_day");
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

/// The outer `None` is a problem, the inner `None` an absent table.
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
