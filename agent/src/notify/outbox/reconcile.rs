//! Step 4: after doubt, ask the provider; never send blindly.

use tokio::time::timeout;
use tracing::warn;

use super::{Outbox, next::Miss, timing};
use crate::{
    notify::channels::AskError,
    store::{
        StoreError,
        outbox::{self as table, Ending, Row, State},
    },
};

impl Outbox {
    /// Looks for the row's tag at its provider.
    pub(super) async fn reconcile(&self, row: Row) -> Result<(), StoreError> {
        match self.find(&row).await {
            Ok(Some(provider_id)) => self.accepted(row, provider_id, Ending::Adopted).await,
            Ok(None) => {
                let why = "it was in doubt, and the provider does not have it".to_owned();
                match self.missed(row, Miss::Absent, None, why).await? {
                    Some(next) => self.deliver(next).await,
                    None => Ok(()),
                }
            }
            Err(why) => self.still_unknown(row, &why).await,
        }
    }

    async fn find(&self, row: &Row) -> Result<Option<String>, AskError> {
        let channel = self.channel(row.channel).ok_or_else(|| AskError(super::NO_CHANNEL.to_owned()))?;
        timeout(timing::ASKING, channel.find(&row.tag, row.created_at))
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
        let why = Some(format!("nobody knows whether the provider has it, and it cannot be asked{given_up}: {why}"));
        let next = Row { state: State::Unknown, next_at, why, ..row.clone() };
        self.0.store.write(move |tx| table::replace(tx, &row, &next, now).map(drop)).await
    }
}
