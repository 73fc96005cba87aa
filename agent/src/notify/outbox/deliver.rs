//! Steps 2 and 3 of the protocol: one send inside its lease.

use std::time::Duration;

use tokio::time::timeout;
use tracing::{debug, error, info};

use super::{Outbox, leases::Lease, next::Miss, record::sending, timing};
use crate::{
    failpoint,
    notify::channels::{Outcome, Outgoing, Scope},
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
        let expired = now >= row.deadline();
        let next = if expired {
            let why = format!(
                "expired before it could be tried again: {}",
                row.why.as_deref().unwrap_or("no reason")
            );
            Row {
                state: State::Failed,
                next_at: None,
                why: Some(why),
                ..row.clone()
            }
        } else {
            sending(&row, row.channel, lease)
        };
        let (written, id) = (next.clone(), next.id.clone());
        let won = self.0.store.write(move |tx| {
            let won = table::replace(tx, &row, &written, now)?;
            if won && !expired {
                table::begin_attempt(tx, &written, now)?;
            }
            Ok(won)
        });
        let won = won.await?;
        failpoint!("outbox.resumed");
        if won && expired {
            error!(
                id,
                "giving up: the message expired before it could be tried again"
            );
            self.0
                .store
                .checkpoint(self.0.store.epoch(), self.checkpoint_time())
                .await;
        }
        if won && !expired {
            self.0.leases.grant(&next.id, lease);
            return self.deliver(next).await;
        }
        Ok(())
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
            return self
                .missed(
                    row,
                    Miss::Refused {
                        scope: Scope::Message,
                    },
                    None,
                    super::NO_CHANNEL.to_owned(),
                )
                .await;
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
        match timeout(self.left(lease), channel.warm_up()).await {
            Ok(Ok(())) => {}
            Ok(Err(why)) => debug!(id = row.id, %why, "the connection could not be opened in advance"),
            Err(_) => debug!(id = row.id, "opening the connection took the whole lease"),
        }
        failpoint!("outbox.connected");
        let now = self.0.clock.now();
        if now >= row.deadline() {
            return self
                .missed(row, Miss::Expired, None, "expired before it was sent".to_owned())
                .await;
        }
        let left = self.left(lease);
        if left < self.0.lease / 4 {
            let why = "not sent: its lease was nearly over before the channel was ready".to_owned();
            return self.missed(row, Miss::NotSent, None, why).await;
        }
        // Step 3. The last tenth of the lease is kept for writing down the outcome.
        let within = left.saturating_sub(self.0.lease / 10);
        let text = format!("{} {}", row.body, row.tag);
        let validity = row.expires_at.map(|end| timing::between(now, end));
        let outgoing = Outgoing {
            text: &text,
            tag: &row.tag,
            validity,
            lease: self.lease_check(lease),
        };
        let outcome = timeout(within, channel.send(outgoing, within)).await;
        failpoint!("outbox.sent");
        match outcome {
            Ok(Outcome::Accepted(id)) => self.accepted(row, id, Ending::Accepted).await.map(|()| None),
            Ok(Outcome::Rejected {
                permanent: true,
                scope,
                code,
                why,
                ..
            }) => self.missed(row, Miss::Refused { scope }, code, why).await,
            Ok(Outcome::Rejected {
                permanent: false,
                retry_after,
                code,
                why,
                ..
            }) => {
                self.missed(row, Miss::RefusedForNow { retry_after }, code, why)
                    .await
            }
            Ok(Outcome::NotSent { why }) => self.missed(row, Miss::NotSent, None, why).await,
            Ok(Outcome::Unknown { why }) => self.doubted(row, why).await.map(|()| None),
            Err(_) => self
                .doubted(row, format!("no answer within {within:.1?}"))
                .await
                .map(|()| None),
        }
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
