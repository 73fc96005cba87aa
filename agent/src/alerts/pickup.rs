//! Takes up the alerts and words that other processes left in the [`Spool`]. This runs in the process that
//! holds the lock.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::{SignedDuration, tz::TimeZone};
use tokio::time::Instant;

use super::spool::{Spool, Unreadable, Waiting};
use crate::{
    budget::BudgetArm,
    clock::{self, Clock},
    domain::{Condition, Decision},
    heuristic::Heuristic,
    store::Store,
};

/// If quiet hours, a limit or lack of room hold an alert back, it is decided about again after this time.
/// Each decision costs a line of the decision log and a copy of the state, so this is the usual interval of
/// passes.
const RETRY_AFTER: Duration = Duration::from_secs(15 * 60);

/// Whether what was left is settled, or waits for a message that is held back for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Settled,
    HeldBack,
}

/// Takes alerts and words from the spool of one database, and remembers which of them were held back and when.
pub struct Pickup {
    pub(super) spool: Spool,
    pub(super) store: Store,
    pub(super) heuristic: Heuristic,
    pub(super) budget: BudgetArm,
    pub(super) clock: Clock,
    pub(super) zone: TimeZone,
    /// How long the record of a word waits for its copy off the machine.
    pub(super) copy_within: Duration,
    held_back: HashMap<PathBuf, Instant>,
}

impl Pickup {
    /// A pickup for the spool beside `store`. `heuristic` decides about the alerts.
    pub fn new(
        store: &Store,
        heuristic: Heuristic,
        budget: BudgetArm,
        clock: Clock,
        zone: TimeZone,
        copy_within: Duration,
    ) -> Self {
        Self {
            spool: Spool::of(store.path()),
            store: store.clone(),
            heuristic,
            budget,
            clock,
            zone,
            copy_within,
            held_back: HashMap::new(),
        }
    }

    /// Records every waiting word and session, then decides about every waiting alert.
    pub async fn decide_waiting(&mut self) {
        let words = match self.spool.words() {
            Ok(words) => words,
            Err(error) => return tracing::warn!(%error, "cannot read the folder of waiting words"),
        };
        let alerts = match self.spool.waiting() {
            Ok(alerts) => alerts,
            Err(error) => return tracing::warn!(%error, "cannot read the folder of waiting alerts"),
        };
        let sessions = match self.spool.sessions() {
            Ok(sessions) => sessions,
            Err(error) => return tracing::warn!(%error, "cannot read the folder of waiting sessions"),
        };
        let files: Vec<&PathBuf> = words
            .iter()
            .map(|word| &word.file)
            .chain(alerts.iter().map(|alert| &alert.file))
            .chain(sessions.iter().map(|sessions| &sessions.file))
            .collect();
        self.held_back.retain(|file, _| files.contains(&file));
        self.take_words(&words).await;
        self.take_sessions(&sessions).await;
        self.decide(&alerts).await;
    }

    /// Decides about alerts.
    ///
    /// `send-alert` promised that the alert would be sent. So an alert stays until its message is recorded, or
    /// until it must not be sent at all: it is silenced, acknowledged or already sent, or its day ended a day
    /// ago.
    async fn decide(&mut self, alerts: &[Waiting<Condition>]) {
        for (alert, condition) in self.readable(alerts) {
            match self.heuristic.alert(vec![condition.clone()]).await {
                Ok((decisions, _)) => {
                    log(&decisions);
                    let waits = is_held_back(&decisions) && !self.is_past(condition);
                    self.end(alert, if waits { Taken::HeldBack } else { Taken::Settled });
                }
                Err(error) => {
                    return tracing::error!(%error, "cannot record the decision about a waiting alert: trying again");
                }
            }
        }
    }

    /// What can be taken up now. A file that holds nothing of the kind is removed; one that the system cannot
    /// read is left alone for a while.
    pub(super) fn readable<'a, T>(&mut self, waiting: &'a [Waiting<T>]) -> Vec<(&'a Waiting<T>, &'a T)> {
        let mut readable = Vec::new();
        for left in waiting {
            let file = left.file.display();
            match &left.content {
                _ if self.is_held_back(&left.file) => {}
                Ok(content) => readable.push((left, content)),
                Err(Unreadable::Nonsense(error)) => {
                    tracing::error!(%error, %file, "a waiting file holds no alert, no word and no sessions: the file is removed");
                    self.end(left, Taken::Settled);
                }
                Err(Unreadable::System(error)) => {
                    tracing::error!(%error, %file, "cannot read a waiting file: trying again");
                    self.end(left, Taken::HeldBack);
                }
            }
        }
        readable
    }

    /// Removes what is settled, and leaves the rest alone for a while.
    pub(super) fn end<T>(&mut self, left: &Waiting<T>, taken: Taken) {
        match taken {
            Taken::HeldBack => {
                self.held_back.insert(left.file.clone(), Instant::now());
            }
            Taken::Settled => {
                if let Err(error) = self.spool.done(left) {
                    let file = left.file.display();
                    tracing::warn!(%error, %file, "cannot remove a file that is settled: it will be taken up again");
                }
            }
        }
    }

    /// Whether a file was held back only just now.
    fn is_held_back(&self, file: &Path) -> bool {
        let since = self.held_back.get(file);
        since.is_some_and(|since| since.elapsed() < RETRY_AFTER)
    }

    /// Whether the condition's day ended a day ago or earlier: then its alert is too old to send.
    pub(super) fn is_past(&self, condition: &Condition) -> bool {
        let yesterday = self.clock.now().saturating_sub(SignedDuration::from_hours(24));
        yesterday.is_ok_and(|yesterday| clock::local_day(yesterday, &self.zone) > condition.day)
    }
}

pub(super) fn is_held_back(decisions: &[Decision]) -> bool {
    decisions.iter().any(|decision| decision.reason.is_for_now())
}

/// Logs what was decided: the process that left the alert has ended and cannot be answered.
pub(super) fn log(decisions: &[Decision]) {
    for Decision {
        condition, reason, ..
    } in decisions
    {
        let Condition {
            subject, severity, ..
        } = condition;
        let held_back = reason.is_for_now();
        tracing::warn!(%subject, %severity, %reason, held_back, "decided about an alert of another process");
    }
}
