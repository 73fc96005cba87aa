use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What an arm found out, and how much it is worth. "Could not find out" is a state of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum Observation<T> {
    /// Read just now.
    Fresh {
        /// What was read.
        value: T,
        /// When it was read.
        at: Timestamp,
    },
    /// An older reading, because a new one could not be had.
    Stale {
        /// What was read then.
        value: T,
        /// When it was read.
        at: Timestamp,
        /// Why there is nothing newer, for a person.
        why: String,
    },
    /// Nothing is known.
    Unknown {
        /// Why, for a person.
        why: String,
    },
}

/// [`Observation`] without its value: what `run --json` shows for each arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// Read just now.
    Fresh,
    /// An older reading.
    Stale,
    /// Nothing is known.
    Unknown,
    /// The arm is not configured, so there is nothing to know.
    NotConfigured,
}

impl<T> Observation<T> {
    /// The value if it was read just now.
    pub fn fresh(&self) -> Option<&T> {
        match self {
            Self::Fresh { value, .. } => Some(value),
            Self::Stale { .. } | Self::Unknown { .. } => None,
        }
    }

    /// The best value there is, stale or not.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Fresh { value, .. } | Self::Stale { value, .. } => Some(value),
            Self::Unknown { .. } => None,
        }
    }

    /// When the value was read.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Fresh { at, .. } | Self::Stale { at, .. } => Some(*at),
            Self::Unknown { .. } => None,
        }
    }

    /// Why the value is not fresh.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Fresh { .. } => None,
            Self::Stale { why, .. } | Self::Unknown { why } => Some(why),
        }
    }

    /// The state without the value.
    pub fn freshness(&self) -> Freshness {
        match self {
            Self::Fresh { .. } => Freshness::Fresh,
            Self::Stale { .. } => Freshness::Stale,
            Self::Unknown { .. } => Freshness::Unknown,
        }
    }
}
