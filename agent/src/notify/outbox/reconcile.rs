//! Step 4 of the protocol: asks the provider about an attempt in doubt. A message is never sent blindly,
//! unless the channel cannot be asked and the configuration says to send the message again.

use tokio::time::timeout;
use tracing::warn;

use super::{Outbox, next::Miss, timing};
use crate::{
    failpoint,
    notify::channels::{AskError, CLOCKS_DIFFER, Channel, Doubt, OnDoubt},
    store::{
        StoreError,
        tables::outbox::{self as table, Ending, Row, State},
    },
};

impl Outbox {
    /// Looks for the row's tag at its provider, and goes on from what it finds.
    pub(super) async fn reconcile(&self, row: Row) -> Result<(), StoreError> {
        failpoint!("outbox.doubtful");
        if let Some(channel) = self
            .channel(row.channel)
            .filter(|channel| !channel.reconcilable())
        {
            let (way, why) = (channel.on_doubt(), in_doubt(channel.as_ref(), &row));
            return self.go_on(row, Miss::InDoubt(way), why).await;
        }
        match self.find(&row).await {
            Ok(Some(provider_id)) => {
                failpoint!("outbox.found");
                self.accepted(row, provider_id, Ending::Adopted, None).await
            }
            Ok(None) => {
                failpoint!("outbox.absent");
                let why = "the attempt was in doubt, and the provider does not have it".to_owned();
                self.go_on(row, Miss::Absent, why).await
            }
            Err(why) => {
                failpoint!("outbox.unanswered");
                self.still_unknown(row, &why).await
            }
        }
    }

    /// Records how the attempt ended, and sends the next attempt if it is due now.
    async fn go_on(&self, row: Row, miss: Miss, why: String) -> Result<(), StoreError> {
        match self.missed(row, miss, None, why).await? {
            Some(next) => self.deliver(next).await,
            None => Ok(()),
        }
    }

    async fn find(&self, row: &Row) -> Result<Option<String>, AskError> {
        let channel = self.channel(row.channel).ok_or(AskError::NoChannel)?;
        let around = self
            .0
            .store
            .read(|connection| table::surroundings(connection, row, CLOCKS_DIFFER));
        let around = around.map_err(|error| AskError::State(error.into()))?;
        let doubt = Doubt {
            tag: &row.tag,
            since: row.created_at,
            began: around.began,
            ended: around.ended,
            others: &around.others,
            rivals: around.rivals,
        };
        timeout(timing::ASKING, channel.find(&doubt))
            .await
            .unwrap_or_else(|_| Err(AskError::Late(timing::ASKING)))
    }

    async fn still_unknown(&self, row: Row, why: &AskError) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        warn!(id = row.id, channel = ?row.channel, %why, "cannot find out whether the message was accepted");
        let age = timing::between(row.lease_until.unwrap_or(row.created_at), now);
        let (next_at, given_up) = if age < timing::GIVE_UP_ASKING {
            (Some(timing::after(now, timing::before_asking_again(age))), "")
        } else {
            (None, ", given up after 48 h")
        };
        let why = Some(format!(
            "it is unknown whether the provider has the message, and the provider cannot be asked{given_up}: {why}"
        ));
        let next = Row {
            state: State::Unknown,
            next_at,
            why,
            ..row.clone()
        };
        self.0
            .store
            .write(move |tx| table::replace(tx, &row, &next, now).map(drop))
            .await
    }
}

/// Says why the outcome will never be known, and whether the configuration risks two messages or none.
fn in_doubt(channel: &dyn Channel, row: &Row) -> String {
    let name = channel.kind().as_str();
    let way = match channel.on_doubt() {
        OnDoubt::Resend => "it is sent at least once, again with the same tag, so it may come twice",
        OnDoubt::GiveUp => "it is sent at most once, not again, so it may never come",
    };
    let doubt = row
        .why
        .as_deref()
        .filter(|_| row.state == State::Unknown)
        .unwrap_or("the sender was interrupted");
    format!("it is unknown whether {name} has the message, and {name} cannot be asked: {way} ({doubt})")
}
