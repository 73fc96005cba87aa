//! What may be said when: the policy and the ledger that `decide` compares conditions with.

use std::collections::HashMap;

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    clock::DailyRange,
    domain::{Daystamp, Severity, Subject},
};

/// The rules of one pass.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The person's zone.
    pub zone: TimeZone,
    /// Least severity worth a message.
    pub notify_at: Severity,
    /// Over all channels, any 60 minutes.
    pub max_messages_per_hour: u32,
    /// Over all channels, the local day.
    pub max_messages_per_day: u32,
    /// When nothing is sent.
    pub quiet_hours: Option<DailyRange>,
    /// Whether getting worse on the same day may speak again.
    pub escalate: bool,
}

/// What was said already.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// The claims of the days in question.
    pub claims: HashMap<(Subject, Daystamp), Claim>,
    /// Messages of the last 60 minutes that reached a provider or may have.
    pub messages_last_hour: u32,
    /// Messages of this local day that reached a provider or may have.
    pub messages_today: u32,
    /// Until when the person is on vacation.
    pub vacation_until: Option<Timestamp>,
}

/// One subject's claim on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The worst severity that was said.
    pub severity: Severity,
    /// Whether the one escalation of the day is used up.
    pub escalated: bool,
    /// Whether the person said that they know.
    pub acknowledged: bool,
    /// When every channel refused the message for good, so that nobody was told; `None` while it is alive or was accepted.
    pub refused_at: Option<Timestamp>,
}
