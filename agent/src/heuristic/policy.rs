//! What may be said when: the fixed rules, the configured policy, and the ledger that `decide` compares
//! conditions with.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    clock::DailyRange,
    domain::{Daystamp, Silence, SilenceKind, Step, Subject},
};

/// An upstream that failed this many times in a row is WARNING. One or two failures are only unknown.
pub const UPSTREAM_FAILURES_IN_A_ROW: u32 = 3;

/// An upstream that refused our credential this many times in a row is WARNING: only a person can change that.
pub const REFUSALS_IN_A_ROW: u32 = 2;

/// An upstream that fails now and failed this many times within 60 minutes is CRITICAL.
pub const UPSTREAM_FAILURES_IN_AN_HOUR: u32 = 5;

/// A longer time than this without a successful pass is a missed day. It is a day and an hour, because the
/// day on which the clock is set back has 25 hours.
pub const MISSED_DAY: SignedDuration = SignedDuration::from_hours(25);

/// A promised pass so soon after a successful one, or so soon before one, is no missed day: machines start late, and
/// one pass may fail.
pub const NO_DAY_MISSED: SignedDuration = SignedDuration::from_hours(1);

/// Beeminder recomputes within minutes. A goal that stays `queued` for longer than this is taken at face
/// value: an old number is better than none for ever.
pub const QUEUED_TRUSTED_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// A last call is not made so soon after the message of the last day.
pub const LAST_CALL_AFTER: SignedDuration = SignedDuration::from_hours(2);

/// A goal that was warned of ahead is not warned of again for this many days, counted in local days.
pub const REPEAT_AHEAD_DAYS: i64 = 3;

/// So many warnings ahead are enough, if no reading between them showed the goal as safe.
pub const WARNINGS_WITHOUT_SAFETY: usize = 2;

/// What Mecris cannot tell is said again after so many days while it lasts, counted in local days.
pub const REPEAT_UNKNOWN_DAYS: i64 = 7;

/// Two passes at the same time of two days may differ by this much. What is to last a day has lasted it a
/// little earlier, so that a pass once a day does not say it a day late.
pub const PASSES_DIFFER: SignedDuration = SignedDuration::from_mins(10);

/// A share of a budget from this percentage on is CRITICAL.
pub const CRITICAL_FROM_PERCENT: u8 = 95;

/// The pace of a budget is said only if spending is known for this long in its period.
pub const PACE_NEEDS_DATA: SignedDuration = SignedDuration::from_hours(3 * 24);

/// The pace of a budget is said only if this percentage of it is used.
pub const PACE_NEEDS_PERCENT: u8 = 25;

/// How many messages of a day are kept for what is said on its last day.
const KEPT_FOR_LAST_DAYS: u32 = 2;

/// How long a message that every channel refused still uses up its subjects' day. Then they may be tried
/// again, because the person was not told.
const REFUSED_CLAIM_HOLDS: SignedDuration = SignedDuration::from_hours(1);

/// The clocks of two machines may differ by this much, and a clock may be corrected by this much, without
/// effect.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(5);

/// The rules of one pass.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The person's zone.
    pub zone: TimeZone,
    /// Over all channels, any 60 minutes.
    pub max_messages_per_hour: u32,
    /// Over all channels, the local day.
    pub max_messages_per_day: u32,
    /// Quiet hours: when nothing is sent.
    pub quiet_hours: Option<DailyRange>,
    /// Whether a subject that gets worse on the same day may speak again.
    pub escalate: bool,
}

/// How much it matters that a message leaves now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Nothing of it is said for the last time.
    Other,
    /// Something of it has its last day.
    LastDay,
    /// Something of it can be said by no later pass: no limit holds it back.
    LastChance,
}

/// What was said already.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// What was said lately, and all that was said about the occasions of the
    /// conditions.
    pub said: HashMap<Subject, Vec<Said>>,
    /// When goals that were warned of ahead twice were last safe. A goal that is left out has not been safe
    /// since.
    pub last_safe: HashMap<Subject, Timestamp>,
    /// Messages of the last 60 minutes that reached a provider or may have.
    pub messages_last_hour: u32,
    /// Messages of this local day that reached a provider or may have.
    pub messages_today: u32,
    /// The silences and vacations that hold.
    pub silences: Vec<Silence>,
}

/// One step that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The step.
    pub step: Step,
    /// What it was about: see [`Ask::occasion`](crate::domain::Ask::occasion).
    pub occasion: Daystamp,
    /// The local day on which it was said.
    pub on: Daystamp,
    /// When it was said.
    pub at: Timestamp,
    /// Who acknowledged it, if anyone did.
    pub acknowledged_by: Option<String>,
    /// When every channel had refused the message for good, so that the person was not told; `None` while the
    /// message is alive or was accepted.
    pub refused_at: Option<Timestamp>,
}

impl Said {
    /// Whether it counts as said: its message is alive, was accepted, or was refused only just now.
    pub fn holds(&self, now: Timestamp) -> bool {
        holds(self.refused_at, now)
    }
}

impl Policy {
    /// Whether one more message of this weight has room under the limits.
    pub fn allows_one_more(&self, ledger: &Ledger, weight: Weight) -> bool {
        let today = match weight {
            Weight::LastChance => return true,
            Weight::LastDay => self.max_messages_per_day,
            Weight::Other => {
                let free = self.max_messages_per_day.saturating_sub(KEPT_FOR_LAST_DAYS);
                free.max(1).min(self.max_messages_per_day)
            }
        };
        ledger.messages_last_hour < self.max_messages_per_hour && ledger.messages_today < today
    }
}

impl Ledger {
    /// What was said about a subject that has steps.
    pub fn said_about(&self, subject: &Subject) -> &[Said] {
        self.said.get(subject).map_or(&[], Vec::as_slice)
    }

    /// The silence of one kind that covers a subject. If several cover it, the one that ends last.
    pub fn silenced(&self, kind: SilenceKind, subject: &Subject) -> Option<&Silence> {
        let covering = self
            .silences
            .iter()
            .filter(|silence| silence.kind == kind && silence.pattern.covers(subject));
        covering.max_by_key(|silence| silence.ends_at)
    }
}

/// Whether a claim whose message was refused or expired at that instant still uses up its day. A refusal time
/// in the future means that the clock was set back since, by more than clocks differ. Then the day for which
/// the message came too late may not be over after all.
pub fn holds(refused_at: Option<Timestamp>, now: Timestamp) -> bool {
    refused_at.is_none_or(|at| (-CLOCKS_DIFFER..REFUSED_CLAIM_HOLDS).contains(&now.duration_since(at)))
}
