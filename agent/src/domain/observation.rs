use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::word::word;

/// What an arm found out, and how far it can be trusted. "Could not find out" is a state of its own.
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

word! {
    /// How far an observation can be trusted: what `run --json` shows for each arm.
    #[derive(utoipa::ToSchema)]
    pub enum Freshness: "a freshness" in "snake_case" {
        /// Read just now.
        Fresh,
        /// An older reading.
        Stale,
        /// Nothing is known.
        Unknown,
        /// The arm is not configured, so there is nothing to know.
        NotConfigured,
    }
}

/// What a pass found out, without the values: `observations` of a report and of a recorded pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Observations {
    /// The account and its goals.
    pub beeminder: ObservationView,
    /// The worst of all configured budgets.
    pub budget: ObservationView,
    /// The walk.
    pub walk: ObservationView,
}

/// One observation without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ObservationView {
    /// How far it can be trusted.
    pub status: Freshness,
    /// When it was read.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    /// Why it is not fresh; `null`: it is.
    pub why: Option<String>,
}

impl Observations {
    /// Whether anything is unknown that a pass was to find out, or is known only from an older reading. What is
    /// used of a budget is told to Mecris, so a pass finds nothing out about it.
    pub fn something_unknown(&self) -> bool {
        [&self.beeminder, &self.walk].iter().any(|view| view.doubt() > 0)
    }
}

impl ObservationView {
    /// The view of an arm that is not configured.
    pub const NOT_CONFIGURED: Self = Self {
        status: Freshness::NotConfigured,
        at: None,
        why: None,
    };

    /// For sorting: 0 means no doubt, 1 means an older reading, 2 means that nothing is known.
    pub fn doubt(&self) -> u8 {
        match self.status {
            Freshness::Fresh | Freshness::NotConfigured => 0,
            Freshness::Stale => 1,
            Freshness::Unknown => 2,
        }
    }
}

impl<T> From<&Observation<T>> for ObservationView {
    fn from(observation: &Observation<T>) -> Self {
        Self {
            status: observation.freshness(),
            at: observation.at(),
            why: observation.why().map(str::to_owned),
        }
    }
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
