//! Measures decisions about many goals, without any I/O.

use std::{collections::HashMap, time::Duration};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use mecris_agent::{
    arms::beeminder::{Account, Goal},
    clock::{Presence, Timetable},
    config::{BudgetThresholds, LeadDays, Role},
    domain::{
        Action, Ask, Condition, Daystamp, Decision, Money, Observation, Phrase, Reason, Severity, Step,
    },
    heuristic::{
        assess::{AssessSettings, History, Observed, assess},
        decide::decide,
        policy::{Ledger, Policy},
        tell::tell_each,
    },
};
use tokio::time::Instant;

use crate::report::{Report, milliseconds, percentile};

/// The number of goals that derail tonight, and that one message tells.
const RED: usize = 30_000;

/// Assesses and decides 1,000 and 100,000 goals, and composes the message of many, several times each, and reports
/// the medians.
pub(crate) fn measure(report: &mut Report) {
    for (goals, tries) in [(1_000, 101), (100_000, 11)] {
        let observed = observed(goals);
        let mut durations: Vec<Duration> = (0..tries).map(|_| once(&observed)).collect();
        durations.sort_unstable();
        let median = percentile(&durations, 50);
        let (reach, reached) = if goals == 1_000 {
            ("<= 1 ms", median <= Duration::from_millis(1))
        } else {
            ("", true)
        };
        report.row(
            &format!("assess and decide, {goals} goals"),
            milliseconds(median),
            reach,
            reached,
        );
    }
    let mut durations: Vec<Duration> = (0..11).map(|_| compose()).collect();
    durations.sort_unstable();
    let median = percentile(&durations, 50);
    report.row(
        &format!("compose the message of {RED} goals that derail tonight"),
        milliseconds(median),
        "<= 50 ms",
        median <= Duration::from_millis(50),
    );
}

/// How long it takes to compose the message of many goals that derail tonight.
fn compose() -> Duration {
    let policy = policy();
    let day = "2026-03-03".parse().expect("a day");
    let mut decisions: Vec<Decision> = (0_i64..).take(RED).map(|n| red(n, day)).collect();
    let begin = Instant::now();
    let told = tell_each(&mut decisions, &policy, now());
    let took = begin.elapsed();
    assert_eq!(told.first().map(|told| told.order.len()), Some(RED));
    took
}

/// The decision to tell a goal that derails tonight.
fn red(n: i64, day: Daystamp) -> Decision {
    let subject = format!("goal:goal-{n}").parse().expect("a subject");
    Decision {
        condition: Condition {
            subject,
            severity: Severity::Critical,
            day,
            expires_at: Some(now() + SignedDuration::from_hours(9)),
            evidence: "safebuf 0, 9 h to losedate".to_owned(),
            phrase: Phrase {
                long: format!("goal-{n} derails today 23:59 ($5, +2 needed)"),
                short: format!("goal-{n} derails today"),
            },
            ask: Some(Ask::at_once(Step::Last, day)),
            stake: Some(Money::from_micros(5_000_000 * (n % 8))),
            heading: None,
        },
        action: Action::Notify,
        reason: Reason::FirstOfDay,
        word: None,
    }
}

fn policy() -> Policy {
    Policy {
        zone: zone(),
        max_messages_per_hour: 2,
        max_messages_per_day: 6,
        quiet_hours: None,
        escalate: false,
        channels: HashMap::new(),
    }
}

fn once(observed: &Observed) -> Duration {
    let budget_thresholds = BudgetThresholds::DEFAULT;
    let settings = AssessSettings {
        zone: zone(),
        walk: None,
        deadline: Duration::from_secs(30),
        budget_thresholds,
        budget_shares: Vec::new(),
        unknown_after: SignedDuration::from_hours(24),
        lead_days: LeadDays::Days(1),
        habit_margin: SignedDuration::from_hours(1),
        last_call: SignedDuration::from_mins(90),
        last_call_stake: Money::from_micros(90_000_000),
        role: Role::Main,
        goals: HashMap::new(),
        margin: SignedDuration::from_hours(2),
    };
    let timetable = Timetable {
        zone: zone(),
        daemon: Presence::Always {
            interval: SignedDuration::from_mins(15),
        },
        passes: Vec::new(),
        quiet_hours: None,
        vacations: Vec::new(),
    };
    let policy = policy();
    let (history, ledger) = (History::default(), Ledger::default());
    let begin = Instant::now();
    let outlook = timetable.outlook(now(), 35);
    let conditions = assess(observed, &history, &settings, &outlook);
    let decisions = decide(conditions, &ledger, &policy, now());
    let took = begin.elapsed();
    assert!(
        decisions
            .iter()
            .any(|decision| decision.condition.severity == Severity::Critical)
    );
    took
}

/// An account in which every kind of urgency is equally frequent.
fn observed(goals: usize) -> Observed {
    let goals = (0_i64..).take(goals).map(goal).collect();
    let account = Account {
        time_zone: Some("America/New_York".to_owned()),
        deadbeat: false,
        goals,
        unreadable: Vec::new(),
        ignored: 0,
    };
    let beeminder = Observation::Fresh {
        value: account,
        at: now(),
    };
    Observed {
        beeminder,
        cure: None,
        walk: None,
        budgets: Vec::new(),
        elapsed: Duration::from_millis(100),
    }
}

fn goal(n: i64) -> Goal {
    let safebuf = n % 8;
    let slug = format!("goal-{n}")
        .parse()
        .expect("letters, digits and a dash are a slug");
    Goal {
        title: format!("Goal number {n}"),
        safebuf: Some(safebuf),
        losedate: Some(now() + SignedDuration::from_hours(9 + 24 * safebuf)),
        pledge: Some(Money::from_usd(5.0).expect("five dollars")),
        current_value: Some(883.0),
        rate: Some(1.0),
        rate_unit: Some("d".to_owned()),
        due: Some("+1 due by 12am".to_owned()),
        bare_minimum: Some("+1".to_owned()),
        has_data_today: Some(false),
        ..Goal::named(slug)
    }
}

fn now() -> Timestamp {
    "2026-03-03T15:00:00-05:00".parse().expect("an instant")
}

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").expect("it is in the database")
}
