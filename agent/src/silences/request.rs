//! Turns a person's words into a silence. Pure: the time and the id come in as arguments.

use jiff::{SignedDuration, Span, Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    clock::{exact_instant, local_day, local_instant, local_time},
    domain::{PatternError, Silence, SilenceKind, SubjectPattern, on_one_line},
};

/// The longest silence: 90 days. A silence that its author forgot must end by itself.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The longest author and comment, in characters.
pub(super) const LONGEST_AUTHOR: usize = 80;
pub(super) const LONGEST_COMMENT: usize = 500;

/// A silence in a person's words. Exactly one of `until` and `lasting` must be present.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SilenceRequest {
    /// The pattern of subjects: `goal:*`. A vacation needs none.
    pub subject: Option<String>,
    /// When a vacation begins, written as `until` is. `None`: now.
    #[serde(default)]
    pub from: Option<String>,
    /// The end: an instant with its offset, or a date and time on the person's clock. A date alone means the
    /// start of that day.
    pub until: Option<String>,
    /// The length, from the beginning: `2h`, `3d`, `1w 2d`. A day is a calendar day, also when the clock changes.
    pub lasting: Option<String>,
    /// Whether the silence is a vacation, which covers every promise.
    pub vacation: bool,
    /// The person or device that asks: one line of at most 80 characters.
    pub author: String,
    /// The reason: one line of at most 500 characters, or empty.
    pub comment: String,
}

/// Why a request is refused. Each sentence names the argument and what is allowed.
#[derive(Debug, thiserror::Error)]
pub enum SilenceError {
    /// Neither a subject nor a vacation was named.
    #[error(
        "subject is missing: expected a subject or a pattern, for example goal:reading or goal:*, or vacation=true for every promise"
    )]
    NoSubject,
    /// The subject is not a pattern.
    #[error("subject: {0}")]
    Pattern(#[from] PatternError),
    /// A vacation with a subject other than `*`.
    #[error(
        "subject: {0:?} cannot be combined with vacation=true, which covers every promise: send only one of the two"
    )]
    PartialVacation(String),
    /// Only a vacation begins later.
    #[error("from: only a vacation can begin later, a silence begins now")]
    FromOfSilence,
    /// The beginning is not a time.
    #[error(
        "from: {0:?} is not a time: expected 2026-12-24T18:00 or 2026-12-24 on your clock, or with an offset 2026-12-24T18:00:00-05:00 (in a query + is written %2B)"
    )]
    From(String),
    /// The beginning lies before today.
    #[error(
        "from: {0:?} is before today: expected a time to come, or no from for a vacation that begins now"
    )]
    FromPast(String),
    /// The end is not after the beginning.
    #[error("{name}: {text:?} ends at {ends_at}, which is not after its beginning at {starts_at}")]
    EndsFirst {
        /// `until` or `for`.
        name: &'static str,
        /// The text that was sent.
        text: String,
        /// The end that the text means.
        ends_at: Timestamp,
        /// The beginning.
        starts_at: Timestamp,
    },
    /// The end is missing or given twice.
    #[error("until and for: {0}, expected exactly one of them, until=2026-12-24T18:00 or for=2h")]
    Ends(&'static str),
    /// The end is not a time.
    #[error(
        "until: {0:?} is not a time: expected 2026-12-24T18:00 or 2026-12-24 on your clock, or with an offset 2026-12-24T18:00:00-05:00 (in a query + is written %2B)"
    )]
    Until(String),
    /// The length is not a duration.
    #[error("for: {0:?} is not a duration: expected for example 90m, 2h, 3d or 1w 2d, up to 90d")]
    For(String),
    /// The end is not in the future.
    #[error("{name}: {text:?} ends at {ends_at}, which is not after {now}: expected up to 90 days from now")]
    Past {
        /// `until` or `for`.
        name: &'static str,
        /// The text that was sent.
        text: String,
        /// The end that the text means.
        ends_at: Timestamp,
        /// The present time.
        now: Timestamp,
    },
    /// The silence is longer than [`LONGEST`].
    #[error(
        "{name}: {text:?} is more than 90 days away: expected up to 90 days from now, renew the silence then"
    )]
    TooLong {
        /// `until` or `for`.
        name: &'static str,
        /// The text that was sent.
        text: String,
    },
    /// A text that is too long or has more than one line.
    #[error("{name}: expected one line of at most {most} characters")]
    Text {
        /// `author` or `comment`.
        name: &'static str,
        /// The most characters.
        most: usize,
    },
}

impl SilenceError {
    /// Whether the words were understood, and only the time that they name cannot be granted now.
    pub fn is_about_its_time(&self) -> bool {
        matches!(
            self,
            Self::FromPast(_) | Self::EndsFirst { .. } | Self::Past { .. } | Self::TooLong { .. }
        )
    }
}

/// The silence that a person asks for. It begins at `now`, a vacation perhaps later; `zone` is the zone of the
/// person's clock.
///
/// # Errors
/// If the request cannot be understood, its end is not in the future or not after its beginning, or it ends
/// later than [`LONGEST`] from now.
pub fn plan(
    request: SilenceRequest,
    id: String,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<Silence, SilenceError> {
    let (kind, pattern) = match (request.vacation, request.subject) {
        (false, None) => return Err(SilenceError::NoSubject),
        (false, Some(subject)) => (SilenceKind::Silence, subject.trim_matches(' ').parse()?),
        (true, Some(subject)) if subject.trim_matches(' ') != "*" => {
            return Err(SilenceError::PartialVacation(quoted(&subject)));
        }
        (true, _) => (SilenceKind::Vacation, SubjectPattern::every_promise()),
    };
    let asked = asked_beginning(request.from.as_deref(), kind, now, zone)?;
    let starts_at = asked.max(now);
    let (name, text, ends_at) = match (request.until, request.lasting) {
        (Some(text), None) => (
            "until",
            quoted(&text),
            instant(&text, zone).ok_or(SilenceError::Until(quoted(&text)))?,
        ),
        (None, Some(text)) => (
            "for",
            quoted(&text),
            after(&text, asked, zone).ok_or(SilenceError::For(quoted(&text)))?,
        ),
        (None, None) => return Err(SilenceError::Ends("both are missing")),
        (Some(_), Some(_)) => return Err(SilenceError::Ends("both are present")),
    };
    if ends_at <= now {
        return Err(SilenceError::Past {
            name,
            text,
            ends_at,
            now,
        });
    }
    if ends_at <= starts_at {
        return Err(SilenceError::EndsFirst {
            name,
            text,
            ends_at,
            starts_at,
        });
    }
    // One hour more than 90 times 24: the day on which the clock is set back has 25 hours.
    if ends_at.duration_since(now) > LONGEST + SignedDuration::from_hours(1) {
        return Err(SilenceError::TooLong { name, text });
    }
    Ok(Silence {
        id,
        kind,
        pattern,
        starts_at,
        ends_at,
        author: author(&request.author)?,
        comment: line("comment", &request.comment, LONGEST_COMMENT)?,
        created_at: now,
        deleted_at: None,
        deleted_by: None,
    })
}

/// When it begins by the request. A time of today may have passed: then the silence begins now, and its length
/// counts from that time.
fn asked_beginning(
    from: Option<&str>,
    kind: SilenceKind,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<Timestamp, SilenceError> {
    let Some(text) = from else { return Ok(now) };
    if kind != SilenceKind::Vacation {
        return Err(SilenceError::FromOfSilence);
    }
    let at = instant(text, zone).ok_or_else(|| SilenceError::From(quoted(text)))?;
    if local_day(at, zone) < local_day(now, zone) {
        return Err(SilenceError::FromPast(quoted(text)));
    }
    Ok(at)
}

/// The author of a silence or an acknowledgement, as it is recorded: trimmed.
///
/// # Errors
/// If the name has more than one line or more than 80 characters.
pub fn author(text: &str) -> Result<String, SilenceError> {
    line("author", text, LONGEST_AUTHOR)
}

fn line(name: &'static str, text: &str, most: usize) -> Result<String, SilenceError> {
    // What a terminal would not show as it is is no line: a mark of direction as little as a control character.
    let is_a_line = text
        .split(' ')
        .filter(|word| !word.is_empty())
        .all(|word| on_one_line(word, most) == word);
    if is_a_line && text.chars().count() <= most {
        Ok(text.trim_matches(' ').to_owned())
    } else {
        Err(SilenceError::Text { name, most })
    }
}

/// The first 80 characters of the sent text: enough for its author to find it.
fn quoted(text: &str) -> String {
    text.chars().take(80).collect()
}

fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    exact_instant(text)
        .ok()
        .or_else(|| Some(local_instant(local_time(text)?, zone)))
}

fn after(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let span: Span = text.trim().parse().ok()?;
    now.to_zoned_datetime(zone.clone())
        .checked_add(span)
        .ok()
        .map(|end| end.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Tuesday, 15:00 in New York; the clock is set forward on the 8th of March.
    fn now() -> Timestamp {
        "2026-03-03T15:00:00-05:00".parse().unwrap()
    }

    fn planned(request: SilenceRequest) -> Result<Silence, SilenceError> {
        plan(
            request,
            "id".to_owned(),
            now(),
            &TimeZone::get("America/New_York").unwrap(),
        )
    }

    fn goals() -> SilenceRequest {
        SilenceRequest {
            subject: Some("goal:*".to_owned()),
            author: "laptop".to_owned(),
            ..SilenceRequest::default()
        }
    }

    fn until(text: &str) -> Result<Silence, SilenceError> {
        planned(SilenceRequest {
            until: Some(text.to_owned()),
            ..goals()
        })
    }

    fn lasting(text: &str) -> Result<Silence, SilenceError> {
        planned(SilenceRequest {
            lasting: Some(text.to_owned()),
            ..goals()
        })
    }

    #[test]
    fn an_end_is_an_instant_or_a_time_on_the_persons_clock() {
        for (text, ends_at) in [
            ("2026-03-03T18:00:00-05:00", "2026-03-03T18:00:00-05:00"),
            ("2026-03-03T23:00:00Z", "2026-03-03T18:00:00-05:00"),
            ("2026-03-03T18:00", "2026-03-03T18:00:00-05:00"),
            (" 2026-03-03 18:00:30 ", "2026-03-03T18:00:30-05:00"),
            ("2026-03-05", "2026-03-05T00:00:00-05:00"),
            ("2026-03-08T02:30", "2026-03-08T03:00:00-04:00"),
            ("2026-03-09", "2026-03-09T00:00:00-04:00"),
        ] {
            assert_eq!(until(text).unwrap().ends_at, ends_at.parse().unwrap(), "{text}");
        }
    }

    #[test]
    fn a_length_counts_days_of_the_calendar() {
        for (text, ends_at) in [
            ("90m", "2026-03-03T16:30:00-05:00"),
            ("2h", "2026-03-03T17:00:00-05:00"),
            ("1h 30m", "2026-03-03T16:30:00-05:00"),
            ("6d", "2026-03-09T15:00:00-04:00"),
            ("1w", "2026-03-10T15:00:00-04:00"),
            ("90d", "2026-06-01T15:00:00-04:00"),
        ] {
            assert_eq!(lasting(text).unwrap().ends_at, ends_at.parse().unwrap(), "{text}");
        }
    }

    #[test]
    fn a_vacation_may_begin_later_and_is_counted_from_there() {
        let vacation = |from: &str, until: Option<&str>, lasting: Option<&str>| {
            planned(SilenceRequest {
                subject: None,
                vacation: true,
                from: Some(from.to_owned()),
                until: until.map(str::to_owned),
                lasting: lasting.map(str::to_owned),
                ..goals()
            })
        };
        let later = vacation("2026-03-07", None, Some("3d")).unwrap();
        assert_eq!(later.starts_at, "2026-03-07T00:00:00-05:00".parse().unwrap());
        assert_eq!(later.ends_at, "2026-03-10T00:00:00-04:00".parse().unwrap());
        assert_eq!(later.created_at, now());
        let today = vacation("2026-03-03", Some("2026-03-05"), None).unwrap();
        assert_eq!(today.starts_at, now(), "today has begun already");
        let today = vacation("2026-03-03", None, Some("3d")).unwrap();
        assert_eq!(today.starts_at, now());
        assert_eq!(
            today.ends_at,
            "2026-03-06T00:00:00-05:00".parse().unwrap(),
            "three days from the beginning that was asked for"
        );
        for (from, until, lasting) in [
            ("soon", None, Some("3d")),
            ("2026-03-02", None, Some("3d")),
            ("2026-03-07", Some("2026-03-07"), None),
            ("2026-03-07", Some("2026-03-06"), None),
            ("2026-03-07", None, Some("90d")),
        ] {
            let refused = vacation(from, until, lasting).unwrap_err().to_string();
            assert!(refused.contains(": "), "{refused}");
        }
        let silence = SilenceRequest {
            from: Some("2026-03-07".to_owned()),
            lasting: Some("10d".to_owned()),
            ..goals()
        };
        assert!(matches!(planned(silence), Err(SilenceError::FromOfSilence)));
    }

    #[test]
    fn a_vacation_covers_every_promise() {
        let vacation = |subject: Option<&str>| {
            planned(SilenceRequest {
                vacation: true,
                lasting: Some("3d".to_owned()),
                subject: subject.map(str::to_owned),
                ..goals()
            })
        };
        for subject in [None, Some("*")] {
            let silence = vacation(subject).unwrap();
            assert_eq!(
                (silence.kind, silence.pattern.as_str()),
                (SilenceKind::Vacation, "*")
            );
        }
        assert!(matches!(
            vacation(Some("goal:*")),
            Err(SilenceError::PartialVacation(_))
        ));
    }

    #[test]
    fn what_cannot_be_granted_is_answered_with_what_can() {
        let requests = [
            planned(SilenceRequest {
                lasting: Some("2h".to_owned()),
                subject: None,
                ..goals()
            }),
            planned(SilenceRequest {
                lasting: Some("2h".to_owned()),
                subject: Some("goal:[ab]".to_owned()),
                ..goals()
            }),
            planned(SilenceRequest {
                lasting: Some("2h".to_owned()),
                vacation: true,
                ..goals()
            }),
            planned(goals()),
            planned(SilenceRequest {
                lasting: Some("2h".to_owned()),
                until: Some("2026-03-04".to_owned()),
                ..goals()
            }),
            until("tomorrow"),
            until("2026-03-03T18:00:00 01:00"),
            until("2026-02-30"),
            until("2026-03-03T15:00:00-05:00"),
            until("2026-03-03"),
            until("2026-06-02"),
            until("9999-12-30"),
            lasting("long"),
            lasting("2"),
            lasting("0h"),
            lasting("2h ago"),
            lasting("91d"),
            lasting("9999y"),
            planned(SilenceRequest {
                lasting: Some("2h".to_owned()),
                author: "x".repeat(81),
                ..goals()
            }),
            planned(SilenceRequest {
                lasting: Some("2h".to_owned()),
                comment: "two\nlines".to_owned(),
                ..goals()
            }),
        ];
        let sentences: Vec<String> = requests
            .into_iter()
            .map(|request| request.unwrap_err().to_string())
            .collect();
        insta::assert_snapshot!(sentences.join("\n"));
    }
}
