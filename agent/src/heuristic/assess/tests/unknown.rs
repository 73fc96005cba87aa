//! What could not be told, and since when.

use super::*;
use crate::{
    clock::local_day,
    domain::{Reason, Step},
};

const NOW: &str = "15:00";

/// A goal about which Beeminder says nothing.
fn odd() -> Goal {
    Goal {
        safebuf: None,
        losedate: None,
        ..goal("odd", 9)
    }
}

/// The condition of `subject`, which could not be told since an instant.
fn untold_since(
    since: Option<&str>,
    observed: &Observed,
    settings: &AssessSettings,
    subject: &str,
) -> Condition {
    let history = History {
        untold: since
            .map(|since| (subject.parse().unwrap(), at(since)))
            .into_iter()
            .collect(),
        ..healthy()
    };
    find(
        &assess(observed, &history, settings, &outlook(today(NOW))),
        subject,
    )
}

#[test]
fn what_cannot_be_told_is_worth_a_message_after_a_day() {
    let observed = observed(vec![odd()]);
    for (since, due) in [
        (None, false),
        (Some("2026-11-20T15:10:01-05:00"), false),
        (Some("2026-11-20T15:10:00-05:00"), true),
        (Some("2026-11-10T15:00:00-05:00"), true),
    ] {
        let condition = untold_since(since, &observed, &settings(), "goal:odd");
        let ask = condition.ask.unwrap();
        assert_eq!((ask.step, ask.silent), (Step::Unknown, None), "{since:?}");
        assert_eq!(ask.occasion, local_day(today(NOW), &zone()));
        assert_eq!(ask.alone_from <= today(NOW), due, "{since:?}");
        let severity = if due { Severity::Warning } else { Severity::Unknown };
        assert_eq!(condition.severity, severity, "{since:?}");
    }
    let told = untold_since(
        Some("2026-11-20T14:00:00-05:00"),
        &observed,
        &settings(),
        "goal:odd",
    );
    assert_eq!(
        (told.phrase.long.as_str(), told.phrase.short.as_str()),
        (
            "odd unknown since Fri 14:00: neither its safebuf nor its losedate can be read",
            "odd unknown"
        )
    );
}

#[test]
fn one_look_is_never_enough() {
    let at_once = AssessSettings {
        unknown_after: SignedDuration::ZERO,
        ..settings()
    };
    let observed = observed(vec![odd()]);
    let severity = |since| untold_since(since, &observed, &at_once, "goal:odd").severity;
    assert_eq!(severity(None), Severity::Unknown);
    assert_eq!(severity(Some("2026-11-21T14:59:00-05:00")), Severity::Warning);
}

#[test]
fn what_an_outage_explains_is_no_look_of_its_own() {
    let down = Observed {
        beeminder: Observation::Stale {
            value: account(vec![goal("reading", 1)]),
            at: today("14:02"),
            why: "down".to_owned(),
        },
        walk: Some(Observation::Unknown {
            why: "down".to_owned(),
        }),
        budgets: vec![(
            Provider::Groq,
            Observation::Unknown {
                why: "no reading".to_owned(),
            },
        )],
        ..observed(Vec::new())
    };
    let set = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
    for (tries, reason) in [(1, None), (3, Some(Reason::ExplainedByUpstream))] {
        let conditions = assess(&down, &failing(tries, tries), &settings(), &outlook(today(NOW)));
        for subject in ["goal:reading", "walk"] {
            let silent = find(&conditions, subject).ask.and_then(|ask| ask.silent);
            assert_eq!(silent, reason, "{subject} after {tries}");
        }
        let found = untold(&down, &conditions);
        assert_eq!(found.own, set(&["budget:groq"]));
        assert_eq!(found.by_upstream, set(&["goal:reading", "walk"]));
    }
}

#[test]
fn an_old_reading_keeps_its_share_until_it_is_due() {
    let stale = Observed {
        budgets: vec![(
            Provider::Groq,
            Observation::Stale {
                value: groq(4.0, Health::Warning),
                at: today("09:00"),
                why: "the newest groq reading is 8 days old".to_owned(),
            },
        )],
        ..observed(Vec::new())
    };
    let at = |since| untold_since(Some(since), &stale, &settings(), "budget:groq");
    let early = at("2026-11-21T09:00:00-05:00");
    assert_eq!(early.ask.unwrap().step.to_string(), "75");
    let due = at("2026-11-20T09:00:00-05:00");
    assert_eq!(due.ask.unwrap().step, Step::Unknown);
    assert_eq!(
        due.phrase.long,
        "groq budget unknown since Fri 09:00: the newest groq reading is 8 days old"
    );
}

#[test]
fn a_refused_token_is_told_at_the_second_look_with_what_to_do() {
    let refused = Observed {
        cure: Some("Beeminder refuses the token: put a new BEEMINDER_AUTH_TOKEN"),
        beeminder: Observation::Unknown {
            why: "401".to_owned(),
        },
        ..observed(Vec::new())
    };
    let upstream = |tries| {
        let conditions = assess(
            &refused,
            &failing(tries, tries),
            &settings(),
            &outlook(today(NOW)),
        );
        find(&conditions, "upstream:beeminder")
    };
    assert_eq!(upstream(1).severity, Severity::Unknown);
    assert_eq!(upstream(2).severity, Severity::Warning);
    assert_eq!(
        upstream(2).phrase.long,
        "Beeminder refuses the token: put a new BEEMINDER_AUTH_TOKEN (2 tries, since 14:02)"
    );
}
