use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A Beeminder goal's slug: the last part of its URL. Letters, digits, `-`, `_`, `.`; at most 250 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Slug(String);

/// A text that cannot be a slug.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a goal slug: expected letters, digits, '-', '_' or '.'")]
pub struct SlugError(String);

impl Slug {
    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = !text.is_empty()
            && text.len() <= 250
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(SlugError(text.chars().take(80).collect()))
        }
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}
