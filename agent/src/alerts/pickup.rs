//! Decides about the alerts that other processes left in the [`Spool`], in the process that holds the lock.

use std::{collections::HashMap, path::PathBuf, time::Duration};

use jiff::{SignedDuration, tz::TimeZone};
use tokio::time::Instant;

use super::spool::{Spool, Unreadable};
use crate::{
    clock::{self, Clock},
    domain::{Condition, Decision},
    heuristic::Heuristic,
    store::Store,
};

/// How long an alert waits that quiet hours or a limit held back, until it is decided about again. Each
/// decision costs a line of the decision log and a copy of the state, so this is the usual interval of passes.
const RETRY_AFTER: Duration = Duration::from_secs(15 * 60);

/// Takes alerts from the spool of one database, and remembers which of them were held back and when.
pub struct Pickup {
    spool: Spool,
    heuristic: Heuristic,
    clock: Clock,
    zone: TimeZone,
    held_back: HashMap<PathBuf, Instant>,
}

impl Pickup {
    /// For the spool beside `store`; `heuristic` decides.
    pub fn new(store: &Store, heuristic: Heuristic, clock: Clock, zone: TimeZone) -> Self {
        Self {
            spool: Spool::of(store.path()),
            heuristic,
            clock,
            zone,
            held_back: HashMap::new(),
        }
    }

    /// Decides about every waiting alert.
    ///
    /// `send-alert` promised that the alert would be sent. So an alert stays until its message is recorded, or
    /// until it must not be sent at all: it is silenced, acknowledged or already sent, or its day ended a day
    /// ago.
    pub async fn decide_waiting(&mut self) {
        let waiting = match self.spool.waiting() {
            Ok(waiting) => waiting,
            Err(error) => return tracing::warn!(%error, "cannot read the folder of waiting alerts"),
        };
        self.held_back
            .retain(|file, _| waiting.iter().any(|alert| alert.file == *file));
        for alert in waiting {
            if self
                .held_back
                .get(&alert.file)
                .is_some_and(|since| since.elapsed() < RETRY_AFTER)
            {
                continue;
            }
            match &alert.condition {
                Ok(condition) => match self.heuristic.alert(vec![condition.clone()]).await {
                    Ok((decisions, _)) if is_held_back(&decisions) && !self.is_past(condition) => {
                        log(&decisions);
                        self.held_back.insert(alert.file.clone(), Instant::now());
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
                    self.held_back.insert(alert.file.clone(), Instant::now());
                    continue;
                }
            }
            if let Err(error) = self.spool.done(&alert) {
                tracing::warn!(%error, "cannot remove an alert that is decided: it will be decided about again");
            }
        }
    }

    /// Whether the condition's day ended a day ago: its alert is then too old to send.
    fn is_past(&self, condition: &Condition) -> bool {
        let yesterday = self.clock.now().saturating_sub(SignedDuration::from_hours(24));
        yesterday.is_ok_and(|yesterday| clock::local_day(yesterday, &self.zone) > condition.day)
    }
}

fn is_held_back(decisions: &[Decision]) -> bool {
    decisions.iter().any(|decision| decision.reason.is_for_now())
}

/// Logs what was decided: the process that left the alert has ended and cannot be answered.
fn log(decisions: &[Decision]) {
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
