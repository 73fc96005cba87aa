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

impl utoipa::PartialSchema for Slug {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .pattern(Some("^[A-Za-z0-9._-]{1,250}$"))
            .into()
    }
}

impl utoipa::ToSchema for Slug {}

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use utoipa::{
        PartialSchema,
        openapi::{RefOr, Schema},
    };

    use super::Slug;

    proptest! {
        #[test]
        fn exactly_the_slugs_that_the_document_allows_are_slugs(
            text in prop_oneof!["[a-zA-Z0-9._-]{0,252}", ".{0,4}", "[a-z\n ]{1,3}"],
        ) {
            let RefOr::T(Schema::Object(schema)) = Slug::schema() else { panic!("a slug is a text") };
            let pattern = regex_lite::Regex::new(&schema.pattern.unwrap()).unwrap();
            prop_assert_eq!(text.parse::<Slug>().is_ok(), pattern.is_match(&text));
        }
    }
}
