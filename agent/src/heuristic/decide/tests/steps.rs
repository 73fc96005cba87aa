//! Goals by steps: `ahead` on the days before, `last` on the last day.

use super::*;
use crate::domain::Step;

/// What can be said about `goal:reading`, which derails at the end of the 23rd.
fn ask(step: Step, alone_from: &str, silent: Option<Reason>) -> Ask {
    Ask {
        step,
        occasion: "2026-11-23".parse().unwrap(),
        alone_from: at(alone_from),
        rides_from: match step {
            Step::Ahead | Step::Derailed => Timestamp::MIN,
            _ => at(alone_from) - SignedDuration::from_hours(1),
        },
        waits: match step {
            Step::Ahead | Step::Derailed => Reason::NotLastDay,
            _ => Reason::BeforeUsualTime,
        },
        is_last_chance: false,
        silent,
    }
}

/// Passes about one goal, with what was said as the store would keep it.
#[derive(Default)]
struct Days {
    said: Vec<Said>,
    /// When the goal was last safe.
    last_safe: Option<Timestamp>,
    escalate: bool,
}

impl Days {
    /// At a time, with this step, and with `others` beside it, wants this reason.
    fn pass(&mut self, now: &str, ask: Ask, others: &str, want: &str) -> &mut Self {
        let instant = at(now);
        let mut goal = condition("goal:reading", Severity::Warning, instant);
        goal.ask = Some(ask);
        let mut conditions = vec![goal];
        if !others.is_empty() {
            conditions.push(condition(others, Severity::Warning, instant));
        }
        let ledger = Ledger {
            said: HashMap::from([("goal:reading".parse().unwrap(), self.said.clone())]),
            last_safe: self
                .last_safe
                .map(|at| ("goal:reading".parse().unwrap(), at))
                .into_iter()
                .collect(),
            ..Ledger::default()
        };
        let policy = Policy {
            escalate: self.escalate,
            ..policy()
        };
        let decisions = decide(conditions, &ledger, &policy, instant);
        assert_eq!(decisions[0].reason.as_str(), want, "at {now}");
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

fn ahead(alone_from: &str) -> Ask {
    ask(Step::Ahead, alone_from, None)
}

fn last() -> Ask {
    ask(Step::Last, "20 00:00", None)
}

#[test]
fn a_warning_ahead_goes_with_a_message_or_waits_for_the_last_chance_but_one() {
    Days::default()
        .pass("21 13:00", ahead("21 17:30"), "", "not_last_day")
        .pass("21 17:15", ahead("21 17:30"), "", "not_last_day")
        .pass("21 17:30", ahead("21 17:30"), "", "first_of_day")
        .pass("21 17:55", ahead("21 17:30"), "", "already_notified_today");
    Days::default().pass("21 13:00", ahead("21 17:30"), "walk", "first_of_day");
}

#[test]
fn a_warning_ahead_is_not_said_to_who_has_done_it() {
    let done = ask(Step::Ahead, "21 17:30", Some(Reason::DoneToday));
    Days::default()
        .pass("21 17:30", done, "", "done_today")
        .pass("21 17:55", done, "walk", "done_today");
}

#[test]
fn a_warning_ahead_is_not_repeated_for_three_days_and_does_not_use_up_the_last_one() {
    Days::default()
        .pass("20 17:30", ahead("20 17:30"), "", "first_of_day")
        .pass("21 17:30", ahead("21 17:30"), "", "warned_lately")
        .pass("22 17:30", ahead("22 17:30"), "walk", "warned_lately")
        .pass("23 13:00", last(), "", "first_of_day")
        .pass("23 13:15", last(), "", "already_notified_today");
}

#[test]
fn two_warnings_ahead_are_enough_until_the_goal_has_been_safe() {
    let of = |day: &str, alone_from: &str| Ask {
        occasion: format!("2026-11-{day}").parse().unwrap(),
        ..ahead(alone_from)
    };
    let mut days = Days::default();
    days.pass("10 17:30", of("11", "10 17:30"), "", "first_of_day")
        .pass("14 17:30", of("15", "14 17:30"), "", "first_of_day")
        .pass("18 17:30", of("19", "18 17:30"), "walk", "warned_lately")
        .pass("19 13:00", last_of("19"), "", "first_of_day")
        .pass("22 17:30", of("23", "22 17:30"), "", "warned_lately");
    days.last_safe = Some(at("12 09:00"));
    days.pass("23 17:30", of("24", "23 17:30"), "", "first_of_day")
        .pass("27 17:30", of("28", "27 17:30"), "", "warned_lately");
    days.last_safe = Some(at("26 09:00"));
    days.pass("27 17:30", of("28", "27 17:30"), "", "first_of_day");
}

fn last_of(day: &str) -> Ask {
    Ask::at_once(Step::Last, format!("2026-11-{day}").parse().unwrap())
}

#[test]
fn a_goal_that_turns_red_after_its_warning_is_said_again_and_never_downwards() {
    for escalate in [false, true] {
        let mut days = Days {
            escalate,
            ..Days::default()
        };
        days.pass("21 13:00", ahead("21 13:00"), "", "first_of_day")
            .pass("21 15:00", last(), "", "escalated")
            .pass("21 16:00", ahead("21 13:00"), "", "already_notified_today")
            .pass("21 17:00", last(), "", "already_notified_today");
    }
}

#[test]
fn another_occasion_is_said_although_this_one_was() {
    let mut days = Days::default();
    days.pass("21 13:00", last(), "", "first_of_day");
    let next = Ask {
        occasion: "2026-11-24".parse().unwrap(),
        ..last()
    };
    days.pass("22 13:00", next, "", "first_of_day");
}

#[test]
fn an_acknowledgement_holds_for_the_day_and_for_its_step() {
    let mut days = Days::default();
    days.pass("21 13:00", ahead("21 13:00"), "", "first_of_day");
    days.said[0].acknowledged_by = Some("phone".to_owned());
    days.pass("21 15:00", last(), "", "acknowledged")
        .pass("22 15:00", last(), "", "first_of_day");
}

#[test]
fn the_last_word_waits_for_the_usual_time_and_goes_with_a_message_an_hour_before() {
    let evening = ask(Step::Last, "21 20:30", None);
    Days::default()
        .pass("21 19:15", evening, "walk", "before_usual_time")
        .pass("21 19:45", evening, "", "before_usual_time")
        .pass("21 20:30", evening, "", "first_of_day");
    Days::default().pass("21 19:30", evening, "walk", "first_of_day");
}

/// What becomes of one condition when so many messages left in this hour and on this day.
fn under_limits(condition: Condition, hour: u32, day: u32) -> Reason {
    let ledger = Ledger {
        messages_last_hour: hour,
        messages_today: day,
        ..Ledger::default()
    };
    decide(vec![condition], &ledger, &policy(), at("21 15:00"))[0].reason
}

#[test]
fn two_messages_of_a_day_are_kept_for_last_days_and_a_last_chance_has_no_limit() {
    let now = at("21 15:00");
    let goal = |step, is_last_chance| {
        let mut goal = condition("goal:reading", Severity::Critical, now);
        goal.ask = Some(Ask {
            is_last_chance,
            ..ask(step, "21 15:00", None)
        });
        goal
    };
    let walk = || condition("upstream:beeminder", Severity::Warning, now);
    for (hour, day, other, warning, last, last_chance) in [
        (
            0,
            3,
            "first_of_day",
            "first_of_day",
            "first_of_day",
            "first_of_day",
        ),
        (
            0,
            4,
            "rate_limited",
            "rate_limited",
            "first_of_day",
            "first_of_day",
        ),
        (
            0,
            6,
            "rate_limited",
            "rate_limited",
            "rate_limited",
            "first_of_day",
        ),
        (
            2,
            2,
            "rate_limited",
            "rate_limited",
            "rate_limited",
            "first_of_day",
        ),
    ] {
        for (condition, want) in [
            (walk(), other),
            (goal(Step::Ahead, false), warning),
            (goal(Step::Last, false), last),
            (goal(Step::Last, true), last_chance),
        ] {
            let subject = condition.subject.clone();
            let reason = under_limits(condition, hour, day);
            assert_eq!(reason.as_str(), want, "{subject} after {hour} and {day} messages");
        }
    }
}

#[test]
fn of_two_messages_the_heavier_has_the_room_that_is_left() {
    let now = at("21 15:00");
    let mut gym = condition("goal:gym", Severity::Critical, now);
    gym.ask = Some(last());
    let walk = condition("walk", Severity::Warning, now);
    let decisions = decide(vec![walk, gym], &Ledger::default(), &apart(1), now);
    let reasons: Vec<&str> = decisions
        .iter()
        .map(|decision| decision.reason.as_str())
        .collect();
    assert_eq!(reasons, ["rate_limited", "first_of_day"]);
}

#[test]
fn what_goes_with_a_message_does_not_go_with_that_of_other_channels() {
    let now = at("21 15:00");
    let rider = |subject| {
        let mut goal = condition(subject, Severity::Warning, now);
        goal.ask = Some(ahead("21 17:30"));
        goal
    };
    let mut gym = condition("goal:gym", Severity::Critical, now);
    gym.ask = Some(last());
    let conditions = vec![gym, rider("goal:reading")];
    let reason = |conditions, policy: Policy| decide(conditions, &Ledger::default(), &policy, now)[1].reason;
    assert_eq!(reason(conditions.clone(), policy()), Reason::FirstOfDay);
    assert_eq!(reason(conditions, apart(2)), Reason::NotLastDay);
    let walk = condition("walk", Severity::Warning, now);
    assert_eq!(
        reason(vec![walk, rider("goal:gym")], apart(2)),
        Reason::NotLastDay
    );
}

#[test]
fn what_was_refused_everywhere_is_said_again() {
    let mut days = Days::default();
    days.pass("21 13:00", last(), "", "first_of_day");
    days.said[0].refused_at = Some(at("21 13:05"));
    days.pass("21 13:30", last(), "", "already_notified_today")
        .pass("21 14:06", last(), "", "first_of_day");
}

#[test]
fn an_older_reading_is_followed_by_a_fresh_one_but_not_the_other_way_round() {
    let seen = || ask(Step::LastSeen, "21 13:00", None);
    Days::default()
        .pass("21 13:00", seen(), "", "first_of_day")
        .pass("21 13:15", seen(), "", "already_notified_today")
        .pass("21 13:30", last(), "", "escalated")
        .pass("21 13:45", seen(), "", "already_notified_today");
}

#[test]
fn a_last_call_follows_the_last_day_by_two_hours() {
    let call = || ask(Step::LastCall, "21 15:00", None);
    let mut escalating = Days {
        escalate: true,
        ..Days::default()
    };
    escalating
        .pass("21 13:00", last(), "", "first_of_day")
        .pass("21 15:00", call(), "", "already_notified_today")
        .pass("21 15:15", call(), "", "escalated")
        .pass("21 15:30", call(), "", "already_notified_today");
    Days::default().pass("21 13:00", last(), "", "first_of_day").pass(
        "21 15:15",
        call(),
        "",
        "already_notified_today",
    );
}

#[test]
fn a_derailment_is_told_once_beside_what_is_still_to_come() {
    let derailed = || ask(Step::Derailed, "21 17:30", None);
    let next = || Ask {
        occasion: "2026-11-28".parse().unwrap(),
        ..ask(Step::Ahead, "21 13:00", None)
    };
    Days::default()
        .pass("21 13:00", derailed(), "", "not_last_day")
        .pass("21 13:15", next(), "", "first_of_day")
        .pass("21 17:30", derailed(), "", "first_of_day")
        .pass("21 17:45", derailed(), "", "already_notified_today")
        .pass("25 17:45", derailed(), "walk", "already_notified_today")
        .pass("25 17:55", next(), "", "warned_lately");
}
