//! Records the outcome of an attempt. Each outcome is one transaction. It changes nothing if another worker
//! was faster.

use std::time::Duration;

use tracing::{error, info, warn};

use super::{
    Outbox,
    missed::Missed,
    next::Miss,
    timing::{self, after},
};
use crate::{
    failpoint,
    store::{
        StoreError,
        tables::{
            broken_channels::{self, Proof},
            outbox::{self as table, Ending, Row, State},
        },
    },
};

impl Outbox {
    /// Records that the provider has the message and calls it `provider_id`. `why` says what a person should
    /// change nevertheless.
    pub(super) async fn accepted(
        &self,
        row: Row,
        provider_id: String,
        ending: Ending,
        why: Option<String>,
    ) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        info!(id = row.id, channel = ?row.channel, attempt = row.attempt, how = ending.as_str(), "the provider has the message");
        let next = Row {
            state: State::Accepted,
            provider_id: Some(provider_id),
            accepted_at: Some(now),
            next_at: Some(after(now, timing::before_polling(Duration::ZERO))),
            why,
            ..row.clone()
        };
        failpoint!("outbox.accepted");
        self.settle(row, next, ending).await?;
        failpoint!("outbox.recorded");
        Ok(())
    }

    /// Records that it is unknown whether the message was accepted. Step 4 asks the provider when the lease
    /// and the settle time are over.
    pub(super) async fn doubted(&self, row: Row, why: String) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        warn!(id = row.id, channel = ?row.channel, attempt = row.attempt, why, "it is unknown whether the message was accepted");
        // The wait follows from the lease, not from the row, because the wall clock may have been set back
        // since the row was written.
        let unsettled = self.0.leases.doubted(
            &row.id,
            row.attempt,
            self.settle_time(row.attempt),
            self.0.clock.boottime(),
        );
        let next = Row {
            state: State::Unknown,
            next_at: Some(after(now, unsettled)),
            why: Some(why),
            ..row.clone()
        };
        self.settle(row, next, Ending::Unknown).await?;
        failpoint!("outbox.doubted");
        Ok(())
    }

    /// Records that the attempt reached nobody, or that it stays in doubt for ever. Begins, plans or gives up
    /// the next attempt. Returns the next attempt if it is to be sent now.
    pub(super) async fn missed(
        &self,
        row: Row,
        miss: Miss,
        code: Option<String>,
        why: String,
    ) -> Result<Option<Row>, StoreError> {
        let what = match miss {
            Miss::InDoubt(_) => "it stays unknown whether the message arrived",
            Miss::Absent => "the provider does not list the message",
            _ => "the attempt reached nobody",
        };
        warn!(id = row.id, channel = ?row.channel, attempt = row.attempt, code, why, "{what}");
        let lease = self.new_lease(row.attempt + 1);
        let missed = Missed {
            row,
            miss,
            code,
            why,
            order: self.configured(),
            lease,
            now: self.0.clock.now(),
        };
        let written = self.0.store.write(move |tx| missed.record(tx));
        let Some(after) = written.await? else {
            return Ok(None);
        };
        failpoint!("outbox.missed");
        match after.state {
            State::Sending => {
                self.0.leases.grant(&after.id, lease);
                Ok(Some(after))
            }
            State::Failed | State::Unknown => {
                error!(
                    id = after.id,
                    why = after.why,
                    state = after.state.as_str(),
                    "giving up: no channel accepted this message"
                );
                self.copy_the_end().await;
                Ok(None)
            }
            State::Withdrawn => {
                info!(
                    id = after.id,
                    why = after.why,
                    "withdrawn: nothing of the message is so any more"
                );
                self.copy_the_end().await;
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// Copies the end of a message off the machine.
    pub(super) async fn copy_the_end(&self) {
        self.0
            .store
            .checkpoint(self.0.store.epoch(), self.checkpoint_time())
            .await;
    }

    /// Writes the end of an attempt and the new state of its message.
    async fn settle(&self, row: Row, next: Row, ending: Ending) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        let (id, attempt) = (row.id.clone(), row.attempt);
        // The reply is written even if the epoch has changed: in the newer state this attempt may still be in
        // flight.
        let written = self.0.store.write_and_copy(self.checkpoint_time(), move |tx| {
            let won = table::replace(tx, &row, &next, now)?;
            if won {
                table::end_attempt(tx, &row, ending, None, next.why.as_deref(), now)?;
                if next.state == State::Accepted && broken_channels::clear(tx, row.channel, Proof::Accepted)?
                {
                    info!(channel = ?row.channel, "the channel works again");
                }
            }
            Ok(won)
        });
        if !written.await? {
            warn!(
                id,
                attempt,
                how = ending.as_str(),
                "the outcome comes too late: another worker went on with the message"
            );
        }
        Ok(())
    }
}
