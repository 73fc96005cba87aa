//! The outbox: from a decision to a message that a provider has, once.
//!
//! No provider here takes an idempotency key, so the effect "once" is made of a durable intent before the
//! send and a question after doubt. The protocol:
//!
//! 1. [`Outbox::insert`], in the transaction of the pass: the message in state `sending`, attempt 1, with a
//!    lease. Its end is kept twice: in the row by the wall clock, for another process, and in memory by
//!    CLOCK_BOOTTIME, for this one. Then the [checkpoint](Store::checkpoint): the claim is safe off the
//!    machine before its message leaves. Fenced: another instance went on, this message is none of ours any
//!    more.
//! 2. `deliver`: the connection is opened first. Just before the bytes leave, the channel makes the lease
//!    check that came with the message ([`LeaseCheck`](crate::outbound::LeaseCheck)): is this process still
//!    inside the lease by CLOCK_BOOTTIME? Otherwise it sends nothing, because another process may own the
//!    message by now. Over HTTP the head of the request may have left, so the message goes to step 4. Mail
//!    and the terminal have certainly nothing of the message, so it is `planned` for later.
//! 3. `deliver`: one send, never repeated, with a deadline inside the lease and the tag in the text.
//!    * Accepted: state `accepted` with the provider's id, written durably: should another instance have gone
//!      on meanwhile, on
//!      top of what it wrote.
//!    * Refused for good: the next channel begins a new attempt at step 1's lease; no channel left: `failed`.
//!      If the reason
//!      is the channel's, so that no other message would get through either, the channel is marked as broken: new messages
//!      begin elsewhere and come to it last, until it works again.
//!    * Refused for now: `planned` for later. The next channel takes over after some tries, or when there is
//!      no later.
//!    * Anything else: `unknown`.
//! 4. `reconcile`, for `unknown` and for a `sending` whose owner is gone: once the lease is over and the
//!    settle time has passed, the provider is asked for the tag. Found: it is adopted as `accepted`. Absent:
//!    a new attempt at step 1's lease, or `failed` if it expired. No answer: asked again later, never sent
//!    blindly. A channel that cannot be asked (`reconcilable()` is false) errs as its `on_doubt` says, at the
//!    same moment:
//!    * `resend`, at least once: a new attempt with the same tag, so that a person sees that it is the same
//!      message. After some
//!      doubts on one channel the next channel says it; after the last one, or when it expired, it stays `unknown`.
//!    * `give_up`, at most once: it stays `unknown` for ever, and no other channel says it.
//! 5. `poll`: `accepted` is asked about at growing intervals until it is `delivered`. What cannot be
//!    delivered goes to the next channel as a new attempt.
//!
//! Every change of a row is compare-and-set on state and attempt, so a worker that was overtaken changes
//! nothing. Dropping a worker at any await leaves a row that step 4 picks up.
//!
//! Two gaps remain. A process may be paused between the check of step 2 and the write to the socket, for
//! longer than the rest of its lease and the settle time; and a provider may list a message only after the
//! settle time. Either can send a message twice.

mod deliver;
mod leases;
mod next;
mod order;
mod poll;
mod reconcile;
mod record;
mod timing;
mod work;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use rusqlite::Transaction;

use leases::{Lease, Leases};

use super::{
    channels::{Channel, ChannelKind},
    message::{compose, new_tag},
};
pub use crate::store::tables::outbox::State;
use crate::{
    clock::{self, Clock},
    config::NotifySettings,
    domain::{Phrase, Severity, Subject},
    store::{
        Store, StoreError,
        tables::{
            broken_channels,
            outbox::{self as table, About, Row},
        },
    },
};

/// A message to make.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// The pass that made it.
    pub run_id: Option<String>,
    /// Worst of its conditions.
    pub severity: Severity,
    /// Most urgent first.
    pub subjects: Vec<Subject>,
    /// In the same order.
    pub phrases: Vec<Phrase>,
    /// After it the message is not worth sending.
    pub expires_at: Option<Timestamp>,
    /// Only this channel instead of the configured order (`notify test --channel`).
    pub only: Option<ChannelKind>,
}

/// The outbox. Cheap to clone; clones share the leases, so any of them may work.
#[derive(Clone)]
pub struct Outbox(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    channels: Vec<Arc<dyn Channel>>,
    lease: Duration,
    settle: Duration,
    leases: Leases,
    /// Told whenever a send has ended, however it ended.
    sent: tokio::sync::Notify,
    stumbled: std::sync::atomic::AtomicBool,
}

impl Outbox {
    /// With the channels in the order in which they are tried.
    pub fn new(
        store: Store,
        clock: Clock,
        settings: &NotifySettings,
        channels: Vec<Arc<dyn Channel>>,
    ) -> Self {
        let (leases, sent, stumbled) = (Leases::default(), tokio::sync::Notify::new(), false.into());
        let (lease, settle) = (settings.lease, settings.settle);
        Self(Arc::new(Inner {
            store,
            clock,
            channels,
            lease,
            settle,
            leases,
            sent,
            stumbled,
        }))
    }

    /// Step 1, inside the caller's transaction: the message in state `sending`, attempt 1, with its lease.
    /// Returns its id.
    ///
    /// Without the channel it asks for the message is `failed` at once, and says why.
    ///
    /// # Errors
    /// What SQLite says; the caller's transaction is to be given up then.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a message is made to be handed over"
    )]
    pub fn insert(&self, tx: &Transaction<'_>, message: NewMessage) -> rusqlite::Result<String> {
        let now = self.0.clock.now();
        let tag = fresh_tag(tx)?;
        let lease = self.new_lease(1);
        let first = order::first(&self.configured(), &broken_channels::all(tx)?, now);
        let channel = message.only.or(first).unwrap_or(ChannelKind::Console);
        broken_channels::take_chance(tx, channel, now)?;
        let mut row = Row {
            id: clock::time_ordered_id(now),
            state: State::Sending,
            channel,
            pinned: message.only.is_some(),
            attempt: 1,
            body: compose(&message.phrases, tag.len()),
            tag,
            created_at: now,
            expires_at: message.expires_at,
            lease_until: Some(lease.row_until),
            next_at: Some(lease.row_settled),
            provider_id: None,
            accepted_at: None,
            why: None,
            updated_at: now,
        };
        if self.channel(channel).is_none() {
            row = Row {
                state: State::Failed,
                next_at: None,
                why: Some(NO_CHANNEL.to_owned()),
                ..row
            };
        }
        let about = About {
            run_id: message.run_id.as_deref(),
            severity: message.severity,
            subjects: &message.subjects,
        };
        table::insert(tx, &row, about)?;
        table::begin_attempt(tx, &row, now)?;
        if row.state == State::Sending {
            self.0.leases.grant(&row.id, lease);
        } else {
            table::end_attempt(tx, &row, table::Ending::Rejected, None, row.why.as_deref(), now)?;
        }
        Ok(row.id)
    }

    /// A lease that begins now, for one attempt.
    fn new_lease(&self, attempt: u32) -> Lease {
        let (now, boottime) = (self.0.clock.now(), self.0.clock.boottime());
        let until = self.0.lease;
        let settled = until + self.0.settle;
        Lease {
            attempt,
            epoch: self.0.store.epoch(),
            until: boottime + until,
            settled: boottime + settled,
            row_until: timing::after(now, until),
            row_settled: timing::after(now, settled),
        }
    }

    /// Lets the next message begin with a channel that is broken, again: said once when a process starts,
    /// since whoever repaired it may have restarted it.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub async fn retry_broken_channels(&self) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        self.0
            .store
            .write(move |tx| broken_channels::give_all_a_chance(tx, now))
            .await
    }

    /// The channels, in the configured order.
    pub fn configured(&self) -> Vec<ChannelKind> {
        self.0.channels.iter().map(|channel| channel.kind()).collect()
    }

    fn channel(&self, kind: ChannelKind) -> Option<&Arc<dyn Channel>> {
        self.0.channels.iter().find(|channel| channel.kind() == kind)
    }
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox")
            .field("channels", &self.configured())
            .finish_non_exhaustive()
    }
}

const NO_CHANNEL: &str = "its channel is not configured: see notify.channels";

/// A tag that no message has yet.
fn fresh_tag(tx: &Transaction<'_>) -> rusqlite::Result<String> {
    loop {
        let tag = new_tag();
        if !table::tag_exists(tx, &tag)? {
            return Ok(tag);
        }
    }
}

#[cfg(test)]
mod tests;
