//! One line of a transcript.

use std::borrow::Cow;

use jiff::Timestamp;
use memchr::memmem::Finder;
use serde::Deserialize;

use crate::budget::anthropic_usage::{AnthropicUsage, Text};

/// The model of what Claude Code itself says in place of a response.
const SYNTHETIC: &str = "<synthetic>";

/// The model of a response that names none. The table of prices has no such model, so the response counts as one of an
/// unknown model.
const UNKNOWN: &str = "unknown";

/// What a line says.
#[derive(Debug, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "one value at a time, and a box would be an allocation for each line"
)]
pub(super) enum Read<'a> {
    /// What a response used.
    Response(Seen<'a>),
    /// Nothing about that.
    Nothing,
    /// Claude Code said something itself.
    Synthetic,
    /// A request failed.
    Failed,
    /// A response that used nothing, as far as it says.
    Empty,
    /// The line cannot be read.
    Broken,
}

/// A response, as one line has it.
#[derive(Debug, PartialEq)]
pub(super) struct Seen<'a> {
    /// What the provider calls the request.
    pub(super) request: Option<Cow<'a, str>>,
    /// What the provider calls the message.
    pub(super) message: Option<Cow<'a, str>>,
    /// What Claude Code calls the line.
    pub(super) uuid: Option<Cow<'a, str>>,
    /// What Claude Code calls the session.
    pub(super) session: Option<Cow<'a, str>>,
    /// When the line was written.
    pub(super) at: Timestamp,
    /// Whether it is of a side conversation: of a subagent, or a replay.
    pub(super) is_sidechain: bool,
    /// The model.
    pub(super) model: Cow<'a, str>,
    /// What was used.
    pub(super) usage: AnthropicUsage<'a>,
}

/// Reads lines.
pub(super) struct LineReader {
    usage: Finder<'static>,
}

/// The fields of a line that matter. All other fields are skipped without a copy.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(borrow)]
    timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    session_id: Option<Text<'a>>,
    #[serde(borrow)]
    request_id: Option<Text<'a>>,
    #[serde(borrow)]
    uuid: Option<Text<'a>>,
    is_sidechain: Option<bool>,
    is_api_error_message: Option<bool>,
    #[serde(borrow)]
    message: Option<Message<'a>>,
    #[serde(borrow)]
    data: Option<Data<'a>>,
}

/// The progress of a subagent has a copy of its line.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Data<'a> {
    #[serde(borrow)]
    message: Option<Nested<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Nested<'a> {
    #[serde(borrow)]
    timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    request_id: Option<Text<'a>>,
    #[serde(borrow)]
    uuid: Option<Text<'a>>,
    is_api_error_message: Option<bool>,
    #[serde(borrow)]
    message: Option<Message<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow)]
    usage: Option<AnthropicUsage<'a>>,
}

impl LineReader {
    pub(super) fn new() -> Self {
        Self {
            usage: Finder::new("\"usage\""),
        }
    }

    /// What the line says. No error of the parser leaves this function: its text can repeat a part of the line.
    pub(super) fn read<'a>(&self, line: &'a [u8]) -> Read<'a> {
        if self.usage.find(line).is_none() {
            return Read::Nothing;
        }
        match serde_json::from_slice::<Entry<'_>>(line) {
            Ok(entry) => entry.read(),
            Err(_) => Read::Broken,
        }
    }
}

impl<'a> Entry<'a> {
    fn read(self) -> Read<'a> {
        let (entry, is_nested) = self.unnested();
        let Some((id, model, usage)) = entry
            .message
            .and_then(|message| Some((message.id, message.model, message.usage?)))
        else {
            return Read::Nothing;
        };
        let model = text(model).unwrap_or(Cow::Borrowed(UNKNOWN));
        if model == SYNTHETIC {
            return Read::Synthetic;
        }
        if entry.is_api_error_message == Some(true) {
            return Read::Failed;
        }
        if usage
            .parts(&model)
            .iter()
            .all(|part| part.used == Default::default())
        {
            return Read::Empty;
        }
        let Some(at) = entry.timestamp.and_then(|at| at.as_str().parse().ok()) else {
            return Read::Broken;
        };
        Read::Response(Seen {
            request: text(entry.request_id),
            message: text(id),
            uuid: text(entry.uuid),
            session: text(entry.session_id),
            at,
            is_sidechain: is_nested || entry.is_sidechain == Some(true),
            model,
            usage,
        })
    }

    /// The line itself, or the copy in it. The copy says less of itself, so the rest is from the line around it.
    fn unnested(mut self) -> (Self, bool) {
        let has_usage = self
            .message
            .as_ref()
            .is_some_and(|message| message.usage.is_some());
        match self.data.take().and_then(|data| data.message) {
            Some(nested) if !has_usage => {
                let entry = Self {
                    timestamp: nested.timestamp.or(self.timestamp),
                    session_id: self.session_id,
                    request_id: nested.request_id.or(self.request_id),
                    uuid: nested.uuid.or(self.uuid),
                    is_sidechain: Some(true),
                    is_api_error_message: nested.is_api_error_message.or(self.is_api_error_message),
                    message: nested.message,
                    data: None,
                };
                (entry, true)
            }
            _ => (self, false),
        }
    }
}

/// A text with something in it.
fn text(text: Option<Text<'_>>) -> Option<Cow<'_, str>> {
    text.map(|text| text.0).filter(|text| !text.trim().is_empty())
}
