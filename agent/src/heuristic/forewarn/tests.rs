use super::*;
use crate::{
    arms::beeminder::{Account, Line},
    config::tests::in_new_york,
    domain::SilenceKind,
    store,
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

/// Read a quarter of an hour ago.
const READ_AT: &str = "2026-11-21T14:45:00-05:00";

/// A state that was read last at an instant.
fn read(goals: Vec<Goal>, read_at: &str) -> Connection {
    read_account(goals, Vec::new(), read_at)
}

fn read_account(goals: Vec<Goal>, unreadable: Vec<String>, read_at: &str) -> Connection {
    let mut connection = store::in_memory().unwrap();
    let account = Account {
        time_zone: Some("America/New_York".to_owned()),
        deadbeat: false,
        goals,
        unreadable,
        ignored: 0,
    };
    let tx = connection.transaction().unwrap();
    let json = serde_json::to_string(&account).unwrap();
    snapshots::put(&tx, snapshots::BEEMINDER, at(read_at), &json).unwrap();
    tx.commit().unwrap();
    connection
}

/// What somebody with these settings hears of a vacation.
fn hears(connection: &Connection, settings: &str, vacation: &Silence) -> Forewarning {
    let rules = Rules::new(&in_new_york(settings), Vec::new());
    Forewarning::of(connection, vacation, &rules, at(NOW)).unwrap()
}

fn heard(goals: Vec<Goal>) -> Forewarning {
    hears(&read(goals, READ_AT), "", &vacation())
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
fn a_goal_that_cannot_be_read_is_not_taken_for_safe() {
    let far = goal("far", "2027-01-24T23:59:59-05:00", Some(5.0));
    let why = || "goal 1 in the list, reading: slug is there twice".to_owned();
    let one = read_account(vec![far.clone()], vec![why()], READ_AT);
    let heard = hears(&one, "", &vacation());
    assert_eq!(
        heard.text,
        "1 goal cannot be read, so nothing is known of it (as read 14:45)"
    );
    assert_eq!(heard.unreadable, [why()]);
    assert!(heard.alert(&vacation(), &zone(), at(NOW)).is_some());
    let two = read_account(
        vec![goal("near", "2026-11-24T23:59:59-05:00", Some(5.0))],
        vec![why(), why()],
        READ_AT,
    );
    assert_eq!(
        hears(&two, "", &vacation()).text,
        "derails while it lasts: near Tue 23:59 ($5), 2 goals cannot be read, so nothing is known of them (as read 14:45)"
    );
    let empty = hears(&read(Vec::new(), READ_AT), "", &vacation());
    assert_eq!(empty.text, "Beeminder lists no goals (as read 14:45)");
    let readable = hears(&read(vec![far], READ_AT), "", &vacation());
    assert_eq!(readable.text, "nothing derails while it lasts (as read 14:45)");
    assert!(readable.alert(&vacation(), &zone(), at(NOW)).is_none());
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
    let unread = hears(&connection, "", &vacation());
    assert_eq!(
        unread.text,
        "what derails while it lasts is not known: Beeminder has not been read yet"
    );
    assert!(unread.alert(&vacation(), &zone(), at(NOW)).is_some());
}

/// The names of the goals that a vacation costs, and what is said of them.
fn costs(goals: Vec<Goal>, settings: &str) -> (Vec<String>, String) {
    let heard = hears(&read(goals, READ_AT), settings, &vacation());
    let goals = heard.goals.iter().map(|goal| goal.subject.to_string());
    (goals.collect(), heard.text)
}

#[test]
fn what_has_its_last_chance_in_the_vacation_is_named_although_it_derails_after_it() {
    let goals = || {
        vec![
            goal("night", "2026-11-30T02:59:59-05:00", Some(5.0)),
            goal("morning", "2026-11-30T09:59:59-05:00", Some(10.0)),
            goal("noon", "2026-11-30T11:59:59-05:00", Some(20.0)),
            goal("evening", "2026-11-30T23:59:59-05:00", Some(30.0)),
            goal("tuesday", "2026-12-01T14:59:59-05:00", Some(40.0)),
        ]
    };
    // Quiet hours end at 08:00: with its margin of two hours, the morning needed a chance before.
    let (always, text) = costs(goals(), "");
    assert_eq!(always, ["goal:night", "goal:morning"]);
    insta::assert_snapshot!(text, @"derails soon after it, too soon to say so then: night 2026-11-30 02:59 ($5), morning 2026-11-30 09:59 ($10) (as read 14:45)");
    let (in_window, _) = costs(goals(), "window.mode = \"daily\"");
    assert_eq!(
        in_window,
        ["goal:night", "goal:morning", "goal:noon"],
        "the first chance is at 13:00"
    );
    let (margin, _) = costs(goals(), "heuristic.margin = \"24h\"");
    assert_eq!(
        margin,
        ["goal:night", "goal:morning", "goal:noon", "goal:evening"]
    );
}

#[test]
fn a_chance_that_the_vacation_does_not_take_is_no_cost_of_it() {
    // With a margin of a day, the last chance was on Sunday, before the vacation.
    let morning = Silence {
        ends_at: at("2026-11-23T12:00:00-05:00"),
        ..vacation()
    };
    let early = goal("early", "2026-11-23T23:59:59-05:00", Some(5.0));
    let heard = hears(
        &read(vec![early], READ_AT),
        "heuristic.margin = \"24h\"",
        &morning,
    );
    assert_eq!(heard.goals, [], "{}", heard.text);
    // Weekdays only: the Monday after the vacation has a chance.
    let weekdays = "window.mode = \"daily\"\nwindow.days = [\"MON\", \"TUE\", \"WED\", \"THU\", \"FRI\"]";
    let (monday, text) = costs(
        vec![goal("monday", "2026-11-30T23:59:59-05:00", Some(5.0))],
        weekdays,
    );
    assert_eq!(monday, Vec::<String>::new(), "{text}");
}

#[test]
fn an_old_reading_says_how_old_it_is_and_does_not_count_as_said() {
    let goals = || {
        vec![
            goal("passed", "2026-11-21T02:59:59-05:00", Some(5.0)),
            goal("sugar", "2026-11-24T23:59:59-05:00", Some(10.0)),
        ]
    };
    let old = hears(&read(goals(), "2026-11-20T10:00:00-05:00"), "", &vacation());
    assert_eq!((old.is_current, old.counts_as_said()), (false, &[][..]));
    insta::assert_snapshot!(old.text, @"as last read Fri 10:00, what was entered since is not known: derails while it lasts: sugar Tue 23:59 ($10), not known of passed");
    let too_old = hears(&read(goals(), "2026-11-17T10:00:00-05:00"), "", &vacation());
    assert_eq!(too_old.goals, [], "nothing of it is told as if it were so");
    assert_eq!(too_old.unknown.len(), 2);
    insta::assert_snapshot!(too_old.text, @"what derails while it lasts is not known: Beeminder was last read Tue 10:00");
    assert!(too_old.alert(&vacation(), &zone(), at(NOW)).is_some());
    let current = heard(goals());
    assert_eq!(current.counts_as_said(), current.goals);
}

#[test]
fn a_reading_is_old_where_the_newest_try_failed() {
    let mut connection = read(
        vec![goal("sugar", "2026-11-24T23:59:59-05:00", Some(10.0))],
        READ_AT,
    );
    let tx = connection.transaction().unwrap();
    upstreams::record(
        &tx,
        snapshots::BEEMINDER,
        at("2026-11-21T14:55:00-05:00"),
        Some("status 503"),
    )
    .unwrap();
    tx.commit().unwrap();
    let heard = hears(&connection, "", &vacation());
    assert!(
        !heard.is_current && heard.text.starts_with("as last read 14:45"),
        "{}",
        heard.text
    );
}
