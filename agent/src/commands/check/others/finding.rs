//! What of a provider's list is another installation's, and how that is said.

use jiff::Timestamp;

use super::memory::Memory;
use crate::{
    commands::text,
    config::Role,
    notify::{channels::SentMessage, message::tags},
    store::tables::outbox::Ours,
};

/// What to do about a second installation.
const CURE: &str =
    "set role = \"backup\" or \"staging\" in one of the two; if one has it already, all is well";

/// What of a list this installation did not send, as far as it knows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Finding {
    /// Messages with a tag of Mecris.
    strangers: usize,
    /// When the newest of them was sent, as far as the list says.
    newest: Option<Timestamp>,
    /// Messages without their text, so that nobody can tell whose they are.
    hidden: usize,
}

impl Finding {
    /// A message with a text and without a tag is another program's and does not count.
    pub(super) fn of(sent: &[SentMessage], ours: &Ours) -> Self {
        let mut finding = Self::default();
        for message in sent {
            if ours.provider_ids.contains(&message.id) {
                continue;
            }
            let Some(text) = &message.text else {
                finding.hidden += 1;
                continue;
            };
            if tags(text).next().is_none() || tags(text).any(|tag| ours.tags.contains(tag)) {
                continue;
            }
            finding.strangers += 1;
            finding.newest = finding.newest.max(message.at);
        }
        finding
    }

    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// How a finding is said.
pub(super) struct Words<'a> {
    /// How many days the list covers.
    pub(super) days: u32,
    /// The role of this installation.
    pub(super) role: Role,
    /// An instant as a person reads it.
    pub(super) at: &'a dyn Fn(Timestamp) -> String,
}

impl Words<'_> {
    /// What was found, as a good or a bad result.
    pub(super) fn about(&self, finding: &Finding, memory: &Memory) -> Result<String, String> {
        let days = self.days;
        let hidden = text::counted(finding.hidden, "message");
        match (finding.strangers, finding.hidden) {
            (0, 0) => Ok(format!(
                "no message of the last {days} days is another installation's"
            )),
            (0, _) => {
                let gap = memory
                    .gap
                    .as_deref()
                    .unwrap_or("this installation knows no such id");
                Err(format!(
                    "unknown: the list of the last {days} days has {hidden} without text (does the account redact \
                     messages?), perhaps of another installation: {gap}"
                ))
            }
            (_, 0) => self.about_strangers(finding, memory),
            _ => self
                .about_strangers(finding, memory)
                .map_err(|problem| format!("{problem}. Besides, the list has {hidden} without text")),
        }
    }

    fn about_strangers(&self, finding: &Finding, memory: &Memory) -> Result<String, String> {
        let newest = finding
            .newest
            .map(|newest| format!(", the newest of {}", (self.at)(newest)))
            .unwrap_or_default();
        let count = text::counted(finding.strangers, "message");
        let strangers = format!("{count} of Mecris in the last {} days{newest}", self.days);
        if let Some(gap) = &memory.gap {
            return Err(format!(
                "unknown: {strangers}, may be another installation's: {gap}. If there is another one, {CURE}"
            ));
        }
        if self.role != Role::Main {
            let role = self.role.as_str();
            return Ok(format!(
                "{strangers}, not from this installation; this one has role = \"{role}\""
            ));
        }
        let is_earlier = match (finding.newest, memory.began) {
            (_, None) => Some("this state knows no pass yet".to_owned()),
            (Some(newest), Some(began)) if newest < began => Some(format!(
                "the first pass that this state knows began {}",
                (self.at)(began)
            )),
            _ => None,
        };
        Err(match is_earlier {
            Some(why) => format!(
                "{strangers}, from another installation or from an earlier state of this one ({why}). If there is \
                 another one, {CURE}"
            ),
            None => format!("{strangers}, from another installation: {CURE}"),
        })
    }
}

#[cfg(test)]
mod tests;
