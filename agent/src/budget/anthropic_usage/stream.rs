//! The usage of a response that comes as a stream of events.

use serde::Deserialize;

use super::{AnthropicUsage, CacheCreation, Iteration, Text};

/// Gathers the usage of a streamed response. `message_start` has the first numbers, of which the output is only a
/// beginning. Each `message_delta` has newer sums, but not all fields, so the last word counts field by field. A stream
/// that was cut has no last `message_delta`: what it said until then is the least that was used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamedUsage {
    /// The model of the response.
    pub model: Option<String>,
    /// What it used, as far as the stream has said it.
    pub usage: AnthropicUsage<'static>,
}

/// An event, as far as it matters here.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    message: Option<Message<'a>>,
    #[serde(borrow)]
    usage: Option<AnthropicUsage<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow)]
    usage: Option<AnthropicUsage<'a>>,
}

impl StreamedUsage {
    /// Takes the data of one event. Other events than the two say nothing of usage. A second `message_start` repeats the
    /// first one, or belongs to the same response begun anew.
    ///
    /// # Errors
    /// If the data is not an event. The numbers so far stay.
    pub fn take(&mut self, data: &str) -> Result<(), serde_json::Error> {
        let event: Event<'_> = serde_json::from_str(data)?;
        let newer = match (event.kind.as_str(), event.message) {
            ("message_start", Some(message)) => {
                if let Some(model) = message.model {
                    self.model = Some(model.0.into_owned());
                }
                message.usage
            }
            ("message_delta", _) => event.usage,
            _ => None,
        };
        if let Some(newer) = newer {
            self.usage.merge(newer);
        }
        Ok(())
    }
}

impl AnthropicUsage<'static> {
    /// Takes over every field that `newer` has.
    fn merge(&mut self, newer: AnthropicUsage<'_>) {
        fn put<T>(field: &mut Option<T>, newer: Option<T>) {
            if newer.is_some() {
                *field = newer;
            }
        }
        // The sum of the end can be less than what the beginning had: after a compaction the end has the last sampling.
        // The beginning's split of it must not outlive the sum.
        if let (Some(written), None) = (newer.cache_creation_input_tokens, newer.cache_creation) {
            self.cache_creation = self.cache_creation.map(|split| split.within(written));
        }
        put(&mut self.input_tokens, newer.input_tokens);
        put(&mut self.output_tokens, newer.output_tokens);
        put(
            &mut self.cache_creation_input_tokens,
            newer.cache_creation_input_tokens,
        );
        put(&mut self.cache_read_input_tokens, newer.cache_read_input_tokens);
        put(&mut self.cache_creation, newer.cache_creation);
        put(&mut self.server_tool_use, newer.server_tool_use);
        put(&mut self.service_tier, newer.service_tier.map(Text::into_owned));
        put(&mut self.inference_geo, newer.inference_geo.map(Text::into_owned));
        put(&mut self.speed, newer.speed.map(Text::into_owned));
        let iterations = newer
            .iterations
            .map(|all| all.into_iter().map(Iteration::into_owned));
        put(&mut self.iterations, iterations.map(Iterator::collect));
    }
}

impl CacheCreation {
    /// The same, but not more than `written` in all. What is for an hour, the dearer part, stays first.
    fn within(self, written: u64) -> Self {
        let for_an_hour = self.ephemeral_1h_input_tokens.unwrap_or(0).min(written);
        let for_5m = self
            .ephemeral_5m_input_tokens
            .unwrap_or(0)
            .min(written - for_an_hour);
        Self {
            ephemeral_5m_input_tokens: Some(for_5m),
            ephemeral_1h_input_tokens: Some(for_an_hour),
        }
    }
}

impl Iteration<'_> {
    fn into_owned(self) -> Iteration<'static> {
        Iteration {
            kind: self.kind.map(Text::into_owned),
            model: self.model.map(Text::into_owned),
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cache_creation_input_tokens: self.cache_creation_input_tokens,
            cache_read_input_tokens: self.cache_read_input_tokens,
            cache_creation: self.cache_creation,
        }
    }
}
