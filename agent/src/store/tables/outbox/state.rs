use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Where a message stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
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
    /// Nobody will be told by it: every channel refused, it expired, or the person said first that they know.
    Failed,
    /// Accepted or not, nobody knows yet; reconciled by listing.
    Unknown,
}

impl State {
    /// Every state there is, in the order of a message's life.
    pub const ALL: [Self; 6] = [
        Self::Planned,
        Self::Sending,
        Self::Unknown,
        Self::Accepted,
        Self::Delivered,
        Self::Failed,
    ];

    /// The word as JSON and the database spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Sending => "sending",
            Self::Accepted => "accepted",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// Whether somebody may not have been told who should have been.
    pub fn is_trouble(self) -> bool {
        matches!(self, Self::Planned | Self::Unknown | Self::Failed)
    }

    /// Whether a provider has yet to be brought to say yes or no.
    pub fn is_unsettled(self) -> bool {
        matches!(self, Self::Planned | Self::Sending | Self::Unknown)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|s| s.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a state of a message"))
    }
}
