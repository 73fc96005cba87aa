//! The time that a pass has from its start until it records: `heuristic.deadline`.
//!
//! What a pass computes cannot be interrupted. So it looks at the time between its stages: before each stage that
//! follows an overrun, the pass ends, its transaction is rolled back, and nothing is recorded, claimed or sent.

use std::{fmt, time::Duration};

use tokio::time::Instant;

use crate::store::StoreError;

/// Computing has at least this time, even if observing used up the deadline: the person is to hear of an arm that
/// was slow, and an ordinary account takes milliseconds.
const LEAST: Duration = Duration::from_secs(2);

/// What a pass does between observing and recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It makes conditions of what it observed.
    Assessing,
    /// It compares the reading with the earlier ones, and looks at the messages that wait.
    Remembering,
    /// It reads what was said before.
    LookingBack,
    /// It decides, and composes the messages.
    Deciding,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Assessing => "assessing the account",
            Self::Remembering => "comparing the account with its earlier readings",
            Self::LookingBack => "reading what was said before",
            Self::Deciding => "deciding and composing",
        })
    }
}

/// The pass was not ready to record in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the time of the pass was over after {stage} (heuristic.deadline is {allowed:?}, and computing has at least {LEAST:?}): nothing is claimed or sent, and the next pass begins anew. If this stays so, the machine is too slow for so many goals: ignore some (beeminder.ignore), or give a pass more time (heuristic.deadline)"
)]
pub struct TooSlow {
    /// The stage that took too long.
    pub stage: Stage,
    /// `heuristic.deadline`.
    pub allowed: Duration,
}

/// Until when a pass may compute.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeLimit {
    allowed: Duration,
    ends: Instant,
}

impl TimeLimit {
    /// The limit of a pass that begins now and has so much time.
    pub(super) fn begin(allowed: Duration) -> Self {
        Self {
            allowed,
            ends: Instant::now() + allowed,
        }
    }

    /// The limit of something that is computed from now on.
    pub(super) fn of_computing(self) -> Self {
        Self {
            ends: self.ends.max(Instant::now() + LEAST),
            ..self
        }
    }

    /// Fails if the time was over at the end of this stage.
    ///
    /// # Errors
    /// [`TooSlow`], for a transaction: it is rolled back.
    pub(super) fn check(&self, stage: Stage) -> rusqlite::Result<()> {
        if Instant::now() > self.ends {
            let slow = self.missed(stage);
            return Err(rusqlite::Error::ToSqlConversionFailure(Box::new(slow)));
        }
        Ok(())
    }

    /// Waits for a stage, and gives up when the time is over.
    ///
    /// # Errors
    /// [`TooSlow`]. What was waited for may go on, and its result is dropped.
    pub(super) async fn wait<T>(&self, stage: Stage, work: impl Future<Output = T>) -> Result<T, TooSlow> {
        tokio::time::timeout_at(self.ends, work)
            .await
            .map_err(|_| self.missed(stage))
    }

    fn missed(&self, stage: Stage) -> TooSlow {
        TooSlow {
            stage,
            allowed: self.allowed,
        }
    }
}

impl TooSlow {
    /// Why a transaction was rolled back, if its time was over.
    pub(super) fn of(error: &StoreError) -> Option<Self> {
        match error {
            StoreError::Sql(rusqlite::Error::ToSqlConversionFailure(error)) => error.downcast_ref().copied(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
