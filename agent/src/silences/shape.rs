//! What the texts of a person's word may look like, as the OpenAPI document shows it. [`super::request`]
//! reads these texts. The tests below compare the two.

use std::sync::LazyLock;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use super::request::{LONGEST_AUTHOR, LONGEST_COMMENT};

/// One line of at most `MOST` characters. What a terminal would not show as it is is no line: a control
/// character, a line break, a mark of direction. A blank is the only white space.
pub struct Line<const MOST: usize>;

/// The name of who says it.
pub type Author = Line<LONGEST_AUTHOR>;

/// Why.
pub type Comment = Line<LONGEST_COMMENT>;

/// A pattern of subjects.
pub struct Subjects;

/// A time: a date, a date and time on the person's clock, or an instant with its offset.
pub struct Time;

/// A length of time.
pub struct Length;

/// Every character but those that [`crate::domain::on_one_line`] replaces.
const ON_ONE_LINE: &str = concat!(
    r"^[^\u0000-\u001f\u007f-\u00a0\u061c\u1680\u2000-\u200b\u200e\u200f\u2028-\u202f\u205f-\u206f",
    r"\u3000\ufeff]*$"
);

/// As [`crate::domain::SubjectPattern`] reads it, with blanks around it.
const SUBJECTS: &str = "^ *[A-Za-z0-9:._@*?-]{1,260} *$";

/// Weeks, days, hours and minutes: at least one of them, the largest first. A number may have four digits.
static LENGTH: LazyLock<String> = LazyLock::new(|| {
    let (week, day, hour, minute) = ("[0-9]{1,4}w", "[0-9]{1,4}d", "[0-9]{1,4}h", "[0-9]{1,4}m");
    format!(
        "^({week}( {day})?( {hour})?( {minute})?|{day}( {hour})?( {minute})?|{hour}( {minute})?|{minute})$"
    )
});

/// Only days that the calendar has: the 29th of February only in a leap year.
static TIME: LazyLock<String> = LazyLock::new(|| {
    let leap_year = "[0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00";
    let of_every_year = "(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31";
    let clock = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?";
    let offset = r"Z|[+-](0[0-9]|1[0-4]):[0-5][0-9]";
    format!("^(({leap_year})-02-29|[0-9]{{4}}-({of_every_year}))(T{clock}({offset})?)?$")
});

fn text(pattern: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(pattern))
}

impl<const MOST: usize> PartialSchema for Line<MOST> {
    fn schema() -> RefOr<Schema> {
        text(ON_ONE_LINE).max_length(Some(MOST)).into()
    }
}

impl PartialSchema for Subjects {
    fn schema() -> RefOr<Schema> {
        text(SUBJECTS).into()
    }
}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        text(&TIME).into()
    }
}

impl PartialSchema for Length {
    fn schema() -> RefOr<Schema> {
        text(&LENGTH).into()
    }
}

impl<const MOST: usize> ToSchema for Line<MOST> {}
impl ToSchema for Subjects {}
impl ToSchema for Time {}
impl ToSchema for Length {}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, tz::TimeZone};
    use proptest::{prelude::*, string::string_regex};
    use regex_lite::Regex;

    use super::*;
    use crate::silences::request::{SilenceRequest, author, plan};

    /// What proptest makes texts of: the pattern without its anchors.
    fn texts(pattern: &str) -> impl Strategy<Value = String> + use<> {
        string_regex(&pattern[1..pattern.len() - 1]).unwrap()
    }

    /// Whether a request with this text is at least understood, even if it is refused for what it asks.
    fn is_understood(request: SilenceRequest) -> bool {
        let now: Timestamp = "2026-03-03T20:00:00Z".parse().unwrap();
        let zone = TimeZone::get("America/New_York").unwrap();
        match plan(request, "id".to_owned(), now, &zone) {
            Ok(_) => true,
            Err(refused) => refused.is_about_its_time(),
        }
    }

    fn goals() -> SilenceRequest {
        SilenceRequest {
            subject: Some("goal:*".to_owned()),
            ..SilenceRequest::default()
        }
    }

    proptest! {
        #[test]
        fn every_time_that_the_document_allows_is_understood(until in texts(&TIME)) {
            let request = SilenceRequest { until: Some(until), ..goals() };
            prop_assert!(is_understood(request));
        }

        #[test]
        fn every_length_that_the_document_allows_is_understood(lasting in texts(&LENGTH)) {
            let request = SilenceRequest { lasting: Some(lasting), ..goals() };
            prop_assert!(is_understood(request));
        }

        #[test]
        fn exactly_the_subjects_that_the_document_allows_are_patterns(
            subject in prop_oneof![texts(SUBJECTS), ".{0,6}", "[a-z:*? ]{0,262}"],
        ) {
            let is_allowed = Regex::new(SUBJECTS).unwrap().is_match(&subject);
            let request = SilenceRequest {
                subject: Some(subject),
                lasting: Some("2h".to_owned()),
                ..SilenceRequest::default()
            };
            prop_assert_eq!(is_understood(request), is_allowed);
        }

        #[test]
        fn exactly_the_lines_that_the_document_allows_are_authors(
            name in any::<String>(),
            blanks in 0..82_usize,
        ) {
            let name = format!("{}{name}", " ".repeat(blanks));
            let is_a_line = Regex::new(ON_ONE_LINE).unwrap().is_match(&name);
            let is_allowed = is_a_line && name.chars().count() <= LONGEST_AUTHOR;
            prop_assert_eq!(author(&name).is_ok(), is_allowed);
        }
    }

    #[test]
    fn every_character_is_allowed_on_a_line_or_is_none() {
        let line = Regex::new(ON_ONE_LINE).unwrap();
        for character in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let name = format!("a{character}b");
            assert_eq!(author(&name).is_ok(), line.is_match(&name), "{character:?}");
        }
    }

    #[test]
    fn a_leap_day_is_a_time_in_leap_years_only() {
        let time = Regex::new(&TIME).unwrap();
        for (year, has_it) in [("2028", true), ("2000", true), ("2027", false), ("2100", false)] {
            let day = format!("{year}-02-29");
            assert_eq!(time.is_match(&day), has_it, "{day}");
            assert_eq!(day.parse::<jiff::civil::Date>().is_ok(), has_it, "{day}");
        }
    }
}
