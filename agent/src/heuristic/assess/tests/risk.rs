//! The risk of a goal by what Beeminder says of it.

use super::*;
use crate::domain::Step;

#[test]
fn safebuf_decides_the_risk() {
    for (safebuf, severity) in [
        (-1, Severity::Critical),
        (0, Severity::Critical),
        (1, Severity::Warning),
        (2, Severity::Caution),
        (3, Severity::Caution),
        (4, Severity::Safe),
        (97, Severity::Safe),
    ] {
        let goal = Goal {
            losedate: Some(today("23:59")),
            ..goal("reading", safebuf)
        };
        let risk = derail_risk(&goal, &zone(), today("15:00"));
        assert_eq!(risk.severity, severity, "safebuf {safebuf}");
        assert_eq!(risk.derails_at, Some(today("23:59")));
    }
}

#[test]
fn goals_that_cannot_derail_have_no_condition() {
    for state in [GoalState::Frozen, GoalState::Won, GoalState::Archived] {
        let observed = observed(vec![Goal {
            state,
            ..goal("novel", 0)
        }]);
        let conditions = assess(&observed, &healthy(), &settings(), &outlook(at(NOON)));
        assert!(
            conditions.iter().all(|c| c.subject.as_str() != "goal:novel"),
            "{state:?}"
        );
    }
}

#[test]
fn losedate_stands_in_for_a_missing_safebuf_but_only_to_warn() {
    for (days, severity) in [
        (0, Severity::Critical),
        (1, Severity::Warning),
        (3, Severity::Unknown),
        (4, Severity::Unknown),
    ] {
        let condition = assess_goal(
            Goal {
                safebuf: None,
                ..goal("reading", days)
            },
            today("15:00"),
        );
        assert_eq!(
            condition.severity, severity,
            "{days} days: {}",
            condition.evidence
        );
    }
    // The deadline's own instant and the second before it end the same day.
    let deadline = DeadlineOffset::from_seconds(-4_500).unwrap();
    for losedate in ["2026-11-21T22:45:00-05:00", "2026-11-21T22:44:59-05:00"] {
        let goal = Goal {
            safebuf: None,
            losedate: Some(at(losedate)),
            deadline,
            ..goal("reading", 0)
        };
        assert_eq!(assess_goal(goal, today("15:00")).severity, Severity::Critical);
    }
}

#[test]
fn safebuf_stands_in_for_a_missing_losedate() {
    let condition = assess_goal(
        Goal {
            losedate: None,
            ..goal("reading", 1)
        },
        today("15:00"),
    );
    assert_eq!(condition.severity, Severity::Warning);
    assert_eq!(condition.phrase.long, "reading derails tomorrow 23:59 ($5)");
    assert_eq!(
        condition.expires_at,
        Some(at("2026-11-23T00:00:00-05:00")),
        "the end of the last safe day"
    );
}

#[test]
fn few_safe_days_count_although_losedate_is_much_later() {
    let with_losedate = |safebuf, time: &str| Goal {
        losedate: Some(at(time)),
        ..goal("reading", safebuf)
    };
    let tonight = Some(at("2026-11-22T00:00:00-05:00"));
    let risk = derail_risk(
        &with_losedate(0, "2026-12-12T23:59:59-05:00"),
        &zone(),
        today("15:00"),
    );
    assert_eq!((risk.severity, risk.derails_at), (Severity::Critical, tonight));
    assert!(
        risk.evidence
            .ends_with("; the two contradict each other, and the nearer day counts"),
        "{}",
        risk.evidence
    );
    // A day or two of difference is a deadline at night or a change of zone. Many safe days are not doubted.
    for (safebuf, losedate) in [
        (0, "2026-11-23T23:59:59-05:00"),
        (1, "2026-11-24T23:59:59-05:00"),
        (2, "2026-12-12T23:59:59-05:00"),
        (9, "2026-12-31T23:59:59-05:00"),
    ] {
        let risk = derail_risk(&with_losedate(safebuf, losedate), &zone(), today("15:00"));
        assert_eq!(risk.derails_at, Some(at(losedate)), "{safebuf}");
    }
}

#[test]
fn what_beeminder_does_not_say_or_contradicts_is_unknown() {
    let past = Some(today("14:00"));
    for goal in [
        Goal {
            safebuf: None,
            losedate: None,
            ..goal("reading", 0)
        },
        Goal {
            safebuf: Some(9),
            losedate: past,
            ..goal("reading", 0)
        },
        Goal {
            safebuf: Some(0),
            losedate: past,
            ..goal("reading", 0)
        },
        Goal {
            safebuf: None,
            losedate: past,
            ..goal("reading", 0)
        },
    ] {
        let condition = assess_goal(goal.clone(), today("15:00"));
        assert_eq!(
            condition.severity,
            Severity::Unknown,
            "{:?} {:?}",
            goal.safebuf,
            goal.losedate
        );
        assert_eq!(condition.phrase.short, "reading unknown");
    }
}

#[test]
fn a_queued_goal_is_unknown_until_it_has_been_queued_for_too_long() {
    let queued = |since| Goal {
        queued: true,
        queued_since: since,
        ..goal("reading", 9)
    };
    for since in [
        None,
        Some(today("14:59")),
        Some(today("14:00")),
        Some(today("16:00")),
    ] {
        assert_eq!(
            assess_goal(queued(since), today("15:00")).severity,
            Severity::Unknown,
            "{since:?}"
        );
    }
    let stuck = assess_goal(queued(Some(today("12:30"))), today("15:00"));
    assert_eq!(stuck.severity, Severity::Safe);
    assert!(
        stuck.evidence.ends_with("queued for 2 h, taken at face value"),
        "{}",
        stuck.evidence
    );
}

#[test]
fn a_queued_goal_that_cannot_wait_is_taken_at_face_value() {
    let queued = |safebuf| Goal {
        queued: true,
        queued_since: None,
        ..goal("reading", safebuf)
    };
    // The window's last passes are at 17:45 and, five minutes before its end, at 17:55.
    for (now, safebuf, step) in [
        (today("17:15"), 0, Step::Unknown),
        (today("17:30"), 0, Step::Last),
        (today("17:55"), 0, Step::Last),
        (today("17:55"), 1, Step::Unknown),
    ] {
        let condition = assess_goal(queued(safebuf), now);
        assert_eq!(
            condition.ask.map(|ask| ask.step),
            Some(step),
            "{now} {}",
            condition.evidence
        );
        let is_at_face_value = condition
            .evidence
            .ends_with("taken at face value because it cannot wait");
        assert_eq!(is_at_face_value, step == Step::Last, "{}", condition.evidence);
    }
    let account = |safebuf| account(vec![queued(safebuf)]);
    let again = |safebuf, now| should_be_read_again(&account(safebuf), &outlook(now), &settings());
    assert!(again(0, today("17:55")) && !again(0, today("15:00")) && !again(1, today("17:55")));
    let settled = super::account(vec![goal("reading", 0)]);
    assert!(!should_be_read_again(
        &settled,
        &outlook(today("17:55")),
        &settings()
    ));
}

#[test]
fn a_goals_day_is_beeminders_in_the_accounts_zone() {
    let deadline = |seconds| DeadlineOffset::from_seconds(seconds).unwrap();
    for (seconds, now, day) in [
        (0, today("23:30"), "2026-11-21"),
        (-4_500, today("23:30"), "2026-11-22"),
        (10_800, at("2026-11-22T02:00:00-05:00"), "2026-11-21"),
    ] {
        let condition = assess_goal(
            Goal {
                deadline: deadline(seconds),
                ..goal("reading", 9)
            },
            now,
        );
        assert_eq!(condition.day.to_string(), day, "deadline {seconds}");
    }
    let abroad = |time_zone: Option<&str>| {
        let account = Account {
            time_zone: time_zone.map(str::to_owned),
            ..account(vec![goal("reading", 9)])
        };
        let observed = Observed {
            beeminder: fresh(account),
            ..observed(Vec::new())
        };
        find(
            &assess(&observed, &healthy(), &settings(), &outlook(today("23:30"))),
            "goal:reading",
        )
        .day
        .to_string()
    };
    assert_eq!(abroad(Some("Europe/Berlin")), "2026-11-22");
    assert_eq!(
        abroad(None),
        "2026-11-21",
        "no zone from Beeminder: the configured one"
    );
}

#[test]
fn a_deadline_after_midnight_is_said_as_tonight() {
    let goal = Goal {
        deadline: DeadlineOffset::from_seconds(10_800).unwrap(),
        losedate: Some(at("2026-11-22T02:59:59-05:00")),
        ..goal("reading", 0)
    };
    let condition = assess_goal(goal, today("20:00"));
    assert_eq!(condition.phrase.long, "reading derails tonight 02:59 ($5)");
    assert_eq!(condition.phrase.short, "reading derails tonight");
}
