use std::time::Duration;

use super::*;
use crate::{
    arms::{activity::Walk, beeminder::Account},
    budget::{Budget, Health},
    domain::{Ask, Bases, Daystamp, Money, Observation, Phrase, Share},
};

fn now() -> Timestamp {
    "2026-11-21T15:00:00-05:00".parse().unwrap()
}

fn today() -> Daystamp {
    "2026-11-21".parse().unwrap()
}

fn held(subject: &str, step: Step) -> Held {
    Held {
        subject: subject.parse().unwrap(),
        occasion: today(),
        step,
    }
}

fn share(percent: u8) -> Step {
    Share::of_percent(percent).map(Step::Share).unwrap()
}

fn fresh<T>(value: T) -> Observation<T> {
    Observation::Fresh { value, at: now() }
}

fn stale<T>(value: T) -> Observation<T> {
    Observation::Stale {
        value,
        at: now(),
        why: "it is down".to_owned(),
    }
}

fn account(unreadable: &[&str]) -> Account {
    Account {
        time_zone: None,
        deadbeat: false,
        goals: Vec::new(),
        unreadable: unreadable.iter().map(|why| (*why).to_owned()).collect(),
        ignored: 0,
    }
}

fn walk(done: bool) -> Walk {
    Walk {
        goal: "bike".parse().unwrap(),
        day: today(),
        done,
    }
}

fn budget() -> Budget {
    Budget {
        provider: Provider::Groq,
        source: None,
        limit: None,
        used: None,
        spent_today: None,
        daily_burn: None,
        bases: Bases::default(),
        doubt: None,
        data_from: None,
        period_start: None,
        period_end: None,
        health: Health::Good,
        as_of: None,
        why: String::new(),
    }
}

/// Everything is read.
fn read() -> Observed {
    Observed {
        beeminder: fresh(account(&[])),
        cure: None,
        walk: Some(fresh(walk(false))),
        budgets: vec![(Provider::Groq, fresh(budget()))],
        elapsed: Duration::ZERO,
    }
}

/// Nothing is read.
fn unread() -> Observed {
    Observed {
        beeminder: stale(account(&[])),
        walk: Some(stale(walk(true))),
        budgets: vec![(Provider::Groq, stale(budget()))],
        ..read()
    }
}

/// A condition that asks this, if anything.
fn asks(subject: &str, ask: Option<Ask>) -> Condition {
    Condition {
        subject: subject.parse().unwrap(),
        severity: Severity::Safe,
        day: today(),
        expires_at: None,
        evidence: String::new(),
        phrase: Phrase {
            long: String::new(),
            short: String::new(),
        },
        ask,
        stake: Some(Money::ZERO),
        heading: None,
    }
}

fn on(step: Step, occasion: &str) -> Option<Ask> {
    Some(Ask::at_once(step, occasion.parse().unwrap()))
}

fn unknown(subject: &str) -> Condition {
    Condition {
        severity: Severity::Unknown,
        ..asks(subject, None)
    }
}

fn silent(subject: &str, step: Step, silent: Reason) -> Condition {
    let ask = Ask {
        silent: Some(silent),
        ..Ask::at_once(step, today())
    };
    asks(subject, Some(ask))
}

/// How a step stands, in a word.
fn word(observed: &Observed, conditions: &[Condition], broken: &[Subject], held: &Held) -> &'static str {
    let found = Found::new(observed, conditions, broken, now());
    match found.standing(held) {
        Standing::So(_) => "so",
        Standing::Less => "less",
        Standing::Settled => "settled",
        Standing::Over => "over",
        Standing::Unknown => "unknown",
    }
}

fn stands(observed: &Observed, condition: Option<&Condition>, held: &Held) -> &'static str {
    let conditions: Vec<Condition> = condition.into_iter().cloned().collect();
    word(observed, &conditions, &[], held)
}

#[test]
fn a_goal_is_settled_by_a_fresh_reading_in_which_its_derailment_is_further_away() {
    const READING: &str = "goal:reading";
    let (today, tomorrow) = ("2026-11-21", "2026-11-22");
    let past = Condition {
        expires_at: Some(now()),
        ..asks(READING, on(Step::Last, today))
    };
    for (condition, wanted) in [
        (Some(asks(READING, on(Step::Last, today))), "so"),
        (Some(asks(READING, on(Step::LastCall, today))), "so"),
        (Some(asks(READING, on(Step::Ahead, tomorrow))), "settled"),
        (Some(asks(READING, None)), "settled"),
        (Some(silent(READING, Step::Ahead, Reason::DoneToday)), "settled"),
        (Some(silent(READING, Step::Last, Reason::Silenced)), "so"),
        (None, "settled"),
        (Some(unknown(READING)), "unknown"),
        (
            Some(silent(READING, Step::Unknown, Reason::ExplainedByUpstream)),
            "unknown",
        ),
        (Some(past), "over"),
    ] {
        for step in [Step::Ahead, Step::LastSeen, Step::Last] {
            let held = held(READING, step);
            assert_eq!(
                stands(&read(), condition.as_ref(), &held),
                wanted,
                "{step}: {condition:?}"
            );
            assert_eq!(
                stands(&unread(), condition.as_ref(), &held),
                "unknown",
                "{step}: {condition:?}"
            );
        }
    }
    for (made_for, now_so) in [(Step::LastCall, Step::Last), (Step::Last, Step::Ahead)] {
        let condition = asks(READING, on(now_so, today));
        assert_eq!(
            stands(&read(), Some(&condition), &held(READING, made_for)),
            "less"
        );
    }
    let hidden = Observed {
        beeminder: fresh(account(&["a goal has no slug"])),
        ..read()
    };
    assert_eq!(
        stands(&hidden, None, &held(READING, Step::Last)),
        "unknown",
        "it may be the one without a name"
    );
}

#[test]
fn what_has_derailed_is_settled_when_it_was_undone() {
    let held = held("goal:reading", Step::Derailed);
    let derailed = |occasion| asks("goal:reading", on(Step::Derailed, occasion));
    assert_eq!(stands(&read(), Some(&derailed("2026-11-21")), &held), "so");
    assert_eq!(stands(&read(), Some(&derailed("2026-11-14")), &held), "settled");
    assert_eq!(stands(&read(), None, &held), "settled");
    assert_eq!(stands(&unread(), None, &held), "unknown");
    let due = asks("goal:reading", on(Step::Last, "2026-11-21"));
    assert_eq!(
        stands(&read(), Some(&due), &held),
        "settled",
        "what is due says nothing of what was"
    );
}

#[test]
fn a_walk_is_settled_by_a_walk_and_by_nothing_else() {
    let held = held("walk", Step::Last);
    let missing = asks("walk", on(Step::Last, "2026-11-21"));
    let walked = Observed {
        walk: Some(fresh(walk(true))),
        ..read()
    };
    assert_eq!(stands(&read(), Some(&missing), &held), "so");
    assert_eq!(stands(&walked, Some(&asks("walk", None)), &held), "settled");
    assert_eq!(
        stands(&read(), Some(&asks("walk", None)), &held),
        "over",
        "its hours are over"
    );
    assert_eq!(stands(&unread(), Some(&unknown("walk")), &held), "unknown");
    let none = Observed { walk: None, ..read() };
    assert_eq!(stands(&none, None, &held), "unknown", "not configured any more");
}

#[test]
fn a_share_is_settled_when_less_is_used_or_the_period_is_over() {
    let groq = |ask| asks("budget:groq", ask);
    let period = "2026-11-21";
    for (ask, wanted, of_an_old_reading) in [
        (on(share(95), period), "so", "so"),
        (on(share(100), period), "so", "so"),
        (on(share(75), period), "settled", "unknown"),
        (on(Step::Pace, period), "settled", "unknown"),
        (on(share(95), "2026-12-21"), "settled", "unknown"),
        (None, "settled", "unknown"),
        (on(Step::Unknown, period), "unknown", "unknown"),
    ] {
        let held = held("budget:groq", share(95));
        assert_eq!(stands(&read(), Some(&groq(ask)), &held), wanted, "{ask:?}");
        assert_eq!(
            stands(&unread(), Some(&groq(ask)), &held),
            of_an_old_reading,
            "{ask:?}"
        );
    }
    let slow = silent("budget:groq", Step::Pace, Reason::BelowThreshold);
    assert_eq!(
        stands(&read(), Some(&slow), &held("budget:groq", Step::Pace)),
        "settled"
    );
    assert_eq!(
        stands(&read(), None, &held("budget:groq", Step::Pace)),
        "unknown",
        "not configured any more"
    );
}

#[test]
fn what_mecris_says_about_itself_is_settled_when_it_works_again() {
    let beeminder = held("upstream:beeminder", Step::Alert);
    let down = asks("upstream:beeminder", on(Step::Alert, "2026-11-21"));
    assert_eq!(stands(&unread(), Some(&down), &beeminder), "so");
    assert_eq!(
        stands(&read(), Some(&asks("upstream:beeminder", None)), &beeminder),
        "settled"
    );
    assert_eq!(
        stands(&unread(), Some(&unknown("upstream:beeminder")), &beeminder),
        "unknown"
    );
    let another = asks("run", on(Step::Alert, "2026-11-20"));
    assert_eq!(
        stands(&read(), Some(&another), &held("run", Step::Alert)),
        "settled"
    );

    let sms = held("channel:sms", Step::Alert);
    assert_eq!(word(&read(), &[], &[], &sms), "settled");
    assert_eq!(
        word(&read(), &[], std::slice::from_ref(&sms.subject), &sms),
        "unknown",
        "nobody is left to say it"
    );
    assert_eq!(
        word(&read(), &[], &[], &held("unit:backup", Step::Alert)),
        "unknown",
        "no pass looks at it"
    );
}

#[test]
fn what_could_not_be_told_is_settled_when_it_can_be_told() {
    for subject in ["goal:reading", "walk", "budget:groq"] {
        let held = held(subject, Step::Unknown);
        let still = asks(subject, on(Step::Unknown, "2026-11-20"));
        assert_eq!(stands(&read(), Some(&still), &held), "so", "{subject}");
        assert_eq!(
            stands(&read(), Some(&unknown(subject)), &held),
            "unknown",
            "{subject}"
        );
        assert_eq!(
            stands(&read(), Some(&asks(subject, None)), &held),
            "settled",
            "{subject}"
        );
        let explained = silent(subject, Step::Unknown, Reason::ExplainedByUpstream);
        assert_eq!(stands(&unread(), Some(&explained), &held), "unknown", "{subject}");
        assert_eq!(stands(&unread(), None, &held), "unknown", "{subject}");
    }
}
