//! A budget over its period: each share once, the highest only, the pace only before any share.

use super::*;
use crate::domain::{Share, Step, UsedSince};

const OCTOBER: &str = "2026-10-01";
const NOVEMBER: &str = "2026-11-01";

/// Passes about one budget, with what was said as the store would keep it.
#[derive(Default)]
struct Period {
    said: Vec<Said>,
}

impl Period {
    /// At a time, with this step of the period that begins on this day, wants this reason.
    fn pass(&mut self, now: &str, step: &str, first_day: &str, want: &str) -> &mut Self {
        self.ask(
            now,
            Ask::at_once(step.parse().unwrap(), first_day.parse().unwrap()),
            want,
        )
    }

    fn ask(&mut self, now: &str, ask: Ask, want: &str) -> &mut Self {
        let instant = at(now);
        let mut budget = condition("budget:groq", Severity::Warning, instant);
        budget.ask = Some(ask);
        let ledger = Ledger {
            said: HashMap::from([(budget.subject.clone(), self.said.clone())]),
            ..Ledger::default()
        };
        let policy = Policy {
            escalate: true,
            ..policy()
        };
        let decisions = decide(vec![budget], &ledger, &policy, instant);
        assert_eq!(decisions[0].reason.as_str(), want, "{} at {now}", ask.step);
        if decisions[0].action == Action::Notify {
            self.said.push(Said {
                step: ask.step,
                occasion: ask.occasion,
                on: local_day(instant, &zone()),
                at: instant,
                acknowledged_by: None,
                refused_at: None,
                used: None,
            });
        }
        self
    }
}

#[test]
fn each_share_is_said_once_a_period() {
    Period::default()
        .pass("20 13:00", "75", NOVEMBER, "first_of_day")
        .pass("20 13:15", "75", NOVEMBER, "share_already_told")
        .pass("25 13:00", "75", NOVEMBER, "share_already_told")
        .pass("26 13:00", "95", NOVEMBER, "first_of_day")
        .pass("26 13:15", "100", NOVEMBER, "escalated")
        .pass("29 13:00", "100", NOVEMBER, "share_already_told");
}

#[test]
fn the_highest_share_says_the_lower_ones_too() {
    Period::default()
        .pass("20 13:00", "100", NOVEMBER, "first_of_day")
        .pass("21 13:00", "95", NOVEMBER, "share_already_told")
        .pass("22 13:00", "75", NOVEMBER, "share_already_told");
}

#[test]
fn the_pace_is_said_once_and_after_no_share() {
    Period::default()
        .pass("10 13:00", "pace", NOVEMBER, "first_of_day")
        .pass("11 13:00", "pace", NOVEMBER, "share_already_told")
        .pass("20 13:00", "75", NOVEMBER, "first_of_day")
        .pass("21 13:00", "pace", NOVEMBER, "share_already_told");
}

#[test]
fn another_period_begins_anew() {
    Period::default()
        .pass("20 13:00", "100", OCTOBER, "first_of_day")
        .pass("21 13:00", "75", NOVEMBER, "first_of_day");
}

#[test]
fn who_knows_of_a_share_is_told_of_the_next_one_on_another_day() {
    let mut period = Period::default();
    period.pass("20 13:00", "95", NOVEMBER, "first_of_day");
    period.said[0].acknowledged_by = Some("phone".to_owned());
    period
        .pass("20 14:00", "100", NOVEMBER, "acknowledged")
        .pass("21 14:00", "75", NOVEMBER, "acknowledged")
        .pass("21 15:00", "100", NOVEMBER, "first_of_day");
}

#[test]
fn a_share_that_reached_nobody_is_said_again() {
    let mut period = Period::default();
    period.pass("20 13:00", "75", NOVEMBER, "first_of_day");
    period.said[0].refused_at = Some(at("20 13:05"));
    period
        .pass("20 13:30", "75", NOVEMBER, "share_already_told")
        .pass("20 14:06", "75", NOVEMBER, "first_of_day");
}

/// What was said of the budget when so much of it was used, and the least that was used since.
fn fell(period: &mut Period, said_percent: i64, least_percent: i64) {
    for said in &mut period.said {
        said.used = Some(UsedSince {
            said_percent,
            least_percent,
        });
    }
}

#[test]
fn a_share_counts_anew_when_much_less_was_used_since() {
    let mut period = Period::default();
    period.pass("20 13:00", "95", NOVEMBER, "first_of_day");
    fell(&mut period, 96, 91);
    period.pass("21 13:00", "95", NOVEMBER, "share_already_told");
    fell(&mut period, 96, 88);
    period
        .pass("21 13:00", "75", NOVEMBER, "share_already_told")
        .pass("22 13:00", "95", NOVEMBER, "first_of_day");
    fell(&mut period, 96, 48);
    period
        .pass("23 13:00", "75", NOVEMBER, "first_of_day")
        .pass("23 14:00", "95", NOVEMBER, "escalated");
}

#[test]
fn who_knows_of_a_share_of_a_lower_limit_is_told_of_the_higher_one() {
    let mut period = Period::default();
    period.pass("20 13:00", "95", NOVEMBER, "first_of_day");
    period.said[0].acknowledged_by = Some("phone".to_owned());
    fell(&mut period, 96, 48);
    period.pass("21 13:00", "75", NOVEMBER, "first_of_day");
}

#[test]
fn what_could_be_told_in_between_begins_anew_even_on_the_same_day() {
    let unknown = |day: &str, since: &str| Ask {
        rides_from: at(since),
        alone_from: at(since),
        ..Ask::at_once(Step::Unknown, day.parse().unwrap())
    };
    Period::default()
        .ask("10 13:00", unknown("2026-11-10", "10 12:30"), "first_of_day")
        .ask("11 13:00", unknown("2026-11-11", "10 12:30"), "warned_lately")
        .ask("11 13:15", unknown("2026-11-11", "10 18:00"), "first_of_day");
}

#[test]
fn a_share_of_a_period_that_begins_today_is_not_what_nobody_can_tell() {
    let unknown = Ask {
        rides_from: at("10 00:00"),
        ..Ask::at_once(Step::Unknown, "2026-11-11".parse().unwrap())
    };
    Period::default()
        .pass("10 13:00", "75", "2026-11-11", "first_of_day")
        .ask("11 13:00", unknown, "first_of_day");
}

#[test]
fn what_nobody_can_tell_is_said_every_seven_days() {
    let unknown = |day: &str, since: &str| Ask {
        rides_from: at(since),
        alone_from: at(since),
        ..Ask::at_once(Step::Unknown, day.parse().unwrap())
    };
    let mut period = Period::default();
    period
        .ask("10 13:00", unknown("2026-11-10", "10 00:00"), "first_of_day")
        .ask(
            "10 13:15",
            unknown("2026-11-10", "10 00:00"),
            "already_notified_today",
        )
        .ask("16 13:00", unknown("2026-11-16", "10 00:00"), "warned_lately")
        .ask("17 13:00", unknown("2026-11-17", "10 00:00"), "first_of_day");
    // It was told in between, and then could not be told again: that is another thing to say.
    period.ask("19 13:00", unknown("2026-11-19", "19 00:00"), "first_of_day");
    let share = Share::of_percent(75).map(Step::Share).unwrap();
    period.ask(
        "19 14:00",
        Ask::at_once(share, NOVEMBER.parse().unwrap()),
        "escalated",
    );
}
