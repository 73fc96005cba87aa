//! Step 4: after doubt, ask the provider; never send blindly, unless it cannot be asked and the configuration
//! says so.

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
    /// Looks for the row's tag at its provider.
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
                self.accepted(row, provider_id, Ending::Adopted).await
            }
            Ok(None) => {
                failpoint!("outbox.absent");
                let why = "it was in doubt, and the provider does not have it".to_owned();
                self.go_on(row, Miss::Absent, why).await
            }
            Err(why) => {
                failpoint!("outbox.unanswered");
                self.still_unknown(row, &why).await
            }
        }
    }

    /// Notes how the attempt ended, and sends the next one if it is to be sent now.
    async fn go_on(&self, row: Row, miss: Miss, why: String) -> Result<(), StoreError> {
        match self.missed(row, miss, None, why).await? {
            Some(next) => self.deliver(next).await,
            None => Ok(()),
        }
    }

    async fn find(&self, row: &Row) -> Result<Option<String>, AskError> {
        let channel = self
            .channel(row.channel)
            .ok_or_else(|| AskError(super::NO_CHANNEL.to_owned()))?;
        let around = self
            .0
            .store
            .read(|connection| table::surroundings(connection, row, CLOCKS_DIFFER));
        let around = around.map_err(|error| AskError(error.to_string()))?;
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
            .unwrap_or_else(|_| Err(AskError(format!("no answer within {:?}", timing::ASKING))))
    }

    async fn still_unknown(&self, row: Row, why: &AskError) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        warn!(id = row.id, channel = ?row.channel, %why, "cannot find out whether it was accepted");
        let age = timing::between(row.lease_until.unwrap_or(row.created_at), now);
        let (next_at, given_up) = if age < timing::GIVE_UP_ASKING {
            (Some(timing::after(now, timing::before_asking_again(age))), "")
        } else {
            (None, ", given up after 48 h")
        };
        let why = Some(format!(
            "nobody knows whether the provider has it, and it cannot be asked{given_up}: {why}"
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

/// Why nobody will ever know, and which way the configuration errs then.
fn in_doubt(channel: &dyn Channel, row: &Row) -> String {
    let name = channel.kind().as_str();
    let way = match channel.on_doubt() {
        OnDoubt::Resend => "it is sent at least once, so it may come twice, with the same tag",
        OnDoubt::GiveUp => "it is sent at most once, so nothing more is sent",
    };
    let doubt = row
        .why
        .as_deref()
        .filter(|_| row.state == State::Unknown)
        .unwrap_or("the sender was interrupted");
    format!("nobody knows whether {name} has it, and it cannot be asked; {way} ({doubt})")
}
