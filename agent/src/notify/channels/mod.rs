//! The ways to reach the person, behind one honest trait.

use std::{pin::Pin, time::Duration};

use jiff::Timestamp;

pub use crate::config::settings::ChannelKind;

/// What became of a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider has it, under this id.
    Accepted(String),
    /// The provider refused it for certain; nobody was told.
    Rejected {
        /// Whether trying again cannot help.
        permanent: bool,
        /// How long to wait, if the provider said so.
        retry_after: Option<Duration>,
        /// The provider's code.
        code: Option<String>,
        /// What happened and what to do, for a person.
        why: String,
    },
    /// Nobody can say whether it was accepted.
    Unknown {
        /// What happened, for a person.
        why: String,
    },
}

/// Where an accepted message stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Still on its way.
    Pending,
    /// It arrived (or the carrier gives no receipt and the provider is done with it).
    Delivered,
    /// It will not arrive on this channel.
    Failed {
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

    /// Opens the connection, so that [`Channel::send`] only has to write. Its failure is not an outcome of the message.
    fn warm_up(&self) -> Answer<'_, Result<(), AskError>>;

    /// Sends once, never retries. Ends within `within`.
    fn send<'a>(&'a self, message: Outgoing<'a>, within: Duration) -> Answer<'a, Outcome>;

    /// Looks for a message with this tag that was accepted since `since`: its id, or `None` if the provider has none.
    fn find<'a>(&'a self, tag: &'a str, since: Timestamp) -> Answer<'a, Result<Option<String>, AskError>>;

    /// Asks where an accepted message stands.
    fn status<'a>(&'a self, provider_id: &'a str) -> Answer<'a, Result<Status, AskError>>;
}
