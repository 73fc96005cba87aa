//! The conditions of a missing walk and of money that runs out.

use super::*;
use crate::domain::{Reason, Step};

#[test]
fn a_missing_walk_matters_inside_its_hours_only() {
    let unknown = Observation::Unknown {
        why: "timeout".to_owned(),
    };
    let Observation::Fresh { value, at } = walk(true) else {
        unreachable!()
    };
    let stale = Observation::Stale {
        value,
        at,
        why: "timeout".to_owned(),
    };
    let lines: String = [
        (walk(false), "13:59"),
        (walk(false), "14:00"),
        (walk(false), "17:59"),
        (walk(false), "18:00"),
        (walk(true), "15:00"),
        (unknown, "15:00"),
        (stale, "15:00"),
    ]
    .into_iter()
    .map(|(walk, clock)| {
        let observed = Observed {
            walk: Some(walk),
            ..observed(Vec::new())
        };
        let condition = find(
            &assess(&observed, &healthy(), &settings(), &outlook(today(clock))),
            "walk",
        );
        assert_eq!(
            condition.expires_at,
            ("14:00".."18:00").contains(&clock).then(|| today("18:00"))
        );
        format!("{clock} {}", table(&[condition]))
    })
    .collect();
    insta::assert_snapshot!(lines, @r"
    13:59 SAFE walk 2026-11-21 | walk not due until 14:00 | walk not due yet | no datapoint on bike yet; not due until 14:00
    14:00 WARNING walk 2026-11-21 | no walk yet, until 18:00 | no walk yet | no datapoint on bike for 2026-11-21 yet
    17:59 WARNING walk 2026-11-21 | no walk yet, until 18:00 | no walk yet | no datapoint on bike for 2026-11-21 yet
    18:00 SAFE walk 2026-11-21 | no walk, hours over at 18:00 | walk hours over | no datapoint on bike for 2026-11-21; its hours were over at 18:00
    15:00 SAFE walk 2026-11-21 | walk done | walk done | bike has a datapoint for 2026-11-21
    15:00 UNKNOWN walk 2026-11-21 | walk unknown | walk unknown | it is unknown whether there was a walk: timeout
    15:00 UNKNOWN walk 2026-11-21 | walk unknown | walk unknown | it is unknown whether there was a walk: timeout
    ");
}

#[test]
fn a_missing_walk_is_the_last_step_of_its_day() {
    let ask = |done, clock| {
        let observed = Observed {
            walk: Some(walk(done)),
            ..observed(Vec::new())
        };
        let conditions = assess(&observed, &healthy(), &settings(), &outlook(today(clock)));
        find(&conditions, "walk").ask
    };
    for (done, clock, last_chance) in [
        (false, "13:45", None),
        (false, "14:00", Some(false)),
        (false, "17:45", Some(false)),
        (false, "17:55", Some(true)),
        (false, "18:00", None),
        (true, "15:00", None),
    ] {
        let ask = ask(done, clock);
        assert_eq!(
            ask.map(|ask| ask.is_last_chance),
            last_chance,
            "{clock}, done: {done}"
        );
        if let Some(ask) = ask {
            assert_eq!(
                (ask.step, ask.occasion.to_string().as_str()),
                (Step::Last, "2026-11-21")
            );
        }
    }
}

#[test]
fn a_budget_has_the_health_that_the_arm_found() {
    for (health, severity) in [
        (Health::Good, Severity::Safe),
        (Health::Warning, Severity::Warning),
        (Health::Critical, Severity::Critical),
        (Health::Unknown, Severity::Unknown),
    ] {
        assert_eq!(assess_budget(fresh(groq(1.0, health))).severity, severity);
    }
    assert_eq!(
        assess_budget(Observation::Unknown {
            why: "no reading".to_owned()
        })
        .severity,
        Severity::Unknown
    );
}

#[test]
fn an_old_total_proves_what_is_spent_and_nothing_else() {
    let stale = |budget| {
        assess_budget(Observation::Stale {
            value: budget,
            at: today("09:00"),
            why: "too old".to_owned(),
        })
    };
    assert_eq!(stale(groq(1.0, Health::Good)).severity, Severity::Unknown);
    assert_eq!(stale(groq(4.0, Health::Warning)).severity, Severity::Warning);
    assert_eq!(stale(groq(5.6, Health::Critical)).severity, Severity::Critical);
    assert_eq!(
        stale(groq(1.0, Health::Critical)).severity,
        Severity::Unknown,
        "a burn rate may have changed"
    );
    let over = Budget {
        period_end: Some("2026-10-31".parse().unwrap()),
        ..groq(5.6, Health::Critical)
    };
    assert_eq!(stale(over).severity, Severity::Unknown, "another month began");
    let condition = stale(groq(5.6, Health::Critical));
    assert_eq!(
        condition.evidence,
        "as of 09:00: 5.6 of 5 dollars used; not newer: too old"
    );
}

#[test]
fn a_budget_is_said_with_its_numbers() {
    let phrases = |budget| {
        let phrase = assess_budget(fresh(budget)).phrase;
        format!("{} | {}", phrase.long, phrase.short)
    };
    assert_eq!(
        phrases(groq(5.6, Health::Critical)),
        "groq budget 112% used ($5.60 of $5.00) | groq budget spent"
    );
    assert_eq!(
        phrases(groq(4.99, Health::Critical)),
        "groq budget 99% used ($4.99 of $5.00) | groq budget 99% used"
    );
    // At 09:00 $3.00 were left: at $1.00 a day they last until 09:00 on the 24th.
    let burning = Budget {
        daily_burn: Some(Money::from_usd(1.0).unwrap()),
        ..groq(2.0, Health::Warning)
    };
    assert_eq!(
        phrases(burning.clone()),
        "groq budget 40% used ($2.00 of $5.00), gone by 24 Nov | groq budget gone by 24 Nov"
    );
    let nearly = Budget {
        used: Some(Money::from_usd(4.9).unwrap()),
        ..burning
    };
    assert_eq!(
        phrases(nearly),
        "groq budget 98% used ($4.90 of $5.00), gone today | groq budget 98% used"
    );
    let ended = Budget {
        period_end: Some("2026-11-20".parse().unwrap()),
        ..groq(2.0, Health::Warning)
    };
    assert_eq!(
        phrases(ended),
        "groq budget period ended 2026-11-20: set a new one | groq budget period ended"
    );
    let blank = Budget {
        used: None,
        ..groq(2.0, Health::Unknown)
    };
    assert_eq!(phrases(blank), "groq budget unknown | groq budget unknown");
}

/// The step of a fresh budget, and why it is not said, if it is not.
fn asked(budget: Budget) -> Option<(String, Option<Reason>)> {
    let ask = assess_budget(fresh(budget)).ask?;
    assert_eq!(ask.occasion.to_string(), "2026-11-01");
    Some((ask.step.to_string(), ask.silent))
}

#[test]
fn only_the_highest_share_that_is_used_is_asked_for() {
    for (used, health, want) in [
        (1.0, Health::Good, None),
        (3.74, Health::Good, None),
        (3.75, Health::Warning, Some("75")),
        (4.74, Health::Warning, Some("75")),
        (4.75, Health::Critical, Some("95")),
        (5.0, Health::Critical, Some("100")),
        (5.6, Health::Critical, Some("100")),
    ] {
        let asked = asked(groq(used, health));
        assert_eq!(asked, want.map(|step| (step.to_owned(), None)), "{used}");
    }
}

#[test]
fn a_share_is_as_bad_as_it_is_whatever_the_thresholds_say() {
    let severities = [1.0, 3.75, 4.75].map(|used| assess_budget(fresh(groq(used, Health::Good))).severity);
    assert_eq!(
        severities,
        [Severity::Safe, Severity::Warning, Severity::Critical]
    );
}

#[test]
fn a_pace_is_said_with_three_days_of_data_and_a_quarter_used() {
    let pace = |used, data_from: &str| Budget {
        daily_burn: Some(Money::from_usd(1.0).unwrap()),
        data_from: Some(at(data_from)),
        ..groq(used, Health::Warning)
    };
    let early = Some(Reason::TooLittleHistory);
    for (used, data_from, silent) in [
        (1.25, "2026-11-01T00:00:00-04:00", None),
        (1.24, "2026-11-01T00:00:00-04:00", early),
        (1.25, "2026-11-18T09:00:00-05:00", None),
        (1.25, "2026-11-18T09:00:01-05:00", early),
    ] {
        let asked = asked(pace(used, data_from));
        assert_eq!(
            asked,
            Some(("pace".to_owned(), silent)),
            "{used} since {data_from}"
        );
    }
    let unknown_since = Budget {
        data_from: None,
        ..pace(2.0, "2026-11-01T00:00:00-04:00")
    };
    assert_eq!(asked(unknown_since), Some(("pace".to_owned(), early)));
    let lasting = Budget {
        daily_burn: Some(Money::from_usd(0.1).unwrap()),
        ..pace(2.0, "2026-11-01T00:00:00-04:00")
    };
    assert_eq!(
        asked(lasting),
        Some(("pace".to_owned(), Some(Reason::BelowThreshold))),
        "it is a threshold that is low, not the pace that is high"
    );
}

#[test]
fn an_old_total_has_its_share_and_no_pace() {
    let stale = |budget| {
        let condition = assess_budget(Observation::Stale {
            value: budget,
            at: today("09:00"),
            why: "too old".to_owned(),
        });
        condition.ask.map(|ask| ask.step.to_string())
    };
    assert_eq!(stale(groq(4.8, Health::Critical)).as_deref(), Some("95"));
    assert_eq!(stale(groq(2.0, Health::Warning)).as_deref(), Some("unknown"));
}

#[test]
fn a_period_that_ended_is_what_nobody_can_tell_any_more() {
    let ended = Budget {
        period_end: Some("2026-11-20".parse().unwrap()),
        ..groq(2.0, Health::Warning)
    };
    let ask = assess_budget(fresh(ended)).ask.unwrap();
    assert_eq!(
        (ask.step, ask.occasion.to_string().as_str()),
        (Step::Unknown, "2026-11-21")
    );
    assert_eq!(ask.alone_from, at("2026-11-22T00:00:00-05:00"), "a day later");
}

fn assess_budget(budget: Observation<Budget>) -> Condition {
    let observed = Observed {
        budgets: vec![(Provider::Groq, budget)],
        ..observed(Vec::new())
    };
    find(
        &assess(&observed, &healthy(), &settings(), &outlook(today("15:00"))),
        "budget:groq",
    )
}
