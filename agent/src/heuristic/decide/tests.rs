//! Timelines with virtual time: at this time, with these conditions, want these decisions. At the end,
//! properties that hold on every timeline.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp, civil::time, tz::TimeZone};
use proptest::prelude::*;

mod budget;
mod limits;
mod steps;
mod words;

use super::*;
use crate::{
    clock::{DailyRange, local_day},
    domain::{Ask, Daystamp, Money, Phrase, Share},
    heuristic::policy::Said,
};

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

/// `21 15:00` is the 21st of November 2026, three in the afternoon in New York.
fn at(text: &str) -> Timestamp {
    let (day, clock) = text.split_once(' ').unwrap();
    format!("2026-11-{day}T{clock}:00-05:00").parse().unwrap()
}

fn policy() -> Policy {
    Policy {
        zone: zone(),
        max_messages_per_hour: 2,
        max_messages_per_day: 6,
        quiet_hours: DailyRange::new(time(22, 0, 0, 0), time(8, 0, 0, 0)),
        escalate: false,
        channels: HashMap::new(),
    }
}

/// A policy by which messages about `goal:gym` go by other channels.
fn apart(max_messages_per_hour: u32) -> Policy {
    Policy {
        max_messages_per_hour,
        channels: HashMap::from([("goal:gym".parse().unwrap(), vec![ChannelKind::Voice])]),
        ..policy()
    }
}

#[test]
fn goals_with_channels_of_their_own_make_a_message_beside_that_of_the_others() {
    let troubles = "walk WARNING, goal:gym CRITICAL, goal:reading WARNING, goal:bike SAFE";
    for (limit, want) in [
        (2, "first_of_day, first_of_day, first_of_day, below_threshold"),
        (1, "first_of_day, rate_limited, first_of_day, below_threshold"),
    ] {
        Timeline::new(apart(limit)).at("21 15:00", troubles, want);
    }
    Timeline::new(apart(2)).at(
        "21 23:00",
        "walk WARNING, goal:gym CRITICAL",
        "quiet_hours, quiet_hours",
    );
}

/// A condition with a step if it is bad: of a budget the share 75 or 95 of a period that begins today, of
/// anything else an alert of today.
fn condition(subject: &str, severity: Severity, now: Timestamp) -> Condition {
    let day = local_day(now, &zone());
    let share = |percent| Share::of_percent(percent).map(|share| Ask::at_once(Step::Share(share), day));
    let ask = match (subject.starts_with("budget:"), severity) {
        (true, Severity::Warning) => share(75),
        (true, Severity::Critical) => share(95),
        _ => Condition::alert(severity, day),
    };
    Condition {
        subject: subject.parse().unwrap(),
        severity,
        day,
        expires_at: None,
        evidence: String::new(),
        phrase: Phrase {
            long: String::new(),
            short: String::new(),
        },
        ask,
        stake: Some(Money::ZERO),
        heading: None,
    }
}

/// Passes one after the other, with the ledger as the store would keep it.
struct Timeline {
    policy: Policy,
    said: HashMap<Subject, Vec<Said>>,
    messages: Vec<Timestamp>,
    silences: Vec<Silence>,
}

impl Timeline {
    fn new(policy: Policy) -> Self {
        Self {
            policy,
            said: HashMap::new(),
            messages: Vec::new(),
            silences: Vec::new(),
        }
    }

    /// At a time (`21 15:00`) with these conditions (`walk WARNING, run SAFE`), wants these reasons, in
    /// order.
    fn at(&mut self, now: &str, conditions: &str, want: &str) -> &mut Self {
        let instant = at(now);
        let conditions = conditions
            .split(", ")
            .map(|text| {
                let (subject, severity) = text.split_once(' ').unwrap();
                condition(subject, severity.parse().unwrap(), instant)
            })
            .collect();
        let decisions = self.pass(conditions, instant);
        let got: Vec<&str> = decisions
            .iter()
            .map(|decision| decision.reason.as_str())
            .collect();
        assert_eq!(got.join(", "), want, "at {now}");
        self
    }

    fn pass(&mut self, conditions: Vec<Condition>, now: Timestamp) -> Vec<Decision> {
        let decisions = decide(conditions, &self.ledger(now), &self.policy, now);
        let said: Vec<&Decision> = decisions.iter().filter(|d| d.action == Action::Notify).collect();
        if !said.is_empty() {
            self.messages.push(now);
        }
        for condition in said.into_iter().map(|decision| &decision.condition) {
            let ask = condition.ask.unwrap();
            self.said
                .entry(condition.subject.clone())
                .or_default()
                .push(Said {
                    step: ask.step,
                    occasion: ask.occasion,
                    on: local_day(now, &zone()),
                    at: now,
                    acknowledged_by: None,
                    refused_at: None,
                    used: None,
                });
        }
        decisions
    }

    fn ledger(&self, now: Timestamp) -> Ledger {
        let today = local_day(now, &zone());
        let count = |counts: &dyn Fn(Timestamp) -> bool| {
            u32::try_from(self.messages.iter().filter(|&&at| counts(at)).count()).unwrap()
        };
        Ledger {
            said: self.said.clone(),
            last_safe: HashMap::new(),
            messages_last_hour: count(&|at| now.duration_since(at) < SignedDuration::from_hours(1)),
            messages_today: count(&|at| local_day(at, &zone()) == today),
            silences: self
                .silences
                .iter()
                .filter(|silence| silence.is_active(now))
                .cloned()
                .collect(),
        }
    }

    /// The person acknowledges everything that was said.
    fn acknowledge(&mut self) -> &mut Self {
        for said in self.said.values_mut().flatten() {
            said.acknowledged_by = Some("laptop".to_owned());
        }
        self
    }

    /// A person asked for silence, from the beginning.
    fn silence(&mut self, kind: SilenceKind, pattern: &str, until: &str) -> &mut Self {
        self.silences.push(Silence {
            id: format!("silence-{}", self.silences.len()),
            kind,
            pattern: pattern.parse().unwrap(),
            starts_at: at("21 00:00"),
            ends_at: at(until),
            author: "laptop".to_owned(),
            comment: "on a plane".to_owned(),
            created_at: at("21 00:00"),
            deleted_at: None,
            deleted_by: None,
        });
        self
    }

    /// Every channel refuses what was said.
    fn refuse(&mut self, when: &str) -> &mut Self {
        for said in self.said.values_mut().flatten() {
            said.refused_at = Some(at(when));
        }
        self
    }
}

#[test]
fn a_subject_is_said_once_a_day_and_again_on_the_next() {
    Timeline::new(policy())
        .at(
            "21 15:00",
            "budget:reading CRITICAL, walk WARNING",
            "first_of_day, first_of_day",
        )
        .at(
            "21 15:15",
            "budget:reading CRITICAL, walk WARNING",
            "share_already_told, already_notified_today",
        )
        .at("21 21:59", "budget:reading CRITICAL", "share_already_told")
        .at("22 15:00", "budget:reading CRITICAL", "first_of_day");
}

#[test]
fn a_new_subject_speaks_while_the_known_one_stays_silent() {
    Timeline::new(policy())
        .at("21 15:00", "walk WARNING", "first_of_day")
        .at(
            "21 15:15",
            "budget:reading CRITICAL, walk WARNING",
            "first_of_day, already_notified_today",
        );
}

#[test]
fn what_is_not_bad_enough_or_not_known_is_not_said() {
    Timeline::new(policy())
        .at(
            "21 15:00",
            "budget:a SAFE, budget:b CAUTION, budget:c UNKNOWN",
            "below_threshold, below_threshold, unknown_data",
        )
        .at(
            "21 23:00",
            "budget:a SAFE, budget:c UNKNOWN",
            "below_threshold, unknown_data",
        );
}

#[test]
fn turning_critical_speaks_again_once_if_escalation_is_on() {
    Timeline::new(Policy {
        escalate: true,
        ..policy()
    })
    .at("21 10:00", "budget:reading WARNING", "first_of_day")
    .at("21 10:15", "budget:reading WARNING", "share_already_told")
    .at("21 10:30", "budget:reading CRITICAL", "escalated")
    .at("21 12:00", "budget:reading CRITICAL", "share_already_told")
    .at("21 12:15", "budget:reading WARNING", "share_already_told")
    .at("21 12:30", "budget:reading CRITICAL", "share_already_told");
    Timeline::new(policy())
        .at("21 10:00", "budget:reading WARNING", "first_of_day")
        .at("21 10:30", "budget:reading CRITICAL", "already_notified_today");
}

#[test]
fn what_mecris_says_about_itself_does_not_escalate() {
    Timeline::new(Policy {
        escalate: true,
        ..policy()
    })
    .at("21 10:00", "upstream:beeminder WARNING", "first_of_day")
    .at(
        "21 12:00",
        "upstream:beeminder CRITICAL",
        "already_notified_today",
    )
    .at("22 12:00", "upstream:beeminder CRITICAL", "first_of_day");
}

#[test]
fn a_refused_message_is_tried_again_after_an_hour() {
    Timeline::new(policy())
        .at("21 10:00", "budget:reading CRITICAL", "first_of_day")
        .refuse("21 10:01")
        .at("21 10:15", "budget:reading CRITICAL", "share_already_told")
        .at("21 11:00", "budget:reading CRITICAL", "share_already_told")
        .at("21 11:01", "budget:reading CRITICAL", "first_of_day");
}

#[test]
fn a_message_that_expired_by_a_clock_that_ran_ahead_is_said_when_the_clock_is_right_again() {
    Timeline::new(policy())
        .at("21 10:00", "budget:reading CRITICAL", "first_of_day")
        .refuse("23 10:01")
        .at("21 10:15", "budget:reading CRITICAL", "first_of_day")
        .refuse("21 10:34")
        .at("21 10:30", "budget:reading CRITICAL", "share_already_told");
}

#[test]
fn what_is_over_is_no_longer_known_and_not_said() {
    let now = at("21 15:00");
    let reason = |expires_at, severity| {
        let over = Condition {
            expires_at: Some(expires_at),
            ..condition("walk", severity, now)
        };
        decide(vec![over], &Ledger::default(), &policy(), now)[0].reason
    };
    assert_eq!(reason(now, Severity::Critical), Reason::UnknownData);
    assert_eq!(reason(at("21 15:01"), Severity::Critical), Reason::FirstOfDay);
    assert_eq!(reason(now, Severity::Safe), Reason::BelowThreshold);
}

#[test]
fn a_goal_that_is_listed_twice_is_said_once() {
    Timeline::new(policy()).at(
        "21 15:00",
        "budget:reading CRITICAL, budget:reading WARNING",
        "first_of_day, already_notified_today",
    );
}

#[test]
fn what_keeps_the_day_on_which_it_began_is_said_once() {
    let mut timeline = Timeline::new(policy());
    let mut broken = |now| {
        let began = "2026-11-20".parse().unwrap();
        let condition = Condition {
            day: began,
            ask: Condition::alert(Severity::Warning, began),
            ..condition("channel:sms", Severity::Warning, at(now))
        };
        timeline.pass(vec![condition], at(now))[0].reason
    };
    assert_eq!(broken("21 18:00"), Reason::FirstOfDay);
    assert_eq!(broken("22 18:00"), Reason::AlreadyNotifiedToday);
}

fn known_severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(vec![
        Severity::Safe,
        Severity::Caution,
        Severity::Warning,
        Severity::Critical,
    ])
}

fn any_severity() -> impl Strategy<Value = Severity> {
    prop_oneof![4 => known_severity(), 1 => Just(Severity::Unknown)]
}

fn any_policy() -> impl Strategy<Value = Policy> {
    (
        0..4_u32,
        0..8_u32,
        prop::option::of((0..24_i8, 0..24_i8)),
        any::<bool>(),
    )
        .prop_map(
            |(max_messages_per_hour, max_messages_per_day, quiet, escalate)| Policy {
                zone: zone(),
                max_messages_per_hour,
                max_messages_per_day,
                quiet_hours: quiet
                    .and_then(|(from, until)| DailyRange::new(time(from, 0, 0, 0), time(until, 0, 0, 0))),
                escalate,
                channels: HashMap::new(),
            },
        )
}

/// Minutes since the pass before, and the conditions of this pass.
type Found = (i64, Vec<(usize, Severity)>);

fn any_steps() -> impl Strategy<Value = Vec<Found>> {
    let gap = prop_oneof![4 => 1..90_i64, 1 => 600..3_000_i64];
    prop::collection::vec(
        (gap, prop::collection::vec((0..4_usize, any_severity()), 0..6)),
        1..40,
    )
}

/// A share of `budget:a` that was said today.
fn any_said() -> impl Strategy<Value = Vec<Said>> {
    let refused =
        prop::option::of((0..180_i64).prop_map(|ago| at("21 15:00") - SignedDuration::from_mins(ago)));
    let said = (prop::sample::select(vec![75_u8, 95]), any::<bool>(), refused);
    prop::option::of(said).prop_map(|said| {
        let said = said.into_iter();
        let today = local_day(at("21 15:00"), &zone());
        said.map(|(percent, acknowledged, refused_at)| Said {
            step: Step::Share(Share::of_percent(percent).unwrap()),
            occasion: today,
            on: today,
            at: at("21 15:00"),
            acknowledged_by: acknowledged.then(|| "laptop".to_owned()),
            refused_at,
            used: None,
        })
        .collect()
    })
}

proptest! {
    #[test]
    fn no_timeline_breaks_the_promises(policy in any_policy(), steps in any_steps()) {
        let mut timeline = Timeline::new(policy.clone());
        let mut now = at("21 09:00");
        let mut said: HashMap<(Subject, Daystamp), Vec<Reason>> = HashMap::new();
        for (gap, found) in steps {
            now += SignedDuration::from_mins(gap);
            let subjects = ["budget:a", "budget:b", "walk", "upstream:beeminder"];
            let conditions: Vec<Condition> =
                found.iter().map(|&(subject, severity)| condition(subjects[subject], severity, now)).collect();
            let decisions = timeline.pass(conditions.clone(), now);

            let decided: Vec<Condition> = decisions.iter().map(|d| d.condition.clone()).collect();
            prop_assert_eq!(decided, conditions, "each condition has exactly one decision, in order");
            for Decision { condition, action, reason, .. } in decisions {
                let notifies = matches!(reason, Reason::FirstOfDay | Reason::Escalated);
                prop_assert_eq!(action == Action::Notify, notifies);
                if notifies {
                    prop_assert!(condition.severity.at_least(Severity::Warning), "unknown or harmless: {:?}", condition);
                    prop_assert!(!policy.quiet_hours.is_some_and(|hours| hours.contains(now, &zone())));
                    said.entry((condition.subject, condition.day)).or_default().push(reason);
                }
            }
            let ledger = timeline.ledger(now);
            prop_assert!(ledger.messages_last_hour <= policy.max_messages_per_hour);
            prop_assert!(ledger.messages_today <= policy.max_messages_per_day);
        }
        for (key, reasons) in said {
            let allowed: &[Reason] = if policy.escalate { &[Reason::FirstOfDay, Reason::Escalated] } else { &[Reason::FirstOfDay] };
            prop_assert!(allowed.starts_with(&reasons), "{key:?} {reasons:?}");
        }
    }

    #[test]
    fn what_is_said_would_be_said_of_anything_worse(
        policy in any_policy(), said in any_said(), one in known_severity(), other in known_severity(), sent in 0..4_u32,
    ) {
        let now = at("21 15:00");
        let (less, more) = if one.rank() <= other.rank() { (one, other) } else { (other, one) };
        let reason = |severity| {
            let condition = condition("budget:a", severity, now);
            let said = HashMap::from([(condition.subject.clone(), said.clone())]);
            let ledger = Ledger { said, messages_last_hour: sent, messages_today: sent, ..Ledger::default() };
            decide(vec![condition], &ledger, &policy, now).remove(0)
        };
        if reason(less).action == Action::Notify {
            prop_assert_eq!(reason(more).action, Action::Notify);
        }
    }
}
