//! Steps 2 and 3 of the protocol: one send inside its lease.

use std::time::Duration;

use tokio::time::timeout;
use tracing::{debug, error, info, warn};

use super::{Outbox, leases::Lease, missed::sending, next::Miss, timing};
use crate::{
    failpoint,
    notify::{
        channels::{Channel, Outcome, Outgoing, Scope},
        message::again,
    },
    outbound::LeaseCheck,
    store::{
        StoreError, Verdict,
        tables::outbox::{self as table, Ending, Row, State},
    },
};

impl Outbox {
    /// Begins the next attempt of a message that was planned for now.
    pub(super) async fn resume(&self, row: Row) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        let lease = self.new_lease(row.attempt + 1);
        let written = self.0.store.write(move |tx| {
            // A pass may have made its text anew since this worker read it.
            let found = table::load(tx, &row.id)?;
            let same = |found: &Row| (found.state, found.attempt) == (row.state, row.attempt);
            let Some(row) = found.filter(same) else {
                return Ok(None);
            };
            let next = if now >= row.deadline() {
                row.expired(table::stays_in_doubt(tx, &row)?)
            } else {
                sending(&row, row.channel, lease)
            };
            let won = table::replace(tx, &row, &next, now)?;
            if won && next.state == State::Sending {
                table::begin_attempt(tx, &next, now)?;
            }
            Ok(won.then_some(next))
        });
        let written = written.await?;
        failpoint!("outbox.resumed");
        match written {
            Some(next) if next.state == State::Sending => {
                self.0.leases.grant(&next.id, lease);
                self.deliver(next).await
            }
            Some(over) => {
                error!(
                    id = over.id,
                    "giving up: the message expired before it could be tried again"
                );
                self.copy_the_end().await;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Sends the row's attempt, and the attempts on other channels that follow it at once. Stops at an
    /// attempt whose lease this process does not hold.
    pub(super) async fn deliver(&self, mut row: Row) -> Result<(), StoreError> {
        while let Some(lease) = self.0.leases.take(&row.id, row.attempt) {
            let sending = self.0.leases.sending(&row.id, lease.attempt);
            let sent = self.send(row, lease).await;
            drop(sending);
            self.0.sent.notify_waiters();
            match sent? {
                Some(next) => row = next,
                None => break,
            }
        }
        Ok(())
    }

    /// One attempt. Returns the attempt that follows at once, if any.
    async fn send(&self, row: Row, lease: Lease) -> Result<Option<Row>, StoreError> {
        let Some(channel) = self.channel(row.channel).cloned() else {
            let scope = Scope::Message;
            let why = super::NO_CHANNEL.to_owned();
            return self.missed(row, Miss::Refused { scope }, None, why).await;
        };
        // The end of step 1. If the remote cannot be reached, the claim on this machine has to suffice.
        failpoint!("outbox.claimed");
        let verdict = self.0.store.checkpoint(lease.epoch, self.checkpoint_time()).await;
        if verdict == Verdict::Unsure {
            let why = "not sent: it is unknown whether another instance went on with the state".to_owned();
            return self.missed(row, Miss::NotSent, None, why).await;
        }
        if !verdict.allows_acting() {
            info!(
                id = row.id,
                attempt = row.attempt,
                ?verdict,
                "not sent: another instance has the state"
            );
            return Ok(None);
        }
        // Step 2: first open the connection, which may take long, then check the lease.
        failpoint!("outbox.checkpointed");
        self.connect(&row, lease, &*channel).await;
        failpoint!("outbox.connected");
        let left = match self.time_to_send(&row, lease) {
            Ok(left) => left,
            Err((miss, why)) => return self.missed(row, miss, None, why.to_owned()).await,
        };
        // Step 3.
        let text = self.text(&row)?;
        let outcome = self.transmit(&row, &text, lease, left, &*channel).await;
        failpoint!("outbox.sent");
        self.conclude(row, outcome).await
    }

    /// Opens the connection in advance. If that fails, the send opens it.
    async fn connect(&self, row: &Row, lease: Lease, channel: &dyn Channel) {
        match timeout(self.left(lease), channel.warm_up()).await {
            Ok(Ok(())) => {}
            Ok(Err(why)) => debug!(id = row.id, %why, "the connection could not be opened in advance"),
            Err(_) => debug!(id = row.id, "opening the connection took the whole lease"),
        }
    }

    /// What is left of the lease, or why it is too late to send.
    fn time_to_send(&self, row: &Row, lease: Lease) -> Result<Duration, (Miss, &'static str)> {
        if self.0.clock.now() >= row.deadline() {
            return Err((Miss::Expired, "expired before it was sent"));
        }
        let left = self.left(lease);
        if left < self.0.lease / 4 {
            let why = "not sent: its lease was nearly over before the channel was ready";
            return Err((Miss::NotSent, why));
        }
        Ok(left)
    }

    /// What the attempt says, with the tag. If another channel may have said it already, that it is said again.
    fn text(&self, row: &Row) -> Result<String, StoreError> {
        let is_again = self
            .0
            .store
            .read(|connection| table::was_said_elsewhere(connection, row))?;
        let said = if is_again {
            again(&row.body)
        } else {
            row.body.clone()
        };
        Ok(format!("{said} {}", row.tag))
    }

    /// Sends the message once. The last tenth of the lease is kept for writing down the outcome.
    async fn transmit(
        &self,
        row: &Row,
        text: &str,
        lease: Lease,
        left: Duration,
        channel: &dyn Channel,
    ) -> Outcome {
        let within = left.saturating_sub(self.0.lease / 10);
        let now = self.0.clock.now();
        let outgoing = Outgoing {
            text,
            tag: &row.tag,
            validity: row.expires_at.map(|end| timing::between(now, end)),
            lease: self.lease_check(lease),
        };
        let sent = timeout(within, channel.send(outgoing, within)).await;
        sent.unwrap_or_else(|_| Outcome::Unknown {
            why: format!("no answer within {within:.1?}"),
        })
    }

    /// Writes down how the attempt ended. Returns the attempt that follows at once, if any.
    async fn conclude(&self, row: Row, outcome: Outcome) -> Result<Option<Row>, StoreError> {
        let (miss, code, why) = match outcome {
            Outcome::Accepted(id) => {
                self.accepted(row, id, Ending::Accepted, None).await?;
                return Ok(None);
            }
            Outcome::AcceptedElsewhere { id, why } => {
                warn!(id = row.id, channel = ?row.channel, why, "the provider took the message at another address");
                self.accepted(row, id, Ending::Accepted, Some(why)).await?;
                return Ok(None);
            }
            Outcome::Unknown { why } => {
                self.doubted(row, why).await?;
                return Ok(None);
            }
            Outcome::NotSent { why } => (Miss::NotSent, None, why),
            Outcome::Rejected {
                permanent: true,
                scope,
                code,
                why,
                ..
            } => (Miss::Refused { scope }, code, why),
            Outcome::Rejected {
                permanent: false,
                retry_after,
                code,
                why,
                ..
            } => (Miss::RefusedForNow { retry_after }, code, why),
        };
        self.missed(row, miss, code, why).await
    }

    /// How long a checkpoint may take. The rest of the lease is for the message.
    pub(super) fn checkpoint_time(&self) -> Duration {
        self.0.lease / 3
    }

    /// The check of step 2. `send` has looked at the lease before; the channel checks the lease once more
    /// when its connection is ready for the bytes.
    fn lease_check(&self, lease: Lease) -> LeaseCheck {
        let clock = self.0.clock.clone();
        LeaseCheck::new(move || {
            let holds = clock.boottime() < lease.until;
            if holds {
                failpoint!("outbox.lease_checked");
            }
            holds
        })
    }

    /// What is left of a lease.
    fn left(&self, lease: Lease) -> Duration {
        lease.until.saturating_sub(self.0.clock.boottime())
    }
}
