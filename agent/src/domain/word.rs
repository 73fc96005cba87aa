//! Words: small enums whose names people, JSON, the database, metrics and the configuration share.
//!
//! A word is spelled like the name of its variant, in the one case that [`word!`] is given.

/// A text that is not one of the words that were expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {what}: expected {allowed}")]
pub struct WordError {
    /// What was given.
    text: String,
    /// What it should have been, with its article: `a severity`.
    what: &'static str,
    /// The words there are: `a, b or c`.
    allowed: String,
}

impl WordError {
    /// The error for a text that is not `what`. `allowed` are all words that would have been right.
    pub fn new(text: &str, what: &'static str, allowed: &[&str]) -> Self {
        let allowed = match allowed {
            [rest @ .., before, last] => {
                let rest: String = rest.iter().map(|word| format!("{word}, ")).collect();
                format!("{rest}{before} or {last}")
            }
            few => few.concat(),
        };
        Self {
            text: text.chars().take(80).collect(),
            what,
            allowed,
        }
    }
}

/// Declares a word: `pub enum Action: "an action" in "lowercase" { Notify, Suppress }`.
///
/// The text after the colon is what a [`WordError`] calls the enum. The case is serde's and strum's name for
/// it: `lowercase`, `UPPERCASE`, `snake_case`. The enum is `Copy`, has JSON, the list `ALL`, `as_str`,
/// `Display`, and a `FromStr` whose [`WordError`] names every word. Other traits are derived by attributes,
/// as for any enum.
macro_rules! word {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $word:ident: $what:literal in $case:tt {
            $($(#[$of_variant:meta])* $variant:ident,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[derive(strum::IntoStaticStr, strum::VariantArray)]
        #[serde(rename_all = $case)]
        #[strum(serialize_all = $case)]
        $visibility enum $word {
            $($(#[$of_variant])* $variant,)+
        }

        impl $word {
            /// Every value, in the order of declaration.
            pub const ALL: [Self; <$word as strum::VariantArray>::VARIANTS.len()] =
                *<$word as strum::VariantArray>::VARIANTS
                    .first_chunk()
                    .expect("as many as there are");

            /// The word as JSON, the database, metrics and the configuration spell it.
            pub fn as_str(self) -> &'static str {
                self.into()
            }
        }

        impl std::fmt::Display for $word {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $word {
            type Err = $crate::domain::WordError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let found = Self::ALL.into_iter().find(|word| word.as_str() == text);
                found.ok_or_else(|| $crate::domain::WordError::new(text, $what, &Self::ALL.map(Self::as_str)))
            }
        }
    };
}
pub(crate) use word;

#[cfg(test)]
pub(crate) mod tests {
    use std::{
        fmt::{Debug, Display},
        str::FromStr,
    };

    use serde::{Serialize, de::DeserializeOwned};
    use strum::VariantArray;

    use super::WordError;
    use crate::domain::{
        Action, BudgetSource, ChannelKind, Freshness, GoalState, Health, Provider, Reason, RunOutcome,
        Severity, SilenceKind, Trigger,
    };

    /// serde and strum agree about every value, and both read back what they wrote.
    pub(crate) fn is_spelled_once<T>()
    where
        T: VariantArray + Copy + PartialEq + Debug + Display + Serialize + DeserializeOwned,
        T: FromStr<Err = WordError>,
    {
        for word in T::VARIANTS {
            let json = serde_json::to_string(word).unwrap();
            assert_eq!(json, format!("\"{word}\""));
            assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *word);
            assert_eq!(word.to_string().parse::<T>().unwrap(), *word);
        }
    }

    #[test]
    fn a_word_is_the_same_in_json_and_everywhere_else() {
        is_spelled_once::<Action>();
        is_spelled_once::<BudgetSource>();
        is_spelled_once::<ChannelKind>();
        is_spelled_once::<Freshness>();
        is_spelled_once::<GoalState>();
        is_spelled_once::<Health>();
        is_spelled_once::<Provider>();
        is_spelled_once::<Reason>();
        is_spelled_once::<RunOutcome>();
        is_spelled_once::<Severity>();
        is_spelled_once::<SilenceKind>();
        is_spelled_once::<Trigger>();
    }

    #[test]
    fn what_is_no_word_is_refused_with_every_word_that_is() {
        let error = |text: &str| text.parse::<Severity>().unwrap_err().to_string();
        assert_eq!(
            error("critical"),
            "\"critical\" is not a severity: expected UNKNOWN, SAFE, CAUTION, WARNING or CRITICAL"
        );
        assert_eq!(
            "openai".parse::<Provider>().unwrap_err().to_string(),
            "\"openai\" is not a provider: expected anthropic or groq"
        );
    }
}
