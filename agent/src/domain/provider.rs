use serde::{Deserialize, Serialize};

use super::word::word;

/// An LLM provider with a budget row of its own. Every list of providers has this order.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Provider {
    /// Anthropic (Claude).
    Anthropic,
    /// Groq.
    Groq,
}

word!(Provider, "a provider");
