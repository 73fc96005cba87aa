//! Until when the word of a last day waits.

use super::*;
use crate::{
    arms::beeminder::DataSource,
    config::GoalRule,
    domain::{Ask, Reason},
    heuristic::habit::Habit,
    store::tables::entries::Entry,
};

/// A goal that derails tonight at 23:59.
fn red() -> Goal {
    Goal {
        source: Some(DataSource::Person),
        ..goal("reading", 0)
    }
}

/// Entries at a time of day, on so many of the days before today.
fn entered(clock: &str, days: i64) -> Vec<Entry> {
    let today = at(&format!("2026-11-21T{clock}:00-05:00"));
    let entry = |day: i64| {
        let at = today - SignedDuration::from_hours(24 * day);
        Entry {
            goal: "reading".to_owned(),
            datapoint: day.to_string(),
            day: local_date(at),
            entered_at: at,
            value: Some(1.0),
            is_dummy: false,
            is_derail: false,
            gone_at: None,
        }
    };
    (1..=days).map(entry).collect()
}

fn local_date(at: Timestamp) -> crate::domain::Daystamp {
    crate::clock::local_day(at, &zone())
}

fn ask(goal: &Goal, entries: &[Entry], timetable: &Timetable, now: Timestamp) -> Ask {
    let mut history = healthy();
    let habit = Habit::of(goal, entries, &zone(), now);
    history.habits.insert(goal.key().to_owned(), habit);
    let outlook = timetable.outlook(now, 35);
    let conditions = assess(&observed(vec![goal.clone()]), &history, &settings(), &outlook);
    find(&conditions, "goal:reading").ask.unwrap()
}

/// At home, with a pass every half hour.
fn always() -> Timetable {
    Timetable {
        daemon: Presence::Always {
            interval: SignedDuration::from_mins(30),
        },
        ..afternoon()
    }
}

fn held(ask: &Ask) -> (Timestamp, Reason) {
    (ask.alone_from, ask.waits)
}

#[test]
fn it_waits_for_the_later_of_the_reminders_and_the_usual_time() {
    let now = today("13:00");
    let from = |clock: &str| Goal {
        alert_start: Some(clock.parse().unwrap()),
        ..red()
    };
    let nothing = ask(&red(), &[], &always(), now);
    assert_eq!(nothing.alone_from, now, "nothing to wait for");
    let reminders = ask(&from("17:00"), &[], &always(), now);
    assert_eq!(held(&reminders), (today("17:00"), Reason::BeforeAlertstart));
    let usual = ask(&from("09:00"), &entered("19:30", 7), &always(), now);
    assert_eq!(held(&usual), (today("20:00"), Reason::BeforeUsualTime));
    assert_eq!(usual.rides_from, today("19:00"));
    let both = ask(&from("20:30"), &entered("19:30", 7), &always(), now);
    assert_eq!(held(&both), (today("20:30"), Reason::BeforeAlertstart));
}

#[test]
fn it_never_waits_beyond_the_last_chance_but_one() {
    let now = today("13:00");
    let few = ask(&red(), &entered("22:45", 7), &always(), now);
    assert_eq!(few.alone_from, today("21:00"), "the last chance is at 21:30");
    let settled = ask(&red(), &entered("22:45", 10), &always(), now);
    assert_eq!(settled.alone_from, today("22:00"), "one hour is enough");
    let in_window = ask(&red(), &entered("22:45", 10), &afternoon(), now);
    assert_eq!(in_window.alone_from, today("17:30"));
}

#[test]
fn a_single_chance_is_taken() {
    let once = once_a_day(15);
    let asked = ask(&red(), &entered("22:45", 10), &once, today("15:00"));
    assert_eq!(asked.alone_from, today("15:00"));
    assert!(asked.is_last_chance);
}

#[test]
fn the_last_chance_is_known_as_such() {
    let is_last = |clock: &str| ask(&red(), &[], &afternoon(), today(clock)).is_last_chance;
    assert!(!is_last("17:45"), "there is a pass at 17:55");
    assert!(is_last("17:55"));
}

#[test]
fn reminders_after_midnight_belong_to_the_night_of_the_deadline() {
    let gym = Goal {
        deadline: DeadlineOffset::from_seconds(3 * 3600).unwrap(),
        losedate: Some(at("2026-11-22T02:59:59-05:00")),
        alert_start: Some("20:30".parse().unwrap()),
        ..red()
    };
    let in_quiet_nights = Timetable {
        quiet_hours: DailyRange::new(time(22, 0, 0, 0), time(8, 0, 0, 0)),
        ..always()
    };
    let asked = ask(&gym, &[], &in_quiet_nights, today("19:00"));
    assert_eq!(held(&asked), (today("20:30"), Reason::BeforeAlertstart));
    let night = Goal {
        alert_start: Some("00:15".parse().unwrap()),
        ..gym
    };
    let midnight = at("2026-11-22T00:00:00-05:00");
    let often = Timetable {
        daemon: Presence::Always {
            interval: SignedDuration::from_mins(15),
        },
        ..always()
    };
    let asked = ask(&night, &[], &often, midnight);
    assert_eq!(asked.alone_from, at("2026-11-22T00:15:00-05:00"));
}

#[test]
fn a_margin_of_the_goals_own_table_comes_before_that_of_habits() {
    let own = GoalRule {
        margin: Some(SignedDuration::from_hours(5)),
        ..GoalRule::default()
    };
    let settings = AssessSettings {
        goals: [("reading".parse().unwrap(), own)].into(),
        ..settings()
    };
    let mut history = healthy();
    let habit = Habit::of(&red(), &entered("22:45", 10), &zone(), today("13:00"));
    assert!(habit.is_settled);
    history.habits.insert(red().key().to_owned(), habit);
    let outlook = always().outlook(today("13:00"), 35);
    let conditions = assess(&observed(vec![red()]), &history, &settings, &outlook);
    let asked = find(&conditions, "goal:reading").ask.unwrap();
    assert_eq!(asked.alone_from, today("18:00"), "the last chance is at 18:30");
}
