use std::{fmt, str::FromStr};

use serde::Serialize;
use wildmatch::WildMatch;

use super::{Provider, Subject};

/// The subjects that a silence covers: a glob that must match a whole subject. `*` stands for any number of
/// characters, also for none, and also for `:`. `?` stands for exactly one character. Upper and lower case
/// differ.
///
/// Every pattern that matches a promise of the person (`goal:`, `walk`, `budget:`) covers it. Every other
/// subject, above all what Mecris says about itself (`upstream:`, `channel:`, `run`), is covered only by a
/// pattern that has the same word before its first `:`. So `upstream:*` covers `upstream:beeminder`, and `*`
/// does not. A person who takes a rest from all promises must still hear that Mecris cannot see.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(into = "String")]
pub struct SubjectPattern {
    text: String,
    glob: WildMatch,
}

/// A text that cannot be a pattern.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0:?} is not a pattern of subjects: expected 1 to {MOST} letters, digits, ':', '.', '_', '-', '@' and the wildcards '*' (any characters) and '?' (one), for example goal:reading, goal:* or budget:groq"
)]
pub struct PatternError(String);

const MOST: usize = 260;

impl SubjectPattern {
    /// `*`: everything that the person promised.
    pub fn every_promise() -> Self {
        Self::of("*")
    }

    /// Whether a silence with this pattern covers a subject.
    pub fn covers(&self, subject: &Subject) -> bool {
        (subject.is_promise() || subject.topic() == topic(&self.text)) && self.glob.matches(subject.as_str())
    }

    /// What to tell a person whose pattern covers no subject that Mecris ever has.
    pub fn warning(&self) -> Option<String> {
        let covers = |kind: &str, promise: bool| {
            (promise || topic(kind) == topic(&self.text)) && overlap(self.text.as_bytes(), kind.as_bytes())
        };
        let budgets = Provider::ALL.map(|provider| Subject::budget(provider).to_string());
        let promises = [GOALS, "walk"]
            .into_iter()
            .chain(budgets.iter().map(String::as_str));
        let known = promises.clone().any(|kind| covers(kind, true))
            || ABOUT_MECRIS.iter().any(|kind| covers(kind, false));
        (!known).then(|| {
            let promises: Vec<&str> = std::iter::once("goal:<slug>").chain(promises.skip(1)).collect();
            format!(
                "{self} covers nothing that Mecris watches by itself. It watches {}, and what a pattern has to name without a \
                 wildcard before the colon: upstream:<name>, channel:<name>, run",
                promises.join(", "),
            )
        })
    }

    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn of(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            glob: WildMatch::new(text),
        }
    }
}

/// All goals, as a pattern. It has `?*` because a slug has at least one character.
const GOALS: &str = "goal:?*";
const ABOUT_MECRIS: [&str; 3] = ["upstream:?*", "channel:?*", "run"];

/// The part of the text before the first colon. The whole text, if it has no colon.
pub(super) fn topic(text: &str) -> &str {
    text.split(':').next().unwrap_or(text)
}

/// Whether some text matches both globs.
fn overlap(one: &[u8], other: &[u8]) -> bool {
    // `rest[j]` says whether some text matches both `other[j..]` and the part of `one` that was looked at.
    // The loops go from the ends of the globs to their beginnings.
    let mut rest: Vec<bool> = (0..=other.len())
        .map(|j| other[j..].iter().all(|c| *c == b'*'))
        .collect();
    for (i, a) in one.iter().enumerate().rev() {
        let mut here = vec![false; rest.len()];
        here[other.len()] = one[i..].iter().all(|c| *c == b'*');
        for (j, b) in other.iter().enumerate().rev() {
            here[j] = match (a, b) {
                (b'*', _) | (_, b'*') => rest[j] || here[j + 1],
                (b'?', _) | (_, b'?') => rest[j + 1],
                (a, b) => a == b && rest[j + 1],
            };
        }
        rest = here;
    }
    rest[0]
}

impl fmt::Display for SubjectPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<SubjectPattern> for String {
    fn from(pattern: SubjectPattern) -> Self {
        pattern.text
    }
}

impl FromStr for SubjectPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = !text.is_empty()
            && text.len() <= MOST
            && text
                .chars()
                .all(|c| Subject::may_contain(c) || matches!(c, '*' | '?'));
        if fits {
            Ok(Self::of(text))
        } else {
            Err(PatternError(text.chars().take(80).collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str) -> SubjectPattern {
        text.parse().unwrap()
    }

    fn covers(text: &str, subject: &str) -> bool {
        pattern(text).covers(&subject.parse().unwrap())
    }

    #[test]
    fn wildcards_stand_for_characters_and_the_rest_for_itself() {
        for (text, subject) in [
            ("goal:reading", "goal:reading"),
            ("goal:*", "goal:reading"),
            ("goal:read*", "goal:reading"),
            ("goal:*ing", "goal:reading"),
            ("*", "goal:reading"),
            ("*", "walk"),
            ("*", "budget:groq"),
            ("g*", "goal:reading"),
            ("budget:gro?", "budget:groq"),
            ("wal?", "walk"),
            ("**", "walk"),
        ] {
            assert!(covers(text, subject), "{text} covers {subject}");
        }
        for (text, subject) in [
            ("goal:read", "goal:reading"),
            ("goal:reading", "goal:read"),
            ("goal:Reading", "goal:reading"),
            ("goal:reading?", "goal:reading"),
            ("goal:", "goal:reading"),
            ("goal", "goal:reading"),
            ("oal:*", "goal:reading"),
            ("budget:*", "goal:budget"),
        ] {
            assert!(!covers(text, subject), "{text} does not cover {subject}");
        }
    }

    #[test]
    fn what_mecris_says_about_itself_has_to_be_named() {
        let own = [
            "upstream:beeminder",
            "channel:sms",
            "run",
            "beeminder:unreadable",
            "boot:failed",
        ];
        for subject in own {
            for text in [
                "*",
                "?*",
                "*:*",
                "*n*",
                "u*",
                "?pstream:*",
                "r*",
                "ru?",
                "r?n",
                "run*",
                "c*:sms",
                "b*",
            ] {
                assert!(!covers(text, subject), "{text} does not cover {subject}");
            }
            assert!(covers(subject, subject), "{subject} names itself");
        }
        assert!(covers("upstream:*", "upstream:beeminder"));
        assert!(covers("upstream:?eeminder", "upstream:beeminder"));
        assert!(covers("channel:*", "channel:sms"));
        assert!(covers("boot:*", "boot:failed"));
    }

    #[test]
    fn a_pattern_that_covers_nothing_gets_a_warning() {
        for text in [
            "*",
            "g*",
            "goal:?",
            "*ing",
            "w?lk",
            "budget:*q",
            "upstream:x",
            "channel:*",
            "run",
            "budget:groq",
            "**",
        ] {
            assert_eq!(pattern(text).warning(), None, "{text}");
        }
        for text in [
            "gaol:*",
            "goal:",
            "goal",
            "budget:openai",
            "Walk",
            "up*",
            "r?n",
            "running",
            "boot:*",
            "walk?",
        ] {
            assert!(pattern(text).warning().is_some(), "{text}");
        }
        insta::assert_snapshot!(pattern("gaol:*").warning().unwrap());
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_what_is_allowed() {
        for text in [
            "",
            " ",
            "goal reading",
            "goal:[ab]",
            "{a,b}",
            "goal:é",
            "a\n",
            &"x".repeat(261),
        ] {
            assert!(text.parse::<SubjectPattern>().is_err(), "{text:?}");
        }
        insta::assert_snapshot!("goal:[ab]".parse::<SubjectPattern>().unwrap_err());
    }

    proptest! {
        #[test]
        fn two_globs_overlap_if_a_text_matches_both(
            one in "[ab?*]{0,5}", other in "[ab?*]{0,5}", text in "[ab]{0,6}",
        ) {
            let both = WildMatch::new(&one).matches(&text) && WildMatch::new(&other).matches(&text);
            prop_assert!(!both || overlap(one.as_bytes(), other.as_bytes()));
            prop_assert_eq!(overlap(one.as_bytes(), text.as_bytes()), WildMatch::new(&one).matches(&text));
            prop_assert_eq!(overlap(one.as_bytes(), other.as_bytes()), overlap(other.as_bytes(), one.as_bytes()));
        }

        #[test]
        fn a_pattern_that_covers_a_known_subject_gets_no_warning(text in "[goalwkrunupstem:?*]{1,8}") {
            let known = ["goal:wool", "walk", "budget:groq", "upstream:beeminder", "channel:sms", "run"];
            let pattern = pattern(&text);
            if known.iter().any(|subject| pattern.covers(&subject.parse().unwrap())) {
                prop_assert_eq!(pattern.warning(), None);
            }
        }
    }
}
