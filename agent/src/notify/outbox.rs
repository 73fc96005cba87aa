//! The outbox: brings each message that was decided on to a provider, as a rule once.
//!
//! No provider takes an idempotency key. So the outbox writes each send down before the send begins. If it
//! does not know how a send ended, it asks the provider. The protocol, with the file that holds each step:
//!
//! 1. **Claim**: [`Outbox::insert`], here, in the transaction of the pass. The message is in state `sending`,
//!    attempt 1, with a lease. The end of the lease is kept twice: in the row by the wall clock, for other
//!    processes, and in memory by CLOCK_BOOTTIME, for this process (`leases`). Then the
//!    [checkpoint](Store::checkpoint) copies the claim off the machine before the message leaves. A fenced
//!    checkpoint means that another instance went on with the state. Then this process no longer owns the
//!    message.
//! 2. **Check** (`deliver`): the connection is opened first. Just before the bytes leave, the channel makes
//!    the lease check that came with the message ([`LeaseCheck`](crate::outbound::LeaseCheck)): is this
//!    process still inside the lease by CLOCK_BOOTTIME? Otherwise the channel sends nothing, because another
//!    process may own the message by now. With HTTP the head of the request may have left before this check,
//!    so the message goes to step 4. With mail and the terminal nothing of the message has left, so the
//!    message is `planned` for later.
//! 3. **Send** (`deliver`, `record`, `missed`; `next` decides what follows): one send for each attempt.
//!    Its deadline lies inside the lease, and its text contains the tag.
//!    * Accepted: state `accepted` with the provider's id. This is written durably, even on top of what
//!      another instance wrote meanwhile.
//!    * Refused for good: a new attempt on the next channel, with a lease as in step 1. Without another
//!      channel: `failed`. If the channel would refuse every other message too, it is marked as broken: new
//!      messages try it last until it works again (`order`).
//!    * Refused for now: `planned` for later. After some tries, or if the message would expire first, a new
//!      attempt on the next channel.
//!    * Anything else: `unknown`.
//! 4. **Reconcile** (`reconcile`): for a message that is `unknown`, and for a message that is `sending`
//!    although its owner is gone. When the lease and the settle time are over, the provider is asked whether
//!    it has a message with this tag.
//!    * Found: the message is adopted as `accepted`.
//!    * Absent: a new attempt with a lease as in step 1, or `failed` if the message expired. The settle time
//!      grows from attempt to attempt. This answer is believed once: if the provider does not list a second
//!      attempt either, its listing proves nothing. The message stays `unknown` on this channel, and the next
//!      channel says it once more, with a text that begins with "Mecris again". At most two attempts without
//!      an answer are made on a channel, three in all. An attempt whose sender was gone before it could record
//!      anything counts as neither: mostly it never left.
//!    * No answer: asked again later, never sent blindly.
//!    * The channel cannot be asked (`reconcilable()` is false): its `on_doubt` decides. `resend` (at least
//!      once) makes a new attempt with the same tag, so that the person sees that it is the same message.
//!      After two doubts on one channel the next channel is used. After three in all or the last channel, or
//!      when the message has expired, the message stays `unknown`. `give_up` (at most once) leaves the message
//!      `unknown`, and no other channel is tried.
//! 5. **Follow** (`poll`): the provider is asked about an `accepted` message at growing intervals until it is
//!    `delivered`. If it cannot be delivered, the next channel gets a new attempt.
//!
//! `work` decides which messages are due and which step each of them needs. `timing` holds all waiting times.
//!
//! Every change of a row is a compare-and-set on state and attempt, so a worker changes nothing if another
//! worker was faster. A worker may be dropped at any await: step 4 picks up the row that the worker leaves.
//!
//! Each of these can still send a message twice (docs/RELIABILITY.md, "Where the promise ends"):
//!
//! * A process may be paused between the check of step 2 and the write to the socket, for longer than the
//!   rest of its lease and the settle time.
//! * A provider may list a message only after the settle time.
//! * A channel that cannot be asked may have `on_doubt = "resend"`.
//! * While the remote does not answer, another machine may go on without what this one wrote.

mod deliver;
mod insert;
mod leases;
mod missed;
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
    message::{Text, new_tag},
};
pub use insert::{Delivered, insert_delivered};

pub use timing::longest_settle;

pub use crate::store::tables::outbox::State;
use crate::{
    clock::Clock,
    config::NotifySettings,
    domain::{Severity, Subject},
    store::{
        Store, StoreError,
        tables::{broken_channels, outbox as table},
    },
};

/// A message to make.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// The pass that made it.
    pub run_id: Option<String>,
    /// The severity of its worst condition.
    pub severity: Severity,
    /// What the message tells: first what it names, in the order of the text, then what it counts.
    pub subjects: Vec<Subject>,
    /// What it says, without its tag.
    pub text: Text,
    /// When the message is no longer worth sending.
    pub expires_at: Option<Timestamp>,
    /// The channels that may bring it, in their order; `None`: all that are configured.
    pub channels: Option<Vec<ChannelKind>>,
    /// Only this channel instead of the configured order (`notify test --channel`).
    pub only: Option<ChannelKind>,
}

/// The outbox. Cheap to clone. Clones share the leases, so any clone may call [`Outbox::work`].
#[derive(Clone)]
pub struct Outbox(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    channels: Vec<Arc<dyn Channel>>,
    lease: Duration,
    settle: Duration,
    leases: Leases,
    /// Notified whenever a send has ended, whatever its outcome.
    sent: tokio::sync::Notify,
    /// Whether the newest access to the database failed.
    database_failed: std::sync::atomic::AtomicBool,
}

impl Outbox {
    /// An outbox that tries `channels` in their order.
    pub fn new(
        store: Store,
        clock: Clock,
        settings: &NotifySettings,
        channels: Vec<Arc<dyn Channel>>,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            clock,
            channels,
            lease: settings.lease,
            settle: settings.settle,
            leases: Leases::default(),
            sent: tokio::sync::Notify::new(),
            database_failed: false.into(),
        }))
    }

    /// Step 1, inside the caller's transaction: inserts the message in state `sending`, attempt 1, with its
    /// lease. Returns the id of the message.
    ///
    /// If the message's channel is not configured, the message is `failed` at once.
    ///
    /// # Errors
    /// If SQLite fails. The caller then rolls its transaction back.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a message is made to be handed over"
    )]
    pub fn insert(&self, tx: &Transaction<'_>, message: NewMessage) -> rusqlite::Result<String> {
        let lease = self.new_lease(1);
        let owned = insert::Owned {
            until: lease.row_until,
            settled: lease.row_settled,
        };
        let row = insert::insert(tx, &message, &self.configured(), &owned, self.0.clock.now())?;
        if row.state == State::Sending {
            self.0.leases.grant(&row.id, lease);
        }
        Ok(row.id)
    }

    /// A lease that begins now, for one attempt.
    fn new_lease(&self, attempt: u32) -> Lease {
        let (now, boottime) = (self.0.clock.now(), self.0.clock.boottime());
        let until = self.0.lease;
        let settled = until + self.settle_time(attempt);
        Lease {
            attempt,
            epoch: self.0.store.epoch(),
            until: boottime + until,
            settled: boottime + settled,
            row_until: timing::after(now, until),
            row_settled: timing::after(now, settled),
        }
    }

    /// How long after its lease the provider may be asked about an attempt.
    fn settle_time(&self, attempt: u32) -> Duration {
        timing::settle(self.0.settle, attempt)
    }

    /// Gives every broken channel one message as a new chance. Call this once when a process starts: a person
    /// may have repaired the channel and then restarted the process.
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
