//! Alerts that others left here while they had no lock (see [`Spool`]): decided about by whoever has the
//! state.

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

/// An alert that quiet hours or a limit held back is decided about again after this: as often as a pass is
/// made, because each time is a line of the decision log, and a copy of the state.
const AGAIN: Duration = Duration::from_secs(15 * 60);

/// The folder of an agent's state, and what was held back.
pub struct Pickup {
    spool: Spool,
    heuristic: Heuristic,
    clock: Clock,
    zone: TimeZone,
    held_back: HashMap<PathBuf, Instant>,
}

impl Pickup {
    /// What waits beside this state, to be decided by this heuristic.
    pub fn new(store: &Store, heuristic: Heuristic, clock: Clock, zone: TimeZone) -> Self {
        Self {
            spool: Spool::of(store.path()),
            heuristic,
            clock,
            zone,
            held_back: HashMap::new(),
        }
    }

    /// Decides about all that waits. Whoever left an alert was told that it would be sent, so it stays until
    /// it was, or is not to be sent at all: it is silenced, known, was told before, or its day has been over
    /// for a day.
    pub async fn take_up(&mut self) {
        let waiting = match self.spool.waiting() {
            Ok(waiting) => waiting,
            Err(error) => return tracing::warn!(%error, "alerts that were left here cannot be read"),
        };
        self.held_back
            .retain(|file, _| waiting.iter().any(|alert| alert.file == *file));
        for alert in waiting {
            if self
                .held_back
                .get(&alert.file)
                .is_some_and(|since| since.elapsed() < AGAIN)
            {
                continue;
            }
            match &alert.condition {
                Ok(condition) => match self.heuristic.alert(vec![condition.clone()]).await {
                    Ok((decisions, _)) if is_held_back(&decisions) && !self.is_past(condition) => {
                        tell(&decisions);
                        self.held_back.insert(alert.file.clone(), Instant::now());
                        continue;
                    }
                    Ok((decisions, _)) => tell(&decisions),
                    Err(error) => {
                        return tracing::error!(%error, "an alert that was left here cannot be recorded yet");
                    }
                },
                Err(Unreadable::Nonsense(error)) => {
                    tracing::error!(%error, "an alert that was left here makes no sense: it is dropped");
                }
                Err(Unreadable::System(error)) => {
                    tracing::error!(%error, file = %alert.file.display(), "an alert that was left here cannot be read yet");
                    self.held_back.insert(alert.file.clone(), Instant::now());
                    continue;
                }
            }
            if let Err(error) = self.spool.done(&alert) {
                tracing::warn!(%error, "an alert that was taken over cannot be removed");
            }
        }
    }

    /// Held back for a whole day, it is no alert any more.
    fn is_past(&self, condition: &Condition) -> bool {
        let yesterday = self.clock.now().saturating_sub(SignedDuration::from_hours(24));
        yesterday.is_ok_and(|yesterday| clock::local_day(yesterday, &self.zone) > condition.day)
    }
}

fn is_held_back(decisions: &[Decision]) -> bool {
    decisions.iter().any(|decision| decision.reason.is_for_now())
}

/// Nobody waits for the answer to an alert that was left here: what became of it is at least in the log.
fn tell(decisions: &[Decision]) {
    for Decision {
        condition, reason, ..
    } in decisions
    {
        let (subject, severity, held_back) = (&condition.subject, condition.severity, reason.is_for_now());
        tracing::warn!(%subject, %severity, %reason, held_back, "an alert was left here by another process");
    }
}
