//! The ways to reach the person, behind one honest trait.
//!
//! A channel speaks one provider's language and keeps no state of a message. It sends once, looks for a tag,
//! and asks about an id. It never says "no" where it means "perhaps". The outbox decides when to send, and
//! whether to send again or on another channel.

mod ask_error;
pub mod console;
pub mod email;
mod no_reply;
pub mod renewable;
pub mod slack;
pub mod telegram;
pub mod twilio;

use std::{pin::Pin, time::Duration};

use jiff::{SignedDuration, Timestamp};

pub use ask_error::AskError;

pub use crate::{
    domain::{ChannelKind, OnDoubt},
    outbound::{LeaseCheck, LeaseOver},
};

/// How much a provider's clock and ours may differ. Both are usually set by the network, to fractions of a
/// second; this allows for one that is not.
pub const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(2);

/// What became of a send. The variant and its fields decide what follows. A `why` is a text for a person and
/// decides nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider has it, under this id.
    Accepted(String),
    /// The provider has it, at another address than the configured one.
    AcceptedElsewhere {
        /// The provider's id of the message.
        id: String,
        /// What to change, for a person.
        why: String,
    },
    /// The provider certainly refused it, so it reached nobody.
    Rejected {
        /// Whether trying again cannot help.
        permanent: bool,
        /// Whether it concerns this message or the channel.
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
    /// It is unknown whether it was accepted.
    Unknown {
        /// What happened, for a person.
        why: String,
    },
}

/// What a refusal is about. The difference decides what becomes of the *next* message, not of this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// This message or this moment. Another message may get through.
    Message,
    /// The channel: no message gets through until a person does something about it.
    Channel,
}

/// Where an accepted message stands. A `why` is a text for a person and decides nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Still with the provider.
    Pending,
    /// Handed on by the provider. No receipt has come back; some carriers never send one.
    Sent,
    /// It arrived.
    Delivered,
    /// It will not arrive.
    Failed {
        /// Whether the reason may pass, so that a new message on the same channel could arrive.
        may_pass: bool,
        /// Whether it concerns this message or the channel.
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
    /// The text without its tag, for a channel that has another place for the tag or must not say it.
    pub fn without_tag(&self) -> &str {
        self.text.strip_suffix(self.tag).unwrap_or(self.text).trim_end()
    }
}

/// An attempt whose outcome is unknown, with everything that tells it from other attempts.
#[derive(Clone, Debug)]
pub struct Doubt<'a> {
    /// The tag in its text.
    pub tag: &'a str,
    /// When its message was made. Anything older is not this attempt.
    pub since: Timestamp,
    /// When the attempt began.
    pub began: Timestamp,
    /// When its lease ended. Nothing was sent later.
    pub ended: Timestamp,
    /// Provider ids of other messages that this channel is known to have sent around that time.
    pub others: &'a [String],
    /// How many attempts of other messages are in doubt on this channel and may have been sent around the
    /// same time.
    pub rivals: usize,
}

/// A message to the person in a provider's list, whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMessage {
    /// The provider's id of it, as the list has it.
    pub id: String,
    /// When the provider got it; `None` if the list does not say.
    pub at: Option<Timestamp>,
    /// Its text; `None` if the list hides it.
    pub text: Option<String>,
}

/// A future of a channel.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One way to reach the person.
pub trait Channel: Send + Sync {
    /// Which channel this is.
    fn kind(&self) -> ChannelKind;

    /// Whether [`Channel::find`] can answer after doubt. If not, [`Channel::on_doubt`] says which way to err.
    fn reconcilable(&self) -> bool;

    /// Which way to err after doubt, as configured. Not used where the provider can be asked.
    fn on_doubt(&self) -> OnDoubt {
        OnDoubt::default()
    }

    /// Opens the connection, so that [`Channel::send`] only has to write. A failure here is no outcome of a
    /// message.
    ///
    /// # Errors
    /// If there is no connection, or the provider refuses the credentials.
    fn warm_up(&self) -> Answer<'_, Result<(), AskError>>;

    /// Describes the channel's state in a sentence, without sending anything. For `check`.
    ///
    /// # Errors
    /// What is wrong with the channel.
    fn probe(&self) -> Answer<'_, Result<String, AskError>> {
        Box::pin(async {
            self.warm_up()
                .await
                .map(|()| "reachable, credentials accepted".to_owned())
        })
    }

    /// Sends once, never retries. Ends within `within`. Sends nothing if the lease of the message is over
    /// when the connection is ready.
    fn send<'a>(&'a self, message: Outgoing<'a>, within: Duration) -> Answer<'a, Outcome>;

    /// Looks for an attempt in doubt. Returns the provider's id of its message, or `None` if the provider
    /// certainly has nothing.
    ///
    /// # Errors
    /// If the provider does not answer, or its answer leaves the doubt.
    fn find<'a>(&'a self, _doubt: &'a Doubt<'a>) -> Answer<'a, Result<Option<String>, AskError>> {
        let error = AskError::NoList(self.kind());
        Box::pin(std::future::ready(Err(error)))
    }

    /// Whether [`Channel::sent`] can answer.
    fn has_list(&self) -> bool {
        false
    }

    /// Every message that the provider's account sent to the person since `since`, by this program or any other.
    ///
    /// # Errors
    /// If the channel has no such list, the provider does not answer, or its list is too long to be read.
    fn sent(&self, _since: Timestamp) -> Answer<'_, Result<Vec<SentMessage>, AskError>> {
        let error = AskError::NoList(self.kind());
        Box::pin(std::future::ready(Err(error)))
    }

    /// Asks where an accepted message stands.
    ///
    /// # Errors
    /// If the provider does not answer.
    fn status<'a>(&'a self, provider_id: &'a str) -> Answer<'a, Result<Status, AskError>>;
}
