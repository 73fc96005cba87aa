//! The conditions of a missing walk and of money that runs out.

use super::*;

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
    let burning = Budget {
        daily_burn: Some(Money::from_usd(1.0).unwrap()),
        ..groq(2.0, Health::Warning)
    };
    assert_eq!(
        phrases(burning),
        "groq budget 40% used ($2.00 of $5.00), gone in 3 days | groq budget 40% used"
    );
    let ended = Budget {
        period_end: Some("2026-11-20".parse().unwrap()),
        ..groq(2.0, Health::Warning)
    };
    assert_eq!(
        phrases(ended),
        "groq budget period ended 2026-11-20 | groq budget period ended"
    );
    let blank = Budget {
        used: None,
        ..groq(2.0, Health::Unknown)
    };
    assert_eq!(phrases(blank), "groq budget unknown | groq budget unknown");
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
