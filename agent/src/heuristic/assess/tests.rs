//! Each kind of condition by example; the promises that hold for any input are in [`promises`].

mod channels;
mod hold;
mod other_steps;
mod pass;
mod phrases;
mod promises;
mod risk;
mod role;
mod steps;
mod unknown;
mod upstream;
mod walk_and_budget;

use std::{fmt::Write as _, time::Duration};

use jiff::{SignedDuration, Timestamp, civil::time, tz::TimeZone};

use super::*;
use crate::{
    arms::beeminder::{Goal, GoalState},
    budget::Health,
    clock::{DailyRange, DeadlineOffset, Presence, SinglePass, Timetable, Weekdays, Window},
    config::BudgetSource,
    domain::{Bases, ChannelKind, Money, Severity, Subject},
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

/// Without a daemon, with one pass a day at this hour.
fn once_a_day(hour: i8) -> Timetable {
    Timetable {
        daemon: Presence::Never,
        passes: vec![SinglePass::daily(time(hour, 0, 0, 0))],
        ..afternoon()
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
        ignored: 0,
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
        bases: Bases::default(),
        doubt: None,
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
    CAUTION goal:soon 2026-11-21 | soon | soon | safebuf 3, 3 days to losedate
    SAFE goal:piano 2026-11-21 | piano | piano | safebuf 5, 5 days to losedate
    SAFE run 2026-11-21 | checked | checked | last successful pass at 14:45
    SAFE upstream:beeminder 2026-11-21 | Beeminder can be read | Beeminder can be read | Beeminder was read
    ");
}
