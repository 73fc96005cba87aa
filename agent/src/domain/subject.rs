use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Provider, Slug};

/// What a condition is about: `goal:reading`, `walk`, `budget:groq`, `upstream:beeminder`, `channel:sms`,
/// `run`. The key of a claim is a subject, an occasion and a step.
///
/// A person may name other subjects with `send-alert --subject`: letters, digits, `:`, `.`, `_`, `-`, `@`; at
/// most 260 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Subject(String);

/// A text that cannot be a subject.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0:?} is not a subject: expected 1 to 260 letters, digits, ':', '.', '_', '-' or '@', for example goal:reading or budget:groq"
)]
pub struct SubjectError(String);

impl Subject {
    /// One Beeminder goal.
    pub fn goal(slug: &Slug) -> Self {
        Self(format!("goal:{slug}"))
    }

    /// The daily walk.
    pub fn walk() -> Self {
        Self("walk".to_owned())
    }

    /// What one LLM provider costs.
    pub fn budget(provider: Provider) -> Self {
        Self(format!("budget:{provider}"))
    }

    /// Whether a service that Mecris reads can be read.
    pub fn upstream(name: &str) -> Self {
        Self(format!("upstream:{name}"))
    }

    /// The goals in Beeminder's reply that cannot be read.
    pub fn unreadable_goals() -> Self {
        Self("beeminder:unreadable".to_owned())
    }

    /// Whether Beeminder lists any goals.
    pub fn listed_goals() -> Self {
        Self("beeminder:goals".to_owned())
    }

    /// Whether the person can be reached on one channel.
    pub fn channel(name: &str) -> Self {
        Self(format!("channel:{name}"))
    }

    /// Mecris itself: a missed day, a pass that took too long.
    pub fn run() -> Self {
        Self("run".to_owned())
    }

    /// What derails during one vacation, by the vacation's id.
    pub fn vacation(id: &str) -> Self {
        Self(format!("vacation:{id}"))
    }

    /// The part before the first colon, or the whole subject if it has no colon: `goal`, `walk`, `run`.
    pub fn topic(&self) -> &str {
        super::pattern::topic(&self.0)
    }

    /// Whether it is a goal.
    pub fn is_goal(&self) -> bool {
        self.topic() == "goal"
    }

    /// Whether it is something that the person promised, and not something that Mecris says about itself.
    pub fn is_promise(&self) -> bool {
        matches!(self.topic(), "goal" | "walk" | "budget")
    }

    /// Whether a character may stand in a subject.
    pub(super) fn may_contain(c: char) -> bool {
        c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '_' | '-' | '@')
    }

    /// The subject as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Subject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = !text.is_empty() && text.len() <= 260 && text.chars().all(Self::may_contain);
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(SubjectError(text.chars().take(80).collect()))
        }
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.0
    }
}

impl TryFrom<String> for Subject {
    type Error = SubjectError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}
