//! The ways to reach the person, behind one honest trait.
//!
//! A channel speaks one provider's language and keeps no state of a message: it sends once, it looks for a
//! tag, it asks about an id, and it never says "no" where it means "perhaps". When to send, again or
//! elsewhere, is the outbox' matter.

pub mod console;
pub mod email;
pub mod renewable;
pub mod slack;
pub mod telegram;
pub mod twilio;
mod unanswered;

use std::{pin::Pin, time::Duration};

use jiff::{SignedDuration, Timestamp};

pub use crate::{
    domain::{ChannelKind, OnDoubt},
    outbound::{LeaseCheck, LeaseOver},
};

/// A provider's clock and ours may differ by so much. Both are set by the network, to fractions of a second;
/// this is for the day on which one of them is not.
pub const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(2);

/// What became of a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider has it, under this id.
    Accepted(String),
    /// The provider refused it for certain; nobody was told.
    Rejected {
        /// Whether trying again cannot help.
        permanent: bool,
        /// What the refusal is about.
        scope: Scope,
        /// How long to wait, if the provider said so.
        retry_after: Option<Duration>,
        /// The provider's code.
        code: Option<String>,
        /// What happened and what to do, for a person.
        why: String,
    },
    /// The lease was over before the message left. The provider has certainly nothing of it.
    NotSent {
        /// What happened, for a person.
        why: String,
    },
    /// Nobody can say whether it was accepted.
    Unknown {
        /// What happened, for a person.
        why: String,
    },
}

/// What a refusal is about. The difference decides what becomes of the *next* message, not of this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// This message, or this moment: another message may get through.
    Message,
    /// The channel: no message gets through until a person does something about it.
    Channel,
}

/// Where an accepted message stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Still with the provider.
    Pending,
    /// Handed on by the provider; no receipt has come back, and some carriers never give one.
    Sent,
    /// It arrived.
    Delivered,
    /// It will not arrive.
    Failed {
        /// Whether the reason may pass, so that a new message on the same channel could arrive.
        may_pass: bool,
        /// What the failure is about.
        scope: Scope,
        /// The provider's code.
        code: Option<String>,
        /// What happened and what to do, for a person.
        why: String,
    },
}

/// What to send.
#[derive(Clone, Debug)]
pub struct Outgoing<'a> {
    /// The whole text, tag included.
    pub text: &'a str,
    /// The tag in it.
    pub tag: &'a str,
    /// How long the provider may keep trying.
    pub validity: Option<Duration>,
    /// The last check before the message leaves. Make it on an open connection, right before the first byte
    /// of the message is written: after it the sender may no longer own the message.
    pub lease: LeaseCheck,
}

impl Outgoing<'_> {
    /// The text alone, for a channel that has another place for the tag, or that must not say it.
    pub fn without_tag(&self) -> &str {
        self.text.strip_suffix(self.tag).unwrap_or(self.text).trim_end()
    }
}

/// An attempt of which nobody knows what became, with all that tells it from others.
#[derive(Clone, Debug)]
pub struct Doubt<'a> {
    /// The tag in its text.
    pub tag: &'a str,
    /// When its message was made: nothing that is older can be it.
    pub since: Timestamp,
    /// When the attempt began.
    pub began: Timestamp,
    /// When its lease ended: nothing was sent after it.
    pub ended: Timestamp,
    /// The ids of what this channel is known to have sent instead, as far back as may matter.
    pub others: &'a [String],
    /// How many attempts of other messages are in doubt on this channel and may have been sent at the same
    /// time.
    pub rivals: usize,
}

/// Why a question about the past could not be answered; for a person, no secrets.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct AskError(pub String);

/// A future of a channel.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One way to reach the person.
pub trait Channel: Send + Sync {
    /// Which one.
    fn kind(&self) -> ChannelKind;

    /// Whether [`Channel::find`] can tell after doubt. Where it cannot, [`Channel::on_doubt`] says which way
    /// to err.
    fn reconcilable(&self) -> bool;

    /// Which way to err after doubt, as configured. Of no meaning where the provider can be asked.
    fn on_doubt(&self) -> OnDoubt {
        OnDoubt::default()
    }

    /// Opens the connection, so that [`Channel::send`] only has to write. Its failure is not an outcome of
    /// the message, but it says when the provider refuses the credentials.
    fn warm_up(&self) -> Answer<'_, Result<(), AskError>>;

    /// Says what can be known of the channel without sending anything, for `check`.
    fn probe(&self) -> Answer<'_, Result<String, AskError>> {
        Box::pin(async {
            self.warm_up()
                .await
                .map(|()| "reachable, credentials accepted".to_owned())
        })
    }

    /// Sends once, never retries. Ends within `within`. Sends nothing if the lease of the message is over when
    /// the connection is ready.
    fn send<'a>(&'a self, message: Outgoing<'a>, within: Duration) -> Answer<'a, Outcome>;

    /// Looks for an attempt in doubt: the id of what came of it, or `None` if the provider has nothing for
    /// certain.
    fn find<'a>(&'a self, _doubt: &'a Doubt<'a>) -> Answer<'a, Result<Option<String>, AskError>> {
        let error = AskError(format!("{} cannot be asked what it has", self.kind().as_str()));
        Box::pin(std::future::ready(Err(error)))
    }

    /// Asks where an accepted message stands.
    fn status<'a>(&'a self, provider_id: &'a str) -> Answer<'a, Result<Status, AskError>>;
}
