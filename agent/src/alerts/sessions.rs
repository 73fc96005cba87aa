//! Records the sessions of an LLM that `usage scan` found and left. The person who ran it was told what becomes of each,
//! by the same rules.

use super::{Pickup, pickup::Taken, spool::Waiting};
use crate::budget::{NewSessions, Outcome};

impl Pickup {
    /// Records all sessions, those of one file in one transaction. A session whose request is on record already changes
    /// nothing, so a file that cannot be removed is harmless.
    pub(super) async fn take_sessions(&mut self, left: &[Waiting<NewSessions>]) {
        for (file, sessions) in self.readable(left) {
            let recorded = self
                .budget
                .record_sessions(sessions.clone(), self.clock.now())
                .await;
            match recorded {
                Ok(recorded) => {
                    for outcome in &recorded.outcomes {
                        if let Outcome::Refused(error) = outcome {
                            tracing::warn!(%error, "a session that was left is not recorded");
                        }
                    }
                    self.end(file, Taken::Settled);
                }
                Err(error) => {
                    return tracing::error!(%error, "cannot record the sessions that were left: trying again");
                }
            }
        }
    }
}
