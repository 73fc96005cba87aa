//! Steps 2 and 3: one send inside its lease, and what its outcome makes of the message.

use std::time::Duration;

use tokio::time::timeout;
use tracing::{debug, error, info, warn};

use super::{
    Outbox,
    leases::Lease,
    next::{Miss, Next, next},
    timing::{self, after},
};
use crate::{
    notify::channels::{ChannelKind, Outcome, Outgoing},
    store::{
        StoreError,
        outbox::{self as table, Ending, Row, State},
    },
};

impl Outbox {
    /// Begins an attempt of a message that was planned for now.
    pub(super) async fn resume(&self, row: Row) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        let lease = self.new_lease(row.attempt + 1);
        let expired = now >= row.deadline();
        let next = if expired {
            let why = format!("expired before it could be tried again: {}", row.why.as_deref().unwrap_or("no reason"));
            Row { state: State::Failed, next_at: None, why: Some(why), ..row.clone() }
        } else {
            sending(&row, row.channel, lease)
        };
        let written = next.clone();
        let won = self.0.store.write(move |tx| {
            let won = table::replace(tx, &row, &written, now)?;
            if won && !expired {
                table::begin_attempt(tx, &written, now)?;
            }
            Ok(won)
        });
        if won.await? && !expired {
            self.0.leases.grant(&next.id, lease, self.0.clock.boottime());
            return self.deliver(next).await;
        }
        Ok(())
    }

    /// Sends the row's attempt and those that follow at once on other channels, as far as this process holds their leases.
    pub(super) async fn deliver(&self, mut row: Row) -> Result<(), StoreError> {
        while let Some(lease) = self.0.leases.take(&row.id, row.attempt) {
            match self.send(row, lease).await? {
                Some(next) => row = next,
                None => break,
            }
        }
        Ok(())
    }

    /// One attempt. Returns the attempt that follows at once, if any.
    async fn send(&self, row: Row, lease: Lease) -> Result<Option<Row>, StoreError> {
        let Some(channel) = self.channel(row.channel).cloned() else {
            return self.missed(row, Miss::Refused, None, super::NO_CHANNEL.to_owned()).await;
        };
        // 2. First what may take long, then the check.
        self.0.checkpoint.checkpoint().await;
        match timeout(self.left(lease), channel.warm_up()).await {
            Ok(Ok(())) => {}
            Ok(Err(why)) => debug!(id = row.id, %why, "the connection could not be opened in advance"),
            Err(_) => debug!(id = row.id, "opening the connection took the whole lease"),
        }
        let now = self.0.clock.now();
        if now >= row.deadline() {
            return self.missed(row, Miss::Expired, None, "expired before it was sent".to_owned()).await;
        }
        let left = self.left(lease);
        if left < self.0.lease / 4 {
            let why = "not sent: its lease was nearly over before the channel was ready".to_owned();
            return self.doubted(row, why).await.map(|()| None);
        }
        // 3. The last tenth of the lease is for writing down what came of it.
        let within = left.saturating_sub(self.0.lease / 10);
        let text = format!("{} {}", row.body, row.tag);
        let validity = row.expires_at.map(|end| timing::between(now, end));
        let outgoing = Outgoing { text: &text, tag: &row.tag, validity };
        let outcome = timeout(within, channel.send(outgoing, within)).await;
        match outcome {
            Ok(Outcome::Accepted(id)) => self.accepted(row, id, Ending::Accepted).await.map(|()| None),
            Ok(Outcome::Rejected { permanent: true, code, why, .. }) => {
                self.missed(row, Miss::Refused, code, why).await
            }
            Ok(Outcome::Rejected { permanent: false, retry_after, code, why }) => {
                self.missed(row, Miss::RefusedForNow { retry_after }, code, why).await
            }
            Ok(Outcome::Unknown { why }) => self.doubted(row, why).await.map(|()| None),
            Err(_) => self.doubted(row, format!("no answer within {within:.1?}")).await.map(|()| None),
        }
    }

    /// The provider has it, under `provider_id`.
    pub(super) async fn accepted(&self, row: Row, provider_id: String, ending: Ending) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        info!(id = row.id, channel = ?row.channel, attempt = row.attempt, how = ending.as_str(), "the provider has it");
        let next = Row {
            state: State::Accepted,
            provider_id: Some(provider_id),
            accepted_at: Some(now),
            next_at: Some(after(now, timing::before_polling(Duration::ZERO))),
            why: None,
            ..row.clone()
        };
        self.settle(row, next, ending).await?;
        self.0.checkpoint.checkpoint().await;
        Ok(())
    }

    /// Accepted or not, nobody knows: step 4 asks once the lease is over and the settle time has passed.
    async fn doubted(&self, row: Row, why: String) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        warn!(id = row.id, channel = ?row.channel, attempt = row.attempt, why, "nobody knows whether it was accepted");
        let over = row.lease_until.map_or(now, |until| until.max(now));
        let next =
            Row { state: State::Unknown, next_at: Some(after(over, self.0.settle)), why: Some(why), ..row.clone() };
        self.settle(row, next, Ending::Unknown).await
    }

    /// The attempt reached nobody: notes it and begins, plans or gives up the next one. Returns an attempt that is to be sent now.
    pub(super) async fn missed(
        &self,
        row: Row,
        miss: Miss,
        code: Option<String>,
        why: String,
    ) -> Result<Option<Row>, StoreError> {
        let now = self.0.clock.now();
        warn!(id = row.id, channel = ?row.channel, attempt = row.attempt, code, why, "it reached nobody");
        let order: Vec<ChannelKind> = self.0.channels.iter().map(|c| c.kind()).collect();
        let lease = self.new_lease(row.attempt + 1);
        let written = self.0.store.write(move |tx| {
            let tally = table::tally(tx, &row.id, row.channel)?.and(miss.ending());
            let mut after = match next(&row, miss, tally, &order, now) {
                Next::Send(channel) => sending(&row, channel, lease),
                Next::Later(at) => Row { state: State::Planned, next_at: Some(at), ..row.clone() },
                Next::Fail => Row { state: State::Failed, next_at: None, ..row.clone() },
            };
            after.why = Some(why);
            if matches!(miss, Miss::Undelivered { .. }) && after.state != State::Failed {
                // The provider keeps the message that it could not deliver: the next one must not be taken for it.
                after.tag = super::fresh_tag(tx)?;
                after.provider_id = None;
            }
            if !table::replace(tx, &row, &after, now)? {
                return Ok(None);
            }
            // An attempt in doubt keeps the reason of its doubt.
            let why = after.why.as_deref().filter(|_| miss != Miss::Absent || row.state == State::Sending);
            table::end_attempt(tx, &row, miss.ending(), code.as_deref(), why, now)?;
            if after.state == State::Sending {
                table::begin_attempt(tx, &after, now)?;
            }
            Ok(Some(after))
        });
        let Some(after) = written.await? else { return Ok(None) };
        match after.state {
            State::Sending => {
                self.0.leases.grant(&after.id, lease, self.0.clock.boottime());
                return Ok(Some(after));
            }
            State::Failed => {
                error!(id = after.id, why = after.why, "nobody will be told");
                self.0.checkpoint.checkpoint().await;
            }
            _ => {}
        }
        Ok(None)
    }

    /// Writes the end of an attempt and the state that it leaves.
    async fn settle(&self, row: Row, next: Row, ending: Ending) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        self.0
            .store
            .write(move |tx| {
                if table::replace(tx, &row, &next, now)? {
                    table::end_attempt(tx, &row, ending, None, next.why.as_deref(), now)?;
                }
                Ok(())
            })
            .await
    }

    /// What is left of a lease.
    fn left(&self, lease: Lease) -> Duration {
        lease.until.saturating_sub(self.0.clock.boottime())
    }
}

/// The row's next attempt, on a channel.
fn sending(row: &Row, channel: ChannelKind, lease: Lease) -> Row {
    Row {
        state: State::Sending,
        channel,
        attempt: lease.attempt,
        lease_until: Some(lease.row_until),
        next_at: Some(lease.row_settled),
        provider_id: None,
        ..row.clone()
    }
}
