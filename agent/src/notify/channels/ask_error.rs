use std::{sync::Arc, time::Duration};

use super::ChannelKind;
use crate::{outbound::CallError, store::StoreError};

/// Why a question to a provider has no answer. Every text is for a person and contains no secret.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AskError {
    /// No reply came.
    #[error(transparent)]
    NoReply(#[from] CallError),
    /// No answer came in this time.
    #[error("no answer within {0:.1?}")]
    Late(Duration),
    /// The provider refused the question or the conversation, for this reason.
    #[error("{0}")]
    Refused(String),
    /// The answer is not what the provider's documentation says.
    #[error("{0}")]
    Unreadable(String),
    /// The answer leaves the doubt, for this reason.
    #[error("{0}")]
    Undecided(String),
    /// This channel has no list of what was sent.
    #[error("{} cannot be asked which messages it has", .0.as_str())]
    NoList(ChannelKind),
    /// The message's channel is no longer configured.
    #[error("its channel is not configured: see notify.channels")]
    NoChannel,
    /// The message has no id at its provider.
    #[error("its id at the provider is lost")]
    NoId,
    /// The state, which the question is made of, cannot be read.
    #[error(transparent)]
    State(Arc<StoreError>),
}
