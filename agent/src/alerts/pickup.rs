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
    clock::{self, Clock},
    domain::{Condition, Decision},
    heuristic::Heuristic,
    store::Store,
};

/// If quiet hours, a limit or lack of room hold an alert back, it is decided about again after this time.
/// Each decision costs a line of the decision log and a copy of the state, so this is the usual interval of
/// passes.
const RETRY_AFTER: Duration = Duration::from_secs(15 * 60);

/// Takes alerts and words from the spool of one database, and remembers which of them were held back and when.
pub struct Pickup {
    pub(super) spool: Spool,
    pub(super) store: Store,
    pub(super) heuristic: Heuristic,
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
        clock: Clock,
        zone: TimeZone,
        copy_within: Duration,
    ) -> Self {
        Self {
            spool: Spool::of(store.path()),
            store: store.clone(),
            heuristic,
            clock,
            zone,
            copy_within,
            held_back: HashMap::new(),
        }
    }

    /// Records every waiting word, then decides about every waiting alert.
    pub async fn decide_waiting(&mut self) {
        let words = match self.spool.words() {
            Ok(words) => words,
            Err(error) => return tracing::warn!(%error, "cannot read the folder of waiting words"),
        };
        let alerts = match self.spool.waiting() {
            Ok(alerts) => alerts,
            Err(error) => return tracing::warn!(%error, "cannot read the folder of waiting alerts"),
        };
        let files: Vec<&PathBuf> = words
            .iter()
            .map(|word| &word.file)
            .chain(alerts.iter().map(|alert| &alert.file))
            .collect();
        self.held_back.retain(|file, _| files.contains(&file));
        self.take_words(&words).await;
        self.decide(&alerts).await;
    }

    /// Decides about alerts.
    ///
    /// `send-alert` promised that the alert would be sent. So an alert stays until its message is recorded, or
    /// until it must not be sent at all: it is silenced, acknowledged or already sent, or its day ended a day
    /// ago.
    async fn decide(&mut self, alerts: &[Waiting<Condition>]) {
        for alert in alerts {
            if self.is_held_back(&alert.file) {
                continue;
            }
            match &alert.content {
                Ok(condition) => match self.heuristic.alert(vec![condition.clone()]).await {
                    Ok((decisions, _)) if is_held_back(&decisions) && !self.is_past(condition) => {
                        log(&decisions);
                        self.hold_back(&alert.file);
                        continue;
                    }
                    Ok((decisions, _)) => log(&decisions),
                    Err(error) => {
                        return tracing::error!(%error, "cannot record the decision about a waiting alert: trying again");
                    }
                },
                Err(Unreadable::Nonsense(error)) => {
                    tracing::error!(%error, "the file of a waiting alert holds no alert: the file is removed");
                }
                Err(Unreadable::System(error)) => {
                    tracing::error!(%error, file = %alert.file.display(), "cannot read a waiting alert: trying again");
                    self.hold_back(&alert.file);
                    continue;
                }
            }
            if let Err(error) = self.spool.done(alert) {
                tracing::warn!(%error, "cannot remove an alert that is decided: it will be decided about again");
            }
        }
    }

    /// Whether a file was held back only just now.
    pub(super) fn is_held_back(&self, file: &Path) -> bool {
        let since = self.held_back.get(file);
        since.is_some_and(|since| since.elapsed() < RETRY_AFTER)
    }

    /// Leaves a file alone for a while.
    pub(super) fn hold_back(&mut self, file: &Path) {
        self.held_back.insert(file.to_owned(), Instant::now());
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
