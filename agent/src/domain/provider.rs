use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An LLM provider with a budget row of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Anthropic (Claude).
    Anthropic,
    /// Groq.
    Groq,
}

/// A text that names no provider.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a provider: expected anthropic or groq")]
pub struct ProviderError(String);

impl Provider {
    /// Every provider, in the order of all listings.
    pub const ALL: [Self; 2] = [Self::Anthropic, Self::Groq];

    /// The provider's key in configuration, JSON and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Groq => "groq",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Provider {
    type Err = ProviderError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|p| p.as_str() == text)
            .ok_or_else(|| ProviderError(text.to_owned()))
    }
}
