//! When what may be said: fixed numbers, the configured policy (limits, quiet hours), and the ledger (what
//! was said before). `decide` compares conditions with them.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    clock::DailyRange,
    domain::{Ask, ChannelKind, Daystamp, Silence, SilenceKind, Step, Subject, UsedSince},
};

/// An upstream that failed this many times in a row is WARNING. Fewer failures are only UNKNOWN, but for
/// refusals of the credential.
pub const UPSTREAM_FAILURES_IN_A_ROW: u32 = 3;

/// An upstream that refused our credential this many times in a row is WARNING: only a person can change that.
pub const REFUSALS_IN_A_ROW: u32 = 2;

/// An upstream that fails now and failed this many times within 60 minutes is CRITICAL.
pub const UPSTREAM_FAILURES_IN_AN_HOUR: u32 = 5;

/// A longer time than this without a successful pass is a missed day. It is a day and an hour, because the
/// day on which the clock is set back has 25 hours.
pub const MISSED_DAY: SignedDuration = SignedDuration::from_hours(25);

/// A promised pass that did not take place does not make a missed day if it was due this soon after a
/// successful pass, or this soon before one: machines start late, and one pass may fail.
pub const NO_DAY_MISSED: SignedDuration = SignedDuration::from_hours(1);

/// Beeminder recomputes within minutes. A goal that stays `queued` for longer than this is taken at face
/// value: an old number is better than none for ever.
pub const QUEUED_TRUSTED_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// A last call is not made within this time after the message of the last day.
pub const LAST_CALL_AFTER: SignedDuration = SignedDuration::from_hours(2);

/// A goal that was warned of ahead is not warned of again for this many days, counted in local days.
pub const REPEAT_AHEAD_DAYS: i64 = 3;

/// This many warnings ahead are enough, if no reading since the first of them showed the goal as safe.
pub const WARNINGS_WITHOUT_SAFETY: usize = 2;

/// While Mecris cannot tell how a promise stands, it says so again after this many local days.
pub const REPEAT_UNKNOWN_DAYS: i64 = 7;

/// Two daily passes may begin up to this much more or less than a day apart. So a wait of a day counts as
/// over this much earlier. Otherwise a pass that runs once a day could miss it and speak a day late.
pub const PASSES_DIFFER: SignedDuration = SignedDuration::from_mins(10);

/// A share of a budget from this percentage on is CRITICAL.
pub const CRITICAL_FROM_PERCENT: u8 = 95;

/// The pace of a budget is said only if spending is known for this long in its period.
pub const PACE_NEEDS_DATA: SignedDuration = SignedDuration::from_hours(3 * 24);

/// The pace of a budget is said only if this percentage of it is used.
pub const PACE_NEEDS_PERCENT: u8 = 25;

/// How many messages of a day are kept for subjects that have their last day.
const KEPT_FOR_LAST_DAYS: u32 = 2;

/// How long the claims of a message that every channel refused still hold. After that its subjects may be
/// said again, because the person was not told.
const REFUSED_CLAIM_HOLDS: SignedDuration = SignedDuration::from_hours(1);

/// The clocks of two machines may differ by this much, and a clock may be corrected by this much, without
/// effect.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(5);

/// The rules of one pass.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The person's zone.
    pub zone: TimeZone,
    /// The most messages in any 60 minutes, over all channels.
    pub max_messages_per_hour: u32,
    /// The most messages on a local day, over all channels.
    pub max_messages_per_day: u32,
    /// Quiet hours: when nothing is sent.
    pub quiet_hours: Option<DailyRange>,
    /// Whether a subject that gets worse on the same day may speak again.
    pub escalate: bool,
    /// The channels of subjects that have channels of their own.
    pub channels: HashMap<Subject, Vec<ChannelKind>>,
}

/// How much it matters that a message leaves now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Nothing in the message has its last day.
    Other,
    /// Something in the message has its last day.
    LastDay,
    /// Something in the message can be said by no later pass. No limit holds the message back.
    LastChance,
}

/// What was said already.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// What was said lately about the subjects of the conditions, and everything that was said about their
    /// occasions.
    pub said: HashMap<Subject, Vec<Said>>,
    /// When a reading last showed a goal as safe, for goals with two or more warnings ahead. A goal that was
    /// not safe since the second to last of them is left out, and so is a goal with fewer warnings.
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
    /// How much of the budget was used since; `None`: it is not about a budget, or nobody looked since.
    pub used: Option<UsedSince>,
}

impl Said {
    /// Whether it was about this occasion, and also says this step: a higher step says the lower ones. A share
    /// of a budget of which much less was used since says nothing any more.
    pub fn says(&self, ask: &Ask) -> bool {
        self.occasion == ask.occasion
            && self.step >= ask.step
            && self.used.is_none_or(|used| used.covers(self.step, ask.step))
    }

    /// Whether it counts as said: its message is alive, was accepted, or was refused only just now.
    pub fn holds(&self, now: Timestamp) -> bool {
        holds(self.refused_at, now)
    }
}

impl Policy {
    /// The channels by which messages about a subject go; `None`: all that are configured. Subjects whose channels
    /// differ do not share a message.
    pub fn channels_of(&self, subject: &Subject) -> Option<&[ChannelKind]> {
        self.channels.get(subject).map(Vec::as_slice)
    }

    /// Whether one more message of this weight has room under the limits, beside `leaving` messages of this pass.
    pub fn allows_one_more(&self, ledger: &Ledger, leaving: u32, weight: Weight) -> bool {
        let today = match weight {
            Weight::LastChance => return true,
            Weight::LastDay => self.max_messages_per_day,
            Weight::Other => {
                let free = self.max_messages_per_day.saturating_sub(KEPT_FOR_LAST_DAYS);
                free.max(1).min(self.max_messages_per_day)
            }
        };
        ledger.messages_last_hour + leaving < self.max_messages_per_hour
            && ledger.messages_today + leaving < today
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

/// Whether a claim still holds whose message was refused or expired at `refused_at`. If that instant is
/// further in the future than clocks may differ, the clock was set back since. Then the claim does not hold:
/// the day for which the message came too late may not be over after all.
pub fn holds(refused_at: Option<Timestamp>, now: Timestamp) -> bool {
    refused_at.is_none_or(|at| (-CLOCKS_DIFFER..REFUSED_CLAIM_HOLDS).contains(&now.duration_since(at)))
}
