//! Which step a goal has: by the chances that are still to come before it derails.

use jiff::civil::Weekday;

use super::*;
use crate::{
    arms::beeminder::Datapoint,
    domain::{Ask, Reason, Step},
};

/// A goal that derails at an instant, with a deadline in hours from midnight.
fn derailing(at_local: &str, deadline_hours: i64) -> Goal {
    let losedate = at(at_local);
    Goal {
        losedate: Some(losedate - SignedDuration::from_secs(1)),
        deadline: DeadlineOffset::from_seconds(deadline_hours * 3600).unwrap(),
        ..goal("reading", 1)
    }
}

fn ask(goal: &Goal, timetable: &Timetable, now: Timestamp) -> Option<Ask> {
    let conditions = assess(
        &observed(vec![goal.clone()]),
        &healthy(),
        &settings(),
        &timetable.outlook(now, 35),
    );
    find(&conditions, "goal:reading").ask
}

fn step(goal: &Goal, timetable: &Timetable, now: Timestamp) -> Option<Step> {
    ask(goal, timetable, now).map(|ask| ask.step)
}

#[test]
fn the_last_day_follows_from_the_deadline_and_the_chances() {
    let now = today("15:00");
    for (derails_at, deadline, want) in [
        ("2026-11-22T00:00:00-05:00", 0, Some(Step::Last)),
        ("2026-11-22T03:00:00-05:00", 3, Some(Step::Last)),
        ("2026-11-22T11:00:00-05:00", -13, Some(Step::Last)),
        ("2026-11-22T14:59:00-05:00", -9, Some(Step::Last)),
        ("2026-11-22T18:00:00-05:00", -6, Some(Step::Ahead)),
        ("2026-11-23T00:00:00-05:00", 0, Some(Step::Ahead)),
        ("2026-11-23T11:00:00-05:00", -13, Some(Step::Ahead)),
        ("2026-11-24T00:00:00-05:00", 0, None),
    ] {
        assert_eq!(
            step(&derailing(derails_at, deadline), &afternoon(), now),
            want,
            "{derails_at}"
        );
    }
}

#[test]
fn a_warning_ahead_is_a_warning_even_on_beeminders_last_day() {
    // Beeminder's day of a deadline of 18:00 begins the evening before.
    let always = Timetable {
        daemon: Presence::Always {
            interval: SignedDuration::from_mins(15),
        },
        ..afternoon()
    };
    let bedtime = Goal {
        safebuf: Some(0),
        ..derailing("2026-11-22T18:00:00-05:00", -6)
    };
    let outlook = always.outlook(today("20:00"), 35);
    let conditions = assess(&observed(vec![bedtime]), &healthy(), &settings(), &outlook);
    let told = find(&conditions, "goal:reading");
    assert_eq!(
        (told.ask.map(|ask| ask.step), told.severity),
        (Some(Step::Ahead), Severity::Warning)
    );
}

#[test]
fn the_occasion_is_beeminders_day_of_the_derailment() {
    for (derails_at, deadline, day) in [
        ("2026-11-22T00:00:00-05:00", 0, "2026-11-21"),
        ("2026-11-22T03:00:00-05:00", 3, "2026-11-21"),
        ("2026-11-22T18:00:00-05:00", -6, "2026-11-22"),
    ] {
        let asked = ask(&derailing(derails_at, deadline), &afternoon(), today("15:00")).unwrap();
        assert_eq!(asked.occasion, day.parse().unwrap(), "{derails_at}");
    }
}

#[test]
fn on_a_friday_a_weekday_window_speaks_of_the_weekend() {
    use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
    let mut weekdays = afternoon();
    if let Presence::Daily { window, .. } = &mut weekdays.daemon {
        window.days = Weekdays::new([Monday, Tuesday, Wednesday, Thursday, Friday]).unwrap();
    }
    let friday = at("2026-11-20T15:00:00-05:00");
    let monday_morning = derailing("2026-11-23T09:00:00-05:00", -15);
    assert_eq!(step(&monday_morning, &weekdays, friday), Some(Step::Last));
    assert_eq!(
        step(&derailing("2026-11-24T00:00:00-05:00", 0), &weekdays, friday),
        None
    );
    let conditions = assess(
        &observed(vec![Goal {
            safebuf: Some(5),
            ..monday_morning
        }]),
        &healthy(),
        &settings(),
        &weekdays.outlook(friday, 35),
    );
    let condition = find(&conditions, "goal:reading");
    assert_eq!(condition.severity, Severity::Warning, "more than a day ahead");
    assert_eq!(
        condition.heading.as_deref(),
        Some("until Mon 13:00 nobody watches")
    );
    assert_eq!(condition.phrase.long, "reading Mon 08:59 ($5)");
}

#[test]
fn without_a_promise_the_next_pass_is_taken_to_be_tomorrow() {
    let mut by_hand = afternoon();
    by_hand.daemon = Presence::Never;
    by_hand.passes = vec![SinglePass::daily(time(15, 0, 0, 0))];
    let tomorrow = derailing("2026-11-23T00:00:00-05:00", 0);
    let asked = ask(&tomorrow, &by_hand, today("15:00")).unwrap();
    assert_eq!((asked.step, asked.alone_from), (Step::Ahead, today("15:00")));
    assert_eq!(
        step(&goal("reading", 0), &by_hand, today("15:00")),
        Some(Step::Last)
    );
}

#[test]
fn a_warning_ahead_leaves_by_itself_at_the_last_chance_but_one() {
    let asked = ask(&goal("reading", 1), &afternoon(), today("13:00")).unwrap();
    assert_eq!((asked.step, asked.alone_from), (Step::Ahead, today("17:30")));
}

#[test]
fn what_was_entered_today_silences_a_warning_ahead_but_not_the_last_one() {
    let entered = Datapoint {
        id: None,
        day: "2026-11-21".parse().unwrap(),
        value: Some(1.0),
        is_dummy: false,
        is_initial: false,
        is_derail: false,
        created_at: Some(today("09:00")),
        updated_at: None,
    };
    let done = |safebuf| Goal {
        datapoints: vec![entered.clone()],
        ..goal("reading", safebuf)
    };
    let silent = |goal: &Goal| ask(goal, &afternoon(), today("15:00")).unwrap().silent;
    assert_eq!(silent(&done(1)), Some(Reason::DoneToday));
    assert_eq!(silent(&done(0)), None, "it is still red");
    assert_eq!(silent(&goal("reading", 1)), None);
    let dummy = Goal {
        datapoints: vec![Datapoint {
            is_dummy: true,
            ..entered
        }],
        ..goal("reading", 1)
    };
    assert_eq!(silent(&dummy), None, "Beeminder entered it");
}

#[test]
fn on_the_eve_of_a_vacation_nobody_watches_until_its_end() {
    let mut away = afternoon();
    away.vacations = vec![(at("2026-11-22T00:00:00-05:00"), at("2026-12-01T00:00:00-05:00"))];
    let heading = |derails_at: &str| {
        let observed = observed(vec![derailing(derails_at, 0)]);
        let conditions = assess(
            &observed,
            &healthy(),
            &settings(),
            &away.outlook(today("15:00"), 35),
        );
        find(&conditions, "goal:reading").heading
    };
    assert_eq!(
        heading("2026-11-26T00:00:00-05:00").as_deref(),
        Some("until 2026-12-01 13:00 nobody watches")
    );
    assert_eq!(heading("2026-11-22T00:00:00-05:00"), None, "tonight");
    away.vacations = vec![(at("2026-11-22T00:00:00-05:00"), at("2027-11-22T00:00:00-05:00"))];
    let observed = observed(vec![derailing("2026-11-26T00:00:00-05:00", 0)]);
    let conditions = assess(
        &observed,
        &healthy(),
        &settings(),
        &away.outlook(today("15:00"), 35),
    );
    assert_eq!(
        find(&conditions, "goal:reading").heading.as_deref(),
        Some("from now on nobody watches")
    );
}
