//! The names by which a person may call what Mecris watches.

use std::collections::BTreeSet;

use rusqlite::Connection;

use crate::{
    config::nearest,
    domain::{Provider, Subject, SubjectPattern},
    heuristic::observe::last_account,
    store::tables::decisions,
};

/// How many names an error lists.
const LISTED: usize = 12;

/// Nothing that Mecris watches has this name.
#[derive(Debug, thiserror::Error)]
#[error("{name:?} is nothing that Mecris watches{hint}: expected {known}")]
pub struct UnknownSubject {
    name: String,
    /// `, did you mean goal:reading?`; empty if no name is near.
    hint: String,
    known: String,
}

impl UnknownSubject {
    /// Says also that some goals could not be read: one of them may have the name.
    #[must_use]
    pub fn beside_unreadable(mut self, goals: usize) -> Self {
        match goals {
            0 => {}
            1 => self.known.push_str("; 1 goal could not be read the last time"),
            more => self.known += &format!("; {more} goals could not be read the last time"),
        }
        self
    }
}

/// The subjects that a person means: one by its name, with or without the part before the colon (`reading`), or
/// all of a topic (`budgets`).
///
/// # Errors
/// If nothing has this name. The error says which known name is nearest.
pub fn resolve(name: &str, known: &BTreeSet<Subject>) -> Result<Vec<Subject>, UnknownSubject> {
    let name = name.trim();
    let exact = |subject: &Subject| subject.as_str() == name;
    let without_topic = |subject: &Subject| rest(subject.as_str()) == name;
    let of_topic = |subject: &Subject| {
        let topic = subject.topic();
        topic == name || name.strip_suffix('s') == Some(topic)
    };
    let ways: [&dyn Fn(&Subject) -> bool; 3] = [&exact, &without_topic, &of_topic];
    ways.into_iter()
        .map(|is_meant| {
            known
                .iter()
                .filter(|subject| is_meant(subject))
                .cloned()
                .collect()
        })
        .find(|found: &Vec<Subject>| !found.is_empty())
        .ok_or_else(|| unknown(name, known))
}

/// What to say if a person asks for all of a kind, and there is none.
fn nothing_of_kind(name: &str) -> Option<&'static str> {
    match name.strip_suffix('s').unwrap_or(name) {
        "budget" => Some("no budget is configured, [budget] in docs/CONFIGURATION.md says how"),
        "walk" => Some("no walk is configured, [walk] in docs/CONFIGURATION.md says how"),
        "goal" => Some("no goal was read yet, or the account has none"),
        _ => None,
    }
}

/// The pattern that a person means at the command line: what they call a subject, as in [`resolve`], or a pattern.
/// What has a wildcard or a colon stays as it is, and so does a subject that was ever decided about. Before the first
/// reading a goal has to be written as `goal:reading`: nobody knows whether there is one of that name.
///
/// # Errors
/// If the database cannot be read; inside, if nothing has this name.
pub fn meant_pattern(
    connection: &Connection,
    text: &str,
) -> rusqlite::Result<Result<String, UnknownSubject>> {
    let text = text.trim();
    let is_decided =
        |subject: &Subject| decisions::newest_about(connection, subject).map(|rows| !rows.is_empty());
    if text.contains(['*', '?', ':']) {
        return Ok(Ok(text.to_owned()));
    }
    if let Ok(subject) = text.parse()
        && is_decided(&subject)?
    {
        return Ok(Ok(text.to_owned()));
    }
    let account = last_account(connection)?.map(|(_, account)| account);
    let goals = account.iter().flat_map(|account| &account.goals);
    let mut known: BTreeSet<Subject> = goals
        .map(|goal| Subject::goal(&goal.slug))
        .chain([Subject::upstream("beeminder"), Subject::run()])
        .collect();
    let optional: Vec<Subject> = Provider::ALL
        .into_iter()
        .map(Subject::budget)
        .chain([Subject::walk()])
        .collect();
    let all: BTreeSet<Subject> = known.iter().chain(&optional).cloned().collect();
    let Ok(found) = resolve(text, &all) else {
        // Only what Mecris watches here is worth naming.
        for subject in optional {
            if is_decided(&subject)? {
                known.insert(subject);
            }
        }
        let unreadable = account.as_ref().map_or(0, |account| account.unreadable.len());
        let mut refused = unknown(text, &known).beside_unreadable(unreadable);
        if account.is_none() {
            refused
                .known
                .push_str(", or goal:<slug>; goals are known by their names after the first reading");
        }
        return Ok(Err(refused));
    };
    Ok(Ok(match found.as_slice() {
        [one] => one.to_string(),
        [first, ..] if rest(first.as_str()) != text => format!("{}:*", first.topic()),
        // A goal and a budget of one name.
        _ => format!("*:{text}"),
    }))
}

/// A sentence if a pattern covers nothing that Mecris watches: no kind of subject, or a goal that the account of
/// the last reading does not have.
///
/// # Errors
/// If the database cannot be read.
pub fn warning(connection: &Connection, pattern: &SubjectPattern) -> rusqlite::Result<Option<String>> {
    let Some((_, account)) = last_account(connection)? else {
        return Ok(pattern.warning());
    };
    let text = pattern.as_str();
    let goals: BTreeSet<Subject> = account
        .goals
        .iter()
        .map(|goal| Subject::goal(&goal.slug))
        .collect();
    let hint = || {
        let near = meant(text, &goals).filter(|near| near.as_str() != text);
        near.map(|near| format!(", did you mean {near}?"))
            .unwrap_or_default()
    };
    let is_exact = !text.contains(['*', '?']);
    Ok(match (text.strip_prefix("goal:"), pattern.warning()) {
        (Some(slug), _) if is_exact && !goals.iter().any(|goal| goal.as_str() == text) => {
            let unreadable = match account.unreadable.len() {
                0 => String::new(),
                count => format!(" among those that could be read ({count} could not)"),
            };
            Some(format!("the account has no goal {slug}{unreadable}{}", hint()))
        }
        (_, Some(warning)) if is_exact => Some(format!("{warning}{}", hint())),
        (_, warning) => warning,
    })
}

/// The subject that a person probably meant by a name that no subject has.
fn meant<'a>(name: &str, known: &'a BTreeSet<Subject>) -> Option<&'a Subject> {
    let names = known.iter().map(|subject| rest(subject.as_str()));
    let near = nearest(rest(name), names)?;
    known.iter().find(|subject| rest(subject.as_str()) == near)
}

fn unknown(name: &str, known: &BTreeSet<Subject>) -> UnknownSubject {
    let listed: Vec<&str> = known.iter().map(Subject::as_str).take(LISTED).collect();
    let more = known.len() - listed.len();
    UnknownSubject {
        name: name.chars().take(80).collect(),
        hint: match (nothing_of_kind(name), meant(name, known)) {
            (Some(nothing), _) => format!(": {nothing}"),
            (None, Some(near)) => format!(", did you mean {near}?"),
            (None, None) => String::new(),
        },
        known: match more {
            0 => listed.join(", "),
            more => format!("{} or one of {more} more", listed.join(", ")),
        },
    }
}

/// The part after the colon, or the whole name if it has no colon.
fn rest(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store;

    fn known() -> BTreeSet<Subject> {
        [
            "goal:reading",
            "goal:bike",
            "walk",
            "budget:groq",
            "budget:anthropic",
            "upstream:beeminder",
        ]
        .map(|name| name.parse().unwrap())
        .into()
    }

    fn resolved(name: &str) -> Vec<String> {
        let found = resolve(name, &known()).unwrap();
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_person_may_leave_out_the_kind_or_name_the_kind_alone() {
        assert_eq!(resolved("goal:reading"), ["goal:reading"]);
        assert_eq!(resolved(" bike "), ["goal:bike"]);
        assert_eq!(resolved("groq"), ["budget:groq"]);
        assert_eq!(resolved("budgets"), ["budget:anthropic", "budget:groq"]);
        assert_eq!(resolved("upstream"), ["upstream:beeminder"]);
        assert_eq!(resolved("walk"), ["walk"]);
    }

    #[test]
    fn an_unknown_name_gets_the_nearest_one() {
        let refused = |name| resolve(name, &known()).unwrap_err().to_string();
        for name in ["goal:readng", "readign", "gaol:reading"] {
            let text = refused(name);
            assert!(text.contains(", did you mean goal:reading?"), "{text}");
        }
        insta::assert_snapshot!(refused("xylophone"), @r#""xylophone" is nothing that Mecris watches: expected budget:anthropic, budget:groq, goal:bike, goal:reading, upstream:beeminder, walk"#);
    }

    #[test]
    fn all_of_a_kind_of_which_there_is_nothing_says_how_to_get_one() {
        let known = ["goal:reading", "run"].map(|text| text.parse().unwrap()).into();
        let text = resolve("budgets", &known).unwrap_err().to_string();
        assert!(text.contains("no budget is configured"), "{text}");
        let text = resolve("walk", &known).unwrap_err().to_string();
        assert!(text.contains("no walk is configured"), "{text}");
    }

    #[test]
    fn before_the_first_reading_a_name_alone_is_refused_and_a_goal_in_full_is_not() {
        let connection = store::in_memory().unwrap();
        let meant = |text| meant_pattern(&connection, text).unwrap();
        let refused = meant("readng").unwrap_err().to_string();
        insta::assert_snapshot!(refused, @r#""readng" is nothing that Mecris watches: expected run, upstream:beeminder, or goal:<slug>; goals are known by their names after the first reading"#);
        for (said, pattern) in [
            ("goal:readng", "goal:readng"),
            ("goal:*", "goal:*"),
            (" walk ", "walk"),
            ("groq", "budget:groq"),
        ] {
            assert_eq!(meant(said).unwrap(), pattern);
        }
    }
}
