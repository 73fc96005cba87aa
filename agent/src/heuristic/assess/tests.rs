//! Each kind of condition by example; the promises that hold for any input are in [`promises`].

mod hold;
mod phrases;
mod promises;
mod role;
mod steps;
mod unknown;
mod walk_and_budget;

use std::{fmt::Write as _, time::Duration};

use jiff::{SignedDuration, Timestamp, civil::time, tz::TimeZone};

use super::*;
use crate::{
    arms::beeminder::{Goal, GoalState},
    budget::Health,
    clock::{DailyRange, DeadlineOffset, Presence, SinglePass, Timetable, Weekdays, Window},
    config::BudgetSource,
    domain::{ChannelKind, Money, Severity, Subject},
    notify::message::{Size, Text, Words},
};

const NOON: &str = "2026-11-21T12:00:00-05:00";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

/// An instant on Saturday, 21 November 2026 in New York.
fn today(clock: &str) -> Timestamp {
    at(&format!("2026-11-21T{clock}:00-05:00"))
}

fn settings() -> AssessSettings {
    AssessSettings {
        zone: zone(),
        walk: Some(WalkSettings {
            goal: "bike".parse().unwrap(),
            hours: DailyRange::new(time(14, 0, 0, 0), time(18, 0, 0, 0)).unwrap(),
        }),
        budget_thresholds: BudgetThresholds::DEFAULT,
        budget_shares: [75, 95, 100]
            .map(|percent| Share::of_percent(percent).unwrap())
            .to_vec(),
        unknown_after: SignedDuration::from_hours(24),
        deadline: Duration::from_secs(30),
        lead_days: LeadDays::Days(1),
        margin: SignedDuration::from_hours(2),
        habit_margin: SignedDuration::from_hours(1),
        last_call: SignedDuration::from_mins(90),
        last_call_stake: Money::from_usd(90.0).unwrap(),
        role: Role::Main,
        goals: HashMap::new(),
    }
}

/// A window from 13:00 to 18:00 each day, with a pass every 15 minutes.
fn afternoon() -> Timetable {
    Timetable {
        zone: zone(),
        daemon: Presence::Daily {
            window: Window {
                start: time(13, 0, 0, 0),
                length: SignedDuration::from_hours(5),
                days: Weekdays::ALL,
            },
            interval: SignedDuration::from_mins(15),
        },
        passes: Vec::new(),
        quiet_hours: None,
        vacations: Vec::new(),
    }
}

fn outlook(now: Timestamp) -> Outlook {
    afternoon().outlook(now, 35)
}

/// A goal as Beeminder lists it at 15:00, consistent with its safebuf.
fn goal(slug: &str, safebuf: i64) -> Goal {
    let losedate = at("2026-11-21T23:59:59-05:00") + SignedDuration::from_hours(24 * safebuf);
    Goal {
        title: "Title. With\nlines".to_owned(),
        safebuf: Some(safebuf),
        losedate: Some(losedate),
        pledge: Some(Money::from_usd(5.0).unwrap()),
        due: Some("+2 within 1 day".to_owned()),
        bare_minimum: Some("+2".to_owned()),
        ..Goal::named(slug.parse().unwrap())
    }
}

fn account(goals: Vec<Goal>) -> Account {
    Account {
        time_zone: Some("America/New_York".to_owned()),
        deadbeat: false,
        goals,
        unreadable: Vec::new(),
    }
}

fn fresh<T>(value: T) -> Observation<T> {
    Observation::Fresh {
        value,
        at: today("15:00"),
    }
}

fn walk(done: bool) -> Observation<Walk> {
    fresh(Walk {
        goal: "bike".parse().unwrap(),
        day: "2026-11-21".parse().unwrap(),
        done,
    })
}

fn groq(used_usd: f64, health: Health) -> Budget {
    Budget {
        provider: Provider::Groq,
        source: Some(BudgetSource::Odometer),
        limit: Some(Money::from_usd(5.0).unwrap()),
        used: Some(Money::from_usd(used_usd).unwrap()),
        spent_today: None,
        daily_burn: None,
        data_from: None,
        period_start: Some("2026-11-01".parse().unwrap()),
        period_end: Some("2026-11-30".parse().unwrap()),
        health,
        as_of: Some(today("09:00")),
        why: format!("{used_usd} of 5 dollars used"),
    }
}

fn observed(goals: Vec<Goal>) -> Observed {
    Observed {
        beeminder: fresh(account(goals)),
        cure: None,
        walk: None,
        budgets: Vec::new(),
        elapsed: Duration::from_secs(1),
    }
}

fn healthy() -> History {
    History {
        beeminder: UpstreamHistory {
            last_success: Some(today("15:00")),
            ..UpstreamHistory::default()
        },
        last_success: Some(today("14:45")),
        first_run: Some(at("2026-11-01T13:00:00-04:00")),
        ..History::default()
    }
}

fn broken(channel: ChannelKind, why: &str) -> BrokenChannel {
    let since = today("14:02");
    let code = Some("30034".to_owned());
    BrokenChannel {
        channel,
        since,
        refused_at: since,
        skip_until: today("20:02"),
        code,
        why: why.to_owned(),
    }
}

#[test]
fn a_broken_channel_is_told_through_another_one_with_what_to_do() {
    let sms = broken(
        ChannelKind::Sms,
        "Twilio error 30034: the sender is not registered; register it",
    );
    let history = History {
        broken_channels: vec![sms],
        healthy_channels: 1,
        ..healthy()
    };
    let conditions = assess(&observed(vec![]), &history, &settings(), &outlook(today("15:00")));
    let told = find(&conditions, "channel:sms");
    assert_eq!((told.severity, told.expires_at), (Severity::Warning, None));
    assert_eq!(
        told.phrase.long,
        "sms is broken: Twilio error 30034: the sender is not registered; register it"
    );
    assert_eq!(told.phrase.short, "sms is broken (30034)");
    assert!(
        told.evidence
            .starts_with("sms has refused every message since 14:02: Twilio error 30034"),
        "{told:?}"
    );
    // Tomorrow it is still the same breakage, and its one alert is used.
    let tomorrow = assess(
        &observed(vec![]),
        &history,
        &settings(),
        &outlook(at("2026-11-22T15:00:00-05:00")),
    );
    assert_eq!(find(&tomorrow, "channel:sms").day, told.day);
}

#[test]
fn with_no_channel_left_there_is_nobody_to_tell() {
    let marks = vec![broken(ChannelKind::Sms, "x"), broken(ChannelKind::Voice, "y")];
    let history = History {
        broken_channels: marks,
        healthy_channels: 0,
        ..healthy()
    };
    let conditions = assess(&observed(vec![]), &history, &settings(), &outlook(today("15:00")));
    assert!(
        conditions
            .iter()
            .all(|c| !c.subject.as_str().starts_with("channel:")),
        "{conditions:?}"
    );
}

#[test]
fn a_long_reason_still_fits_into_one_segment() {
    let history = History {
        broken_channels: vec![broken(ChannelKind::WhatsApp, &"set it up, then ".repeat(30))],
        healthy_channels: 2,
        ..healthy()
    };
    let conditions = assess(&observed(vec![]), &history, &settings(), &outlook(today("15:00")));
    let phrase = find(&conditions, "channel:whatsapp").phrase;
    let words = Words::of(&phrase.long);
    let text = Text::of([&words], Size::OneSegment).unwrap();
    assert!(
        text.as_str().contains("set it up, then") && text.as_str().ends_with(".."),
        "{text:?}"
    );
}

fn failing(in_a_row: u32, in_an_hour: u32) -> History {
    History {
        beeminder: UpstreamHistory {
            consecutive_failures: in_a_row,
            failures_last_hour: in_an_hour,
            last_success: Some(today("14:02")),
        },
        ..healthy()
    }
}

fn find(conditions: &[Condition], subject: &str) -> Condition {
    conditions
        .iter()
        .find(|c| c.subject.as_str() == subject)
        .unwrap_or_else(|| panic!("no {subject}"))
        .clone()
}

fn assess_goal(goal: Goal, now: Timestamp) -> Condition {
    let subject = format!("goal:{}", goal.slug);
    find(
        &assess(&observed(vec![goal]), &healthy(), &settings(), &outlook(now)),
        &subject,
    )
}

/// What a person would see in the decisions and the message, one line for each condition.
fn table(conditions: &[Condition]) -> String {
    conditions.iter().fold(String::new(), |mut text, c| {
        writeln!(
            text,
            "{} {} {} | {} | {} | {}",
            c.severity, c.subject, c.day, c.phrase.long, c.phrase.short, c.evidence
        )
        .unwrap();
        text
    })
}

#[test]
fn a_bad_afternoon_is_said_most_urgent_first() {
    let frozen = Goal {
        state: GoalState::Frozen,
        ..goal("novel", 0)
    };
    let observed = Observed {
        walk: Some(walk(false)),
        budgets: vec![(Provider::Groq, fresh(groq(5.6, Health::Critical)))],
        ..observed(vec![
            goal("piano", 5),
            goal("run", 1),
            goal("reading", 0),
            goal("soon", 3),
            frozen,
        ])
    };
    insta::assert_snapshot!(table(&assess(&observed, &healthy(), &settings(), &outlook(today("15:00")))), @r"
    CRITICAL goal:reading 2026-11-21 | reading derails today 23:59 ($5) | reading derails today | safebuf 0, 8 h to losedate
    CRITICAL budget:groq 2026-11-21 | groq budget 112% used ($5.60 of $5.00) | groq budget spent | 5.6 of 5 dollars used
    WARNING walk 2026-11-21 | no walk yet, until 18:00 | no walk yet | no datapoint on bike for 2026-11-21 yet
    WARNING goal:run 2026-11-21 | run derails tomorrow 23:59 ($5) | run derails tomorrow | safebuf 1, 32 h to losedate
    CAUTION goal:soon 2026-11-21 | soon derails Tue 23:59 ($5) | soon derails Tue | safebuf 3, 3 days to losedate
    SAFE goal:piano 2026-11-21 | piano safe for 5 days | piano safe | safebuf 5, 5 days to losedate
    SAFE run 2026-11-21 | checked | checked | last successful pass at 14:45
    SAFE upstream:beeminder 2026-11-21 | Beeminder can be read | Beeminder can be read | Beeminder was read
    ");
}

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

fn assess_run(history: &History, elapsed_seconds: u64) -> Condition {
    let observed = Observed {
        elapsed: Duration::from_secs(elapsed_seconds),
        ..observed(Vec::new())
    };
    find(
        &assess(&observed, history, &settings(), &outlook(today("15:00"))),
        "run",
    )
}

#[test]
fn a_missed_day_is_said_on_the_day_on_which_it_began() {
    let last_success = Some(at("2026-11-19T17:55:00-05:00"));
    let missing = assess_run(
        &History {
            last_success,
            ..healthy()
        },
        1,
    );
    assert_eq!(missing.severity, Severity::Warning);
    assert_eq!(missing.phrase.long, "no successful pass since Thu 17:55");

    let nothing_was_due = History {
        last_success,
        nothing_was_due: true,
        ..healthy()
    };
    assert_eq!(assess_run(&nothing_was_due, 1).severity, Severity::Safe);

    let gap = Some((at("2026-11-19T17:55:00-05:00"), today("13:00")));
    let ended = assess_run(&History { gap, ..healthy() }, 1);
    assert_eq!(ended.severity, Severity::Warning);
    assert_eq!(
        ended.phrase.long,
        "no successful pass from Thu 17:55 to 13:00, running again"
    );
    assert_eq!(missing.day.to_string(), "2026-11-19");
    assert_eq!(
        ended.day, missing.day,
        "one gap is one alert, before and after it ends"
    );
}

#[test]
fn twenty_five_hours_are_not_yet_a_missed_day() {
    let run = |last_success| {
        assess_run(
            &History {
                last_success,
                ..healthy()
            },
            1,
        )
        .severity
    };
    assert_eq!(run(Some(at("2026-11-20T14:00:00-05:00"))), Severity::Safe);
    assert_eq!(run(Some(at("2026-11-20T13:59:59-05:00"))), Severity::Warning);
    assert_eq!(
        run(Some(at("2027-01-01T00:00:00Z"))),
        Severity::Safe,
        "a clock that was set back is not a missed day"
    );
}

#[test]
fn a_first_pass_is_no_missed_day_but_never_succeeding_is() {
    assert_eq!(assess_run(&History::default(), 1).severity, Severity::Safe);
    let first_run = Some(at("2026-11-19T13:00:00-05:00"));
    assert_eq!(
        assess_run(
            &History {
                first_run,
                ..History::default()
            },
            1
        )
        .severity,
        Severity::Warning
    );
}

#[test]
fn a_pass_over_its_deadline_is_said_on_its_own_day() {
    assert_eq!(assess_run(&healthy(), 30).severity, Severity::Safe);
    let slow = assess_run(&healthy(), 31);
    assert_eq!(
        (slow.severity, slow.day.to_string().as_str()),
        (Severity::Warning, "2026-11-21")
    );
    let overran = Some((at("2026-11-20T17:55:00-05:00"), Duration::from_secs(45)));
    let last = assess_run(&History { overran, ..healthy() }, 1);
    assert_eq!(
        (last.severity, last.day.to_string().as_str()),
        (Severity::Warning, "2026-11-20")
    );
    assert_eq!(last.phrase.long, "pass of Fri 17:55 took 45.0 s, 30.0 s allowed");
}

#[test]
fn several_troubles_of_mecris_are_one_condition_with_all_the_evidence() {
    let history = History {
        last_success: Some(at("2026-11-19T17:55:00-05:00")),
        overran: Some((today("14:45"), Duration::from_secs(45))),
        ..healthy()
    };
    let condition = assess_run(&history, 40);
    assert_eq!(condition.phrase.short, "no successful pass");
    assert_eq!(
        condition.evidence,
        "no successful pass since Thu 17:55; pass of 15:00 took 40.0 s, 30.0 s allowed; \
         pass of 14:45 took 45.0 s, 30.0 s allowed"
    );
}
