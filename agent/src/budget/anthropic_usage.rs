//! The `usage` object of Anthropic's Messages API: what one response used, as the provider says it.
//!
//! Whoever sees responses (a transcript, a proxy) reads them with this type. [`AnthropicUsage::parts`] says what is
//! billed: a response can run on several models, and each bills its own tokens.

mod stream;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::Deserialize;

pub use stream::StreamedUsage;

use crate::domain::{Conditions, Speed, Used};

/// What one response used. A field that is `None` was not sent: older responses lack most of them.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub struct AnthropicUsage<'a> {
    /// Tokens of the prompt that were neither read from a cache nor written to one.
    pub input_tokens: Option<u64>,
    /// Tokens received, with those of thinking.
    pub output_tokens: Option<u64>,
    /// Tokens written to a cache, for whatever time.
    pub cache_creation_input_tokens: Option<u64>,
    /// Tokens read from a cache.
    pub cache_read_input_tokens: Option<u64>,
    /// For how long those of `cache_creation_input_tokens` were written.
    pub cache_creation: Option<CacheCreation>,
    /// What tools of the provider did.
    pub server_tool_use: Option<ServerToolUse>,
    /// `standard`, `priority` or `batch`.
    #[serde(borrow)]
    pub service_tier: Option<Text<'a>>,
    /// Where the model ran, such as `us`.
    #[serde(borrow)]
    pub inference_geo: Option<Text<'a>>,
    /// `standard` or `fast`.
    #[serde(borrow)]
    pub speed: Option<Text<'a>>,
    /// The samplings of the response, if there were several.
    #[serde(borrow)]
    pub iterations: Option<Vec<Iteration<'a>>>,
}

/// For how long tokens were written to a cache.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct CacheCreation {
    /// Tokens for five minutes.
    pub ephemeral_5m_input_tokens: Option<u64>,
    /// Tokens for an hour.
    pub ephemeral_1h_input_tokens: Option<u64>,
}

/// What tools of the provider did. Fetching a page is free, so it is not here.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct ServerToolUse {
    /// Searches, each of which is billed.
    pub web_search_requests: Option<u64>,
}

/// One sampling of a response.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub struct Iteration<'a> {
    /// `message`, `compaction`, `advisor_message`, `fallback_message`, or a kind that is newer than this list.
    #[serde(borrow, rename = "type")]
    pub kind: Option<Text<'a>>,
    /// The model, if it is not that of the response.
    #[serde(borrow)]
    pub model: Option<Text<'a>>,
    /// As in [`AnthropicUsage`].
    pub input_tokens: Option<u64>,
    /// As in [`AnthropicUsage`].
    pub output_tokens: Option<u64>,
    /// As in [`AnthropicUsage`].
    pub cache_creation_input_tokens: Option<u64>,
    /// As in [`AnthropicUsage`].
    pub cache_read_input_tokens: Option<u64>,
    /// As in [`AnthropicUsage`].
    pub cache_creation: Option<CacheCreation>,
}

/// A short text, borrowed from what is read where it has no escapes. (An `Option<Cow<str>>` would copy it.)
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

/// What a response used of one model: a session of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// The model.
    pub model: &'a str,
    /// Its tokens and searches.
    pub used: Used,
    /// How it ran.
    pub conditions: Conditions,
}

impl AnthropicUsage<'_> {
    /// What is billed for a response of `model`: first the response itself, then what its numbers leave out, in the
    /// order in which it happened.
    ///
    /// The numbers of the response are the sum of its messages by its own model. They do not have in them what a
    /// compaction, an advisor or the refused try of another model used. Whether a refused try is billed is not
    /// documented: it counts. A kind that is not known counts as well, for what is unknown is not free.
    pub fn parts<'a>(&'a self, model: &'a str) -> Vec<Part<'a>> {
        let conditions = self.conditions();
        let mut parts = vec![Part {
            model,
            used: self.used(),
            conditions: conditions.clone(),
        }];
        let iterations = self.iterations.iter().flatten();
        parts.extend(iterations.filter(|one| !one.is_in_sum(model)).map(|one| {
            let of = one.model.as_ref().map_or(model, Text::as_str);
            // The speed was asked of the response's model.
            let speed = if of == model {
                conditions.speed
            } else {
                Speed::Standard
            };
            Part {
                model: of,
                used: one.used(),
                conditions: Conditions {
                    speed,
                    ..conditions.clone()
                },
            }
        }));
        parts
    }

    /// The numbers at the top, which leave out what [`AnthropicUsage::parts`] adds.
    pub fn used(&self) -> Used {
        let used = used(
            self.input_tokens,
            self.output_tokens,
            self.cache_creation_input_tokens,
            self.cache_read_input_tokens,
            self.cache_creation,
        );
        Used {
            web_searches: number(self.server_tool_use.and_then(|tools| tools.web_search_requests)),
            ..used
        }
    }

    fn conditions(&self) -> Conditions {
        let text = |text: &Option<Text<'_>>| text.as_ref().map_or(String::new(), |text| text.0.to_string());
        let is_fast = self.speed.as_ref().is_some_and(|speed| speed.as_str() == "fast");
        Conditions {
            speed: if is_fast { Speed::Fast } else { Speed::Standard },
            service_tier: text(&self.service_tier),
            inference_geo: text(&self.inference_geo),
        }
    }
}

impl Iteration<'_> {
    /// Whether the numbers of a response by `model` have this one in them.
    fn is_in_sum(&self, model: &str) -> bool {
        let is_message = self
            .kind
            .as_ref()
            .is_none_or(|kind| matches!(kind.as_str(), "message" | "fallback_message"));
        is_message && self.model.as_ref().is_none_or(|own| own.as_str() == model)
    }

    fn used(&self) -> Used {
        used(
            self.input_tokens,
            self.output_tokens,
            self.cache_creation_input_tokens,
            self.cache_read_input_tokens,
            self.cache_creation,
        )
    }
}

impl Text<'_> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn into_owned(self) -> Text<'static> {
        Text(Cow::Owned(self.0.into_owned()))
    }
}

impl CacheCreation {
    fn sum(self) -> u64 {
        let of = |tokens: Option<u64>| tokens.unwrap_or(0);
        of(self.ephemeral_5m_input_tokens).saturating_add(of(self.ephemeral_1h_input_tokens))
    }
}

/// Of two numbers of written tokens that disagree the larger one counts. What the times do not explain was written for
/// five minutes, as the API does unless it is asked otherwise.
fn used(
    input: Option<u64>,
    output: Option<u64>,
    written: Option<u64>,
    read: Option<u64>,
    times: Option<CacheCreation>,
) -> Used {
    let times = times.unwrap_or_default();
    let written = written.unwrap_or(0).max(times.sum());
    let for_an_hour = times.ephemeral_1h_input_tokens.unwrap_or(0);
    Used {
        input: number(input),
        output: number(output),
        cache_write: number(Some(written - for_an_hour)),
        cache_write_1h: number(Some(for_an_hour)),
        cache_read: number(read),
        web_searches: 0,
    }
}

/// A number that is beyond any real one stays so, and whoever records it is refused.
fn number(number: Option<u64>) -> i64 {
    i64::try_from(number.unwrap_or(0)).unwrap_or(i64::MAX)
}
