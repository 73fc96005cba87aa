//! `last_seen`, `last_call` and `derailed`.

use super::*;
use crate::domain::{DerailSign, Derailment, Step};

/// What becomes of a goal that was read at `seen` and cannot be read since.
fn stale(goal: &Goal, seen: Timestamp, now: Timestamp) -> Condition {
    let observed = Observed {
        beeminder: Observation::Stale {
            value: account(vec![goal.clone()]),
            at: seen,
            why: "no answer".to_owned(),
        },
        ..observed(Vec::new())
    };
    let conditions = assess(&observed, &healthy(), &settings(), &outlook(now));
    find(&conditions, "goal:reading")
}

#[test]
fn on_the_last_day_an_older_reading_is_said_at_the_last_chance_but_one() {
    let red = goal("reading", 0);
    let before = stale(&red, today("13:15"), today("17:15"));
    assert_eq!((before.severity, before.ask), (Severity::Unknown, None));
    let told = stale(&red, today("13:15"), today("17:30"));
    let ask = told.ask.unwrap();
    assert_eq!((told.severity, ask.step), (Severity::Warning, Step::LastSeen));
    assert_eq!(ask.occasion, "2026-11-21".parse().unwrap());
    assert!(
        told.phrase
            .long
            .starts_with("as of 13:15: reading derails today 23:59"),
        "{:?}",
        told.phrase
    );
}

#[test]
fn an_older_reading_says_nothing_about_another_day_and_nothing_after_three_days() {
    let now = today("17:30");
    let safe = stale(&goal("reading", 3), today("13:15"), now);
    assert_eq!((safe.severity, safe.ask), (Severity::Unknown, None));
    // Its last day is today by a reading of three days ago, which said that three days were safe, and by an older one.
    let red = Goal {
        safebuf: Some(3),
        ..goal("reading", 0)
    };
    let hours = |hours| now - SignedDuration::from_hours(hours);
    assert!(stale(&red, hours(71), now).ask.is_some());
    assert_eq!(stale(&red, hours(73), now).ask, None);
}

fn fresh_step(pledge: f64, now: Timestamp) -> Step {
    let red = Goal {
        pledge: Money::from_usd(pledge).ok(),
        ..goal("reading", 0)
    };
    let always = Timetable {
        daemon: Presence::Always {
            interval: SignedDuration::from_mins(15),
        },
        ..afternoon()
    };
    let conditions = assess(
        &observed(vec![red]),
        &healthy(),
        &settings(),
        &always.outlook(now, 35),
    );
    find(&conditions, "goal:reading").ask.unwrap().step
}

#[test]
fn a_dear_goal_is_called_at_the_last_chance_ninety_minutes_before_it_derails() {
    assert_eq!(fresh_step(90.0, today("22:00")), Step::Last);
    assert_eq!(fresh_step(90.0, today("22:15")), Step::LastCall);
    assert_eq!(fresh_step(90.0, today("23:30")), Step::LastCall);
    assert_eq!(fresh_step(30.0, today("22:15")), Step::Last, "not dear enough");
}

#[test]
fn a_deadline_after_midnight_is_called_if_the_evening_before_had_a_chance() {
    let nights = Timetable {
        daemon: Presence::Never,
        passes: [(22, 0), (1, 15)]
            .map(|(hour, minute)| SinglePass::daily(time(hour, minute, 0, 0)))
            .to_vec(),
        quiet_hours: None,
        ..afternoon()
    };
    let dear = Goal {
        pledge: Money::from_usd(810.0).ok(),
        deadline: DeadlineOffset::from_seconds(3 * 3600).unwrap(),
        losedate: Some(at("2026-11-22T02:59:59-05:00")),
        ..goal("reading", 0)
    };
    let outlook = nights.outlook(at("2026-11-22T01:15:00-05:00"), 35);
    let conditions = assess(&observed(vec![dear]), &healthy(), &settings(), &outlook);
    assert_eq!(
        find(&conditions, "goal:reading").ask.unwrap().step,
        Step::LastCall
    );
}

#[test]
fn on_a_day_with_one_chance_the_last_day_is_the_call() {
    let once = once_a_day(15);
    let dear = Goal {
        pledge: Money::from_usd(810.0).ok(),
        ..goal("reading", 0)
    };
    let outlook = once.outlook(today("15:00"), 35);
    let conditions = assess(&observed(vec![dear]), &healthy(), &settings(), &outlook);
    assert_eq!(find(&conditions, "goal:reading").ask.unwrap().step, Step::Last);
}

fn told(goal: Goal, sign: DerailSign, stake: f64) -> Condition {
    let key = goal.key().to_owned();
    let derailment = Derailment {
        sign,
        at: at("2026-11-20T23:59:59-05:00"),
        losedate: Some(at("2026-11-20T23:59:59-05:00")),
        occasion: "2026-11-20".parse().unwrap(),
        stake: Money::from_usd(stake).ok(),
    };
    let derailments = vec![(key, derailment.clone()), ("gone".to_owned(), derailment)];
    let mut conditions = derailed(
        &account(vec![goal]),
        &derailments,
        &outlook(today("15:00")),
        &settings(),
    );
    assert_eq!(conditions.len(), 1, "only goals that the account still has");
    conditions.remove(0)
}

#[test]
fn of_a_derailment_without_a_losedate_only_the_day_is_said() {
    let reading = goal("reading", 7);
    let derailment = Derailment {
        sign: DerailSign::Datapoint,
        at: at("2026-11-21T09:00:00-05:00"),
        losedate: None,
        occasion: "2026-11-20".parse().unwrap(),
        stake: None,
    };
    let derailments = [("reading".to_owned(), derailment)];
    let told = derailed(
        &account(vec![reading]),
        &derailments,
        &outlook(today("15:00")),
        &settings(),
    );
    assert_eq!(told[0].phrase.short, "reading derailed Fri");
}

#[test]
fn what_derailed_after_the_days_last_chance_but_one_waits_for_the_next_day() {
    let told_from = |losedate: &str, now: &str| {
        let derailment = Derailment {
            sign: DerailSign::LosedatePassed,
            at: at(losedate),
            losedate: Some(at(losedate)),
            occasion: "2026-11-21".parse().unwrap(),
            stake: None,
        };
        let derailments = [("reading".to_owned(), derailment)];
        let account = account(vec![goal("reading", 7)]);
        let told = derailed(&account, &derailments, &outlook(at(now)), &settings());
        told[0].ask.unwrap().alone_from
    };
    let chance = at("2026-11-21T17:30:00-05:00");
    assert_eq!(
        told_from("2026-11-21T16:00:00-05:00", "2026-11-21T17:45:00-05:00"),
        chance
    );
    let waits = told_from("2026-11-21T17:40:00-05:00", "2026-11-21T17:45:00-05:00");
    assert_eq!(waits, Timestamp::MAX);
    let next_day = told_from("2026-11-21T17:40:00-05:00", "2026-11-22T13:00:00-05:00");
    assert_eq!(next_day, at("2026-11-22T17:30:00-05:00"));
}

#[test]
fn a_derailment_is_told_with_what_was_at_stake_and_what_is_now() {
    let with = |pledge: f64, state| Goal {
        pledge: Money::from_usd(pledge).ok(),
        state,
        ..goal("reading", 7)
    };
    let raised = told(with(30.0, GoalState::Active), DerailSign::Datapoint, 10.0);
    assert_eq!(
        raised.phrase.long,
        "reading derailed Fri 23:59, $10 at stake (answer Beeminder's mail if it was not fair), now $30"
    );
    let ask = raised.ask.unwrap();
    assert_eq!((ask.step, ask.alone_from), (Step::Derailed, today("17:30")));
    let capped = told(with(10.0, GoalState::Active), DerailSign::LosedatePassed, 10.0);
    assert!(!capped.phrase.long.contains("now"), "{}", capped.phrase.long);
    let free = told(with(5.0, GoalState::Active), DerailSign::Datapoint, 0.0);
    assert_eq!(free.phrase.long, "reading derailed Fri 23:59, now $5");
    let frozen = told(with(30.0, GoalState::Frozen), DerailSign::Frozen, 30.0);
    assert!(
        frozen
            .phrase
            .long
            .ends_with(" and stands still: restart it, or look at the payment"),
        "{}",
        frozen.phrase.long
    );
}
