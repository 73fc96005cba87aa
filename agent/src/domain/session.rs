//! What one LLM session used, and how its cost is known.

use super::{Basis, word::word};

word! {
    /// How fast the model was asked to answer. Anthropic bills `fast` apart.
    #[derive(Default, Hash)]
    pub enum Speed: "a speed" in "lowercase" {
        /// As usual.
        #[default]
        Standard,
        /// Anthropic's fast mode.
        Fast,
    }
}

word! {
    /// How the cost of a session is known.
    pub enum PricedBy: "a way to price" in "lowercase" {
        /// By the line that the table of prices has for its model.
        Listed,
        /// The table has no line for it, and it counts at the `*` line, or else at the dearest listed prices. Or no
        /// model was named, and it counts as one of the model that the Python system assumed.
        Assumed,
        /// The caller that recorded it gave the cost.
        Reported,
    }
}

word! {
    /// How a session came to be on record.
    #[derive(Default)]
    pub enum SessionSource: "a source of a session" in "lowercase" {
        /// Somebody recorded it by `POST /usage/record`, or it was imported.
        #[default]
        Recorded,
        /// A transcript of Claude Code has it.
        Transcripts,
        /// A client reported it by OpenTelemetry.
        Otlp,
        /// It went through Mecris's own proxy.
        Proxy,
    }
}

/// What a session used, by the classes that providers bill apart. No class contains another one, and none is
/// negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Tokens sent that were neither read from a cache nor written to one.
    pub input: i64,
    /// Tokens received, with those of thinking.
    pub output: i64,
    /// Tokens written to the cache for five minutes, or for a time that nobody said.
    pub cache_write: i64,
    /// Tokens written to the cache for an hour.
    pub cache_write_1h: i64,
    /// Tokens read from the cache.
    pub cache_read: i64,
    /// Web searches that the provider made.
    pub web_searches: i64,
}

impl Used {
    /// The tokens of the prompt: all but those received. Prices for long prompts go by this number.
    pub fn prompt(&self) -> i64 {
        [self.input, self.cache_write, self.cache_write_1h, self.cache_read]
            .into_iter()
            .fold(0, i64::saturating_add)
    }

    /// All tokens.
    pub fn total(&self) -> i64 {
        self.prompt().saturating_add(self.output)
    }
}

/// Under which conditions a session ran, as far as the price depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Conditions {
    /// How fast the model was asked to answer.
    pub speed: Speed,
    /// The service tier as the provider reports it. A `batch` is cheaper; no other tier changes the price.
    pub service_tier: String,
    /// Where the model ran, as the provider reports it. In the `us` Anthropic asks for a tenth more.
    pub inference_geo: String,
}

/// Where the cost of a session is from. `priced_by` is `None` for a session that was recorded before that was noted.
pub fn basis(priced_by: Option<PricedBy>, source: SessionSource) -> Basis {
    match (priced_by, source) {
        (Some(PricedBy::Assumed), _) => Basis::Assumed,
        (_, SessionSource::Proxy) => Basis::Metered,
        (Some(PricedBy::Reported), SessionSource::Recorded) => Basis::Typed,
        _ => Basis::Estimated,
    }
}
