//! Records the outcome of an attempt. Each outcome is one transaction. It changes nothing if another worker
//! was faster.

use std::time::Duration;

use tracing::{error, info, warn};

use super::{
    Outbox,
    leases::Lease,
    next::{Miss, Next, next},
    order::fallback,
    timing::{self, after},
};
use crate::{
    failpoint,
    notify::channels::ChannelKind,
    store::{
        StoreError,
        tables::{
            broken_channels::{self, Proof, Refusal},
            outbox::{self as table, Ending, Row, State},
        },
    },
};

impl Outbox {
    /// Records that the provider has the message and calls it `provider_id`.
    pub(super) async fn accepted(
        &self,
        row: Row,
        provider_id: String,
        ending: Ending,
    ) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        info!(id = row.id, channel = ?row.channel, attempt = row.attempt, how = ending.as_str(), "the provider has the message");
        let next = Row {
            state: State::Accepted,
            provider_id: Some(provider_id),
            accepted_at: Some(now),
            next_at: Some(after(now, timing::before_polling(Duration::ZERO))),
            why: None,
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
        let unsettled = self
            .0
            .leases
            .doubted(&row.id, row.attempt, self.0.settle, self.0.clock.boottime());
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
        let now = self.0.clock.now();
        let what = if matches!(miss, Miss::InDoubt(_)) {
            "it stays unknown whether the message arrived"
        } else {
            "the attempt reached nobody"
        };
        warn!(id = row.id, channel = ?row.channel, attempt = row.attempt, code, why, "{what}");
        let order = self.configured();
        let lease = self.new_lease(row.attempt + 1);
        let written = self.0.store.write(move |tx| {
            let tally = table::tally(tx, &row.id, row.channel)?.and(miss.ending());
            let known = table::is_acknowledged(tx, &row.id)?;
            let fallback = fallback(tx, &row, &order)?;
            let mut after = match withhold(next(&row, miss, tally, fallback, now), miss, known) {
                Next::Send(channel) => sending(&row, channel, lease),
                Next::Later(at) => Row {
                    state: State::Planned,
                    next_at: Some(at),
                    ..row.clone()
                },
                // The message has failed only if no earlier attempt stayed in doubt: such an attempt may have
                // reached the person.
                Next::Fail if !table::was_resent(tx, &row.id)? => Row {
                    state: State::Failed,
                    next_at: None,
                    ..row.clone()
                },
                Next::Fail | Next::Leave => Row {
                    state: State::Unknown,
                    next_at: None,
                    ..row.clone()
                },
            };
            let over = matches!(after.state, State::Failed | State::Unknown);
            after.why = Some(if known && over {
                format!("not sent again, the person knows: {why}")
            } else {
                why
            });
            if matches!(miss, Miss::Undelivered { .. }) && after.state != State::Failed {
                // The provider still lists the message that it could not deliver. The next attempt gets a new
                // tag, so that the two are not mixed up.
                after.tag = super::fresh_tag(tx)?;
                after.provider_id = None;
            }
            if !table::replace(tx, &row, &after, now)? {
                return Ok(None);
            }
            if miss.breaks_channel() {
                let at_arrival = matches!(miss, Miss::Undelivered { .. });
                let why = after.why.as_deref().unwrap_or_default();
                broken_channels::mark(
                    tx,
                    row.channel,
                    Refusal {
                        at_arrival,
                        code: code.as_deref(),
                        why,
                    },
                    now,
                )?;
            }
            // If the attempt is recorded as in doubt already, the recorded reason stays.
            let after_doubt = matches!(miss, Miss::Absent | Miss::InDoubt(_));
            let why = after
                .why
                .as_deref()
                .filter(|_| !after_doubt || row.state == State::Sending);
            // A refused attempt is recorded as refused, even if an earlier attempt leaves the message in
            // doubt.
            let left = matches!(miss, Miss::InDoubt(_)) && after.state == State::Unknown;
            let ending = if left { Ending::Unknown } else { miss.ending() };
            table::end_attempt(tx, &row, ending, code.as_deref(), why, now)?;
            if after.state == State::Sending {
                table::begin_attempt(tx, &after, now)?;
            }
            Ok(Some(after))
        });
        let Some(after) = written.await? else {
            return Ok(None);
        };
        failpoint!("outbox.missed");
        match after.state {
            State::Sending => {
                self.0.leases.grant(&after.id, lease);
                return Ok(Some(after));
            }
            State::Failed | State::Unknown => {
                error!(
                    id = after.id,
                    why = after.why,
                    state = after.state.as_str(),
                    "giving up: no channel accepted this message"
                );
                self.0
                    .store
                    .checkpoint(self.0.store.epoch(), self.checkpoint_time())
                    .await;
            }
            _ => {}
        }
        Ok(None)
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

/// If the person knows already (`known`), no further attempt is made: the message fails. If it may have
/// reached the person, it stays in doubt instead.
fn withhold(next: Next, miss: Miss, known: bool) -> Next {
    match next {
        Next::Send(_) | Next::Later(_) if known && matches!(miss, Miss::InDoubt(_)) => Next::Leave,
        Next::Send(_) | Next::Later(_) if known => Next::Fail,
        next => next,
    }
}

/// The row for the next attempt, on `channel`.
pub(super) fn sending(row: &Row, channel: ChannelKind, lease: Lease) -> Row {
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
