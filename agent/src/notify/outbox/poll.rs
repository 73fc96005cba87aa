//! Step 5 of the protocol: from accepted to delivered.

use jiff::Timestamp;
use tokio::time::timeout;

use super::{Outbox, next::Miss, timing};
use crate::{
    failpoint,
    notify::channels::{AskError, Status},
    store::{
        StoreError,
        tables::{
            broken_channels::{self, Proof},
            outbox::{self as table, Row, State},
        },
    },
};

impl Outbox {
    /// Asks the provider where the row's message stands, and records the answer.
    pub(super) async fn poll(&self, row: Row) -> Result<(), StoreError> {
        let answer = self.status(&row).await;
        failpoint!("outbox.polled");
        let now = self.0.clock.now();
        let age = timing::between(row.accepted_at.unwrap_or(row.created_at), now);
        let next_poll = timing::after(now, timing::before_polling(age));
        let next = match answer {
            Ok(Status::Failed {
                may_pass,
                scope,
                code,
                why,
            }) => {
                let miss = Miss::Undelivered { may_pass, scope };
                return match self.missed(row, miss, code, why).await? {
                    Some(next) => self.deliver(next).await,
                    None => Ok(()),
                };
            }
            Ok(Status::Delivered) => arrived(&row, None),
            Ok(Status::Sent) if age >= timing::NO_RECEIPT => {
                arrived(&row, Some("sent, but no receipt within 24 h".to_owned()))
            }
            Ok(Status::Pending) if age >= timing::GIVE_UP_ASKING => {
                let why = "still with the provider after 48 h, no longer asked about".to_owned();
                still_accepted(&row, None, Some(why))
            }
            // Where no receipts come, nothing new was learnt: what the provider said when it took the message stays.
            Ok(Status::Sent) if !row.channel.has_receipts() => {
                still_accepted(&row, Some(next_poll), row.why.clone())
            }
            Ok(Status::Pending | Status::Sent) => still_accepted(&row, Some(next_poll), None),
            Err(why) if age >= timing::GIVE_UP_ASKING => {
                let why = format!("accepted, but what became of it is unknown, given up after 48 h: {why}");
                still_accepted(&row, None, Some(why))
            }
            Err(why) => {
                let why = format!("accepted, but what became of it is unknown: {why}");
                still_accepted(&row, Some(next_poll), Some(why))
            }
        };
        let written = self.0.store.write(move |tx| {
            if table::replace(tx, &row, &next, now)? && next.state == State::Delivered {
                broken_channels::clear(tx, row.channel, Proof::Arrived)?;
            }
            Ok(())
        });
        written.await?;
        failpoint!("outbox.followed");
        Ok(())
    }

    async fn status(&self, row: &Row) -> Result<Status, AskError> {
        let channel = self.channel(row.channel).ok_or(AskError::NoChannel)?;
        let id = row.provider_id.as_deref().ok_or(AskError::NoId)?;
        // A receipt can wait. A new message cannot, because its lease has begun. So this question must be
        // short.
        let within = timing::ASKING.min(self.0.lease / 3);
        timeout(within, channel.status(id))
            .await
            .unwrap_or_else(|_| Err(AskError::Late(within)))
    }
}

fn arrived(row: &Row, why: Option<String>) -> Row {
    Row {
        state: State::Delivered,
        next_at: None,
        why,
        ..row.clone()
    }
}

/// `next_at`: when the provider is asked next; `None`: no more.
fn still_accepted(row: &Row, next_at: Option<Timestamp>, why: Option<String>) -> Row {
    Row {
        next_at,
        why,
        ..row.clone()
    }
}
