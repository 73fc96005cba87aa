//! What cannot be read: single goals, the account, Beeminder.

use super::*;

#[test]
fn unreadable_goals_are_one_unknown() {
    let account = Account {
        unreadable: vec!["goal 3 has no slug".to_owned(), "not an object".to_owned()],
        ..account(Vec::new())
    };
    let observed = Observed {
        beeminder: fresh(account),
        ..observed(Vec::new())
    };
    let condition = find(
        &assess(&observed, &healthy(), &settings(), &outlook(at(NOON))),
        "beeminder:unreadable",
    );
    assert_eq!(condition.severity, Severity::Unknown);
    assert_eq!(
        condition.evidence,
        "2 goals cannot be read; the first: goal 3 has no slug"
    );
    assert!("beeminder:unreadable".parse::<Subject>().is_ok());
}

#[test]
fn an_old_reading_makes_every_goal_unknown_and_names_those_at_risk() {
    let goals = vec![goal("piano", 9), goal("reading", 0), goal("run", 1)];
    let beeminder = Observation::Stale {
        value: account(goals),
        at: today("14:02"),
        why: "Beeminder answered 503".to_owned(),
    };
    let observed = Observed {
        beeminder,
        ..observed(Vec::new())
    };
    insta::assert_snapshot!(table(&assess(&observed, &failing(3, 3), &settings(), &outlook(today("15:00")))), @r"
    WARNING upstream:beeminder 2026-11-21 | cannot read Beeminder (3 tries, since 14:02): Beeminder answered 503; last seen: reading due today 23:59 | cannot read Beeminder: Beeminder answered 503; last seen: reading due today 23:59 | 3 tries failed in a row, 3 in the last hour, since 14:02: Beeminder answered 503
    UNKNOWN goal:reading 2026-11-21 | reading unknown, last seen due today 23:59 | reading unknown | not read since 14:02: Beeminder answered 503; then: safebuf 0, 9 h to losedate
    UNKNOWN goal:run 2026-11-21 | run unknown, last seen due tomorrow 23:59 | run unknown | not read since 14:02: Beeminder answered 503; then: safebuf 1, 33 h to losedate
    UNKNOWN goal:piano 2026-11-21 | piano unknown, last seen due 2026-11-30 23:59 | piano unknown | not read since 14:02: Beeminder answered 503; then: safebuf 9, 9 days to losedate
    SAFE run 2026-11-21 | checked | checked | last successful pass at 14:45
    ");
}

#[test]
fn many_goals_at_risk_are_counted_after_the_third() {
    let goals = (0..9).map(|n| goal(&format!("g{n}"), 0)).collect();
    let beeminder = Observation::Stale {
        value: account(goals),
        at: today("14:02"),
        why: "down".to_owned(),
    };
    let observed = Observed {
        beeminder,
        ..observed(Vec::new())
    };
    let phrase = find(
        &assess(&observed, &failing(3, 3), &settings(), &outlook(today("15:00"))),
        "upstream:beeminder",
    )
    .phrase;
    assert!(
        phrase.long.ends_with("g2 due today 23:59 and 6 more"),
        "{}",
        phrase.long
    );
    assert_eq!(
        phrase.short,
        "cannot read Beeminder: down; last seen: g0 due today 23:59 and 8 more"
    );
}

#[test]
fn goals_whose_time_has_come_since_the_last_reading_are_named_too() {
    let goals = vec![goal("reading", 0), goal("run", 1), goal("piano", 9)];
    let beeminder = Observation::Stale {
        value: account(goals),
        at: today("14:02"),
        why: "down".to_owned(),
    };
    let observed = Observed {
        beeminder,
        ..observed(Vec::new())
    };
    let tomorrow = at("2026-11-22T13:30:00-05:00");
    let conditions = assess(&observed, &failing(3, 3), &settings(), &outlook(tomorrow));
    let phrase = find(&conditions, "upstream:beeminder").phrase;
    assert!(
        phrase
            .long
            .ends_with("; last seen: run due today 23:59, reading was due Sat 23:59"),
        "{}",
        phrase.long
    );
}

#[test]
fn nothing_read_is_one_unknown_upstream_and_no_goal() {
    let unknown = Observed {
        beeminder: Observation::Unknown {
            why: "timeout".to_owned(),
        },
        ..observed(Vec::new())
    };
    let conditions = assess(&unknown, &failing(1, 1), &settings(), &outlook(today("15:00")));
    assert!(
        conditions
            .iter()
            .all(|c| !c.subject.as_str().starts_with("goal:"))
    );
    assert_eq!(
        find(&conditions, "upstream:beeminder").severity,
        Severity::Unknown
    );
}

#[test]
fn an_upstream_gets_worse_by_failures_in_a_row_and_in_an_hour() {
    let unknown = Observed {
        beeminder: Observation::Unknown {
            why: "timeout".to_owned(),
        },
        ..observed(Vec::new())
    };
    for (in_a_row, in_an_hour, severity) in [
        (0, 0, Severity::Unknown),
        (1, 1, Severity::Unknown),
        (2, 4, Severity::Unknown),
        (3, 3, Severity::Warning),
        (9, 4, Severity::Warning),
        (5, 5, Severity::Critical),
        (1, 5, Severity::Critical),
    ] {
        let conditions = assess(
            &unknown,
            &failing(in_a_row, in_an_hour),
            &settings(),
            &outlook(today("15:00")),
        );
        assert_eq!(
            find(&conditions, "upstream:beeminder").severity,
            severity,
            "{in_a_row} {in_an_hour}"
        );
    }
    let readable = assess(
        &observed(Vec::new()),
        &failing(0, 5),
        &settings(),
        &outlook(today("15:00")),
    );
    assert_eq!(
        find(&readable, "upstream:beeminder").severity,
        Severity::Safe,
        "it can be read now"
    );
}
