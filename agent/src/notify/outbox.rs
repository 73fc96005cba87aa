//! The outbox: from a decision to a message that the provider has, once. The numbered protocol of docs/ARCHITECTURE.md.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use super::channels::{Channel, ChannelKind};
use crate::{
    clock::Clock,
    config::settings::NotifySettings,
    domain::{Phrase, Severity, Subject},
    store::Store,
};

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// To be sent, or to be tried again, at its `next_at`.
    Planned,
    /// An attempt owns it until its lease ends.
    Sending,
    /// The provider has it.
    Accepted,
    /// It arrived.
    Delivered,
    /// Nobody will be told by it: every channel refused, or it expired.
    Failed,
    /// Accepted or not, nobody knows yet; reconciled by listing.
    Unknown,
}

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

/// The outbox. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    _todo: (),
}

impl Outbox {
    /// With the channels in the order in which they are tried.
    pub fn new(_store: Store, _clock: Clock, _settings: &NotifySettings, _channels: Vec<Arc<dyn Channel>>) -> Self {
        todo!()
    }

    /// Step 1, inside the caller's transaction: the message in state `sending`, attempt 1, with its lease. Returns its id.
    pub fn insert(&self, _tx: &Transaction<'_>, _message: NewMessage) -> rusqlite::Result<String> {
        todo!()
    }

    /// Works on the messages that `insert` made in this process and on all that are due; returns when nothing is due now.
    pub async fn work(&self) {
        todo!()
    }

    /// When [`Outbox::work`] should be called next, if anything is open.
    pub fn next_due(&self) -> Option<Timestamp> {
        todo!()
    }
}
