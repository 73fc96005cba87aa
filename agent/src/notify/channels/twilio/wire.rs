//! What Twilio answers. Only what is used is read; whatever else there is, or is null, does not matter.

use serde::Deserialize;

/// A Message resource: the answer to a create or a fetch, and a row of a listing.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub(super) sid: String,
    pub(super) status: Option<String>,
    pub(super) body: Option<String>,
    pub(super) error_code: Option<Code>,
    pub(super) error_message: Option<String>,
    /// RFC 2822.
    pub(super) date_created: Option<String>,
}

/// One page of a listing.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    pub(super) messages: Vec<Message>,
    pub(super) next_page_uri: Option<String>,
}

/// The body of a refusal.
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    pub(super) code: Code,
    pub(super) message: Option<String>,
}

/// An error code: a number, in some places as text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Code {
    Number(u32),
    Text(String),
}

impl Code {
    pub(super) fn number(&self) -> Option<u32> {
        match self {
            Self::Number(code) => Some(*code),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

impl Message {
    /// The id, if it is one: `SM` or `MM` and 32 hexadecimal digits.
    pub(super) fn id(&self) -> Option<&str> {
        let digits = self.sid.strip_prefix("SM").or_else(|| self.sid.strip_prefix("MM"))?;
        (digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then_some(self.sid.as_str())
    }
}
