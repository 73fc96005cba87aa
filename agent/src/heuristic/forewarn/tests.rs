use super::*;
use crate::{
    arms::beeminder::{Account, Line},
    domain::SilenceKind,
    store::{self, tables::snapshots},
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const NOW: &str = "2026-11-21T15:00:00-05:00";

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

fn vacation() -> Silence {
    Silence {
        id: "a".to_owned(),
        kind: SilenceKind::Vacation,
        pattern: "*".parse().unwrap(),
        starts_at: at("2026-11-23T00:00:00-05:00"),
        ends_at: at("2026-11-30T00:00:00-05:00"),
        author: "phone".to_owned(),
        comment: String::new(),
        created_at: at(NOW),
        deleted_at: None,
        deleted_by: None,
    }
}

fn goal(slug: &str, losedate: &str, stake: Option<f64>) -> Goal {
    Goal {
        safebuf: Some(3),
        losedate: Some(at(losedate)),
        pledge: stake.map(|usd| Money::from_usd(usd).unwrap()),
        ..Goal::named(slug.parse().unwrap())
    }
}

fn heard(goals: Vec<Goal>) -> Forewarning {
    let mut connection = store::in_memory().unwrap();
    let account = Account {
        time_zone: Some("America/New_York".to_owned()),
        deadbeat: false,
        goals,
        unreadable: Vec::new(),
    };
    let tx = connection.transaction().unwrap();
    let json = serde_json::to_string(&account).unwrap();
    snapshots::put(&tx, snapshots::BEEMINDER, at("2026-11-21T14:45:00-05:00"), &json).unwrap();
    tx.commit().unwrap();
    Forewarning::of(&connection, &vacation(), &zone(), at(NOW)).unwrap()
}

#[test]
fn what_derails_while_it_lasts_is_named_with_its_day_and_money() {
    let sugar = Goal {
        line: Line {
            kind: Some(GoalKind::DoLess),
            ..Line::default()
        },
        ..goal("sugar", "2026-11-24T23:59:59-05:00", Some(10.0))
    };
    let frozen = Goal {
        state: GoalState::Frozen,
        ..goal("frozen", "2026-11-24T23:59:59-05:00", Some(30.0))
    };
    let silent = Goal {
        safebuf: None,
        losedate: None,
        ..goal("silent", NOW, None)
    };
    let heard = heard(vec![
        goal("before", "2026-11-22T23:59:59-05:00", Some(5.0)),
        sugar,
        goal("night", "2026-11-24T03:00:00-05:00", None),
        goal("after", "2026-11-30T23:59:59-05:00", Some(5.0)),
        frozen,
        silent,
    ]);
    let named: Vec<_> = heard
        .goals
        .iter()
        .map(|goal| (goal.subject.to_string(), goal.occasion.to_string(), goal.guesses))
        .collect();
    assert_eq!(
        named,
        [
            ("goal:night".to_owned(), "2026-11-24".to_owned(), false),
            ("goal:sugar".to_owned(), "2026-11-24".to_owned(), true)
        ]
    );
    insta::assert_snapshot!(heard.text, @"derails while it lasts: night Mon night 03:00 (stake unknown), sugar Tue 23:59 ($10, Beeminder enters guesses), not known of silent (as read 14:45)");
    let alert = heard.alert(&vacation(), &zone(), at(NOW)).unwrap();
    assert!(
        alert
            .phrase
            .long
            .starts_with("vacation until 2026-11-30 00:00: derails"),
        "{}",
        alert.phrase.long
    );
    assert_eq!(alert.stake, None, "one of them is not known");
}

#[test]
fn the_dearest_are_named_and_the_rest_is_counted() {
    let goals = (1..=7).map(|dollars| {
        goal(
            &format!("g{dollars}"),
            "2026-11-24T23:59:59-05:00",
            Some(f64::from(dollars)),
        )
    });
    let heard = heard(goals.collect());
    assert_eq!(heard.goals.len(), 7, "the record has all of them");
    assert!(
        heard.text.contains("g3 Tue 23:59 ($3)") && !heard.text.contains("g2 "),
        "{}",
        heard.text
    );
    assert!(heard.text.contains(", +2 more, $3 together"), "{}", heard.text);
}

#[test]
fn nothing_is_said_only_where_nothing_derails() {
    let calm = heard(vec![goal("after", "2026-12-24T23:59:59-05:00", Some(5.0))]);
    assert_eq!(calm.text, "nothing derails while it lasts (as read 14:45)");
    assert_eq!(calm.alert(&vacation(), &zone(), at(NOW)), None);
    let connection = store::in_memory().unwrap();
    let unread = Forewarning::of(&connection, &vacation(), &zone(), at(NOW)).unwrap();
    assert_eq!(
        unread.text,
        "what derails while it lasts is not known: Beeminder has not been read yet"
    );
    assert!(unread.alert(&vacation(), &zone(), at(NOW)).is_some());
}
