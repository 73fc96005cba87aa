//! What a message says, by its text alone.

use crate::domain::Slug;

const OPENING: &str = "Mecris: ";
const SEPARATOR: &str = "; ";

/// The phrases of a message.
pub(super) fn phrases(text: &str) -> impl Iterator<Item = &str> {
    text.strip_prefix(OPENING).unwrap_or(text).split(SEPARATOR)
}

/// The phrase that names a goal; first of all the one that begins with its name.
pub(super) fn phrase_about<'a>(text: &'a str, slug: &Slug) -> Option<&'a str> {
    let begins = |phrase: &&str| {
        let rest = phrase.strip_prefix(slug.as_str());
        rest.is_some_and(|rest| !rest.starts_with(is_of_a_name))
    };
    phrases(text)
        .find(begins)
        .or_else(|| phrases(text).find(|phrase| names(phrase, slug)))
}

/// Whether a text has a goal's name as a word of its own.
pub(super) fn names(text: &str, slug: &Slug) -> bool {
    let mut words = text.split(|c| !is_of_a_name(c));
    words.any(|word| word == slug.as_str())
}

/// How many subjects the message counts without naming them: `+2 more`.
pub(super) fn counted(text: &str) -> usize {
    let counts = phrases(text).filter_map(|phrase| {
        let rest = phrase.strip_prefix('+')?;
        let (number, _) = rest.split_once(" more")?;
        number.parse::<usize>().ok()
    });
    counts.sum()
}

fn is_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(text: &str) -> Slug {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_is_a_whole_word() {
        let text = "Mecris: gym-2 derails today 23:59 ($5); report today's sugar by 23:59; +2 more";
        assert!(names(text, &slug("gym-2")) && names(text, &slug("sugar")));
        assert!(!names(text, &slug("gym")) && !names(text, &slug("derail")));
        assert_eq!(
            phrase_about(text, &slug("sugar")),
            Some("report today's sugar by 23:59")
        );
        assert_eq!(phrase_about(text, &slug("gym")), None);
    }

    #[test]
    fn the_phrase_that_begins_with_the_name_is_about_it() {
        let text =
            "Mecris: cannot read Beeminder, last seen: reading due today 23:59; reading derails today 23:59";
        assert_eq!(
            phrase_about(text, &slug("reading")),
            Some("reading derails today 23:59")
        );
    }

    #[test]
    fn sums_are_added_up() {
        assert_eq!(counted("Mecris: a derails today; +2 more"), 2);
        assert_eq!(
            counted("Mecris: a derails; +11 more due today, $4 together; +3 more"),
            14
        );
        assert_eq!(counted("Mecris: reading derails today 23:59 (+1 due)"), 0);
    }
}
