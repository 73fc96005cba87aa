use jiff::civil::date;
use proptest::prelude::*;

use super::*;

const THRESHOLDS: BudgetThresholds = BudgetThresholds::DEFAULT;

/// Noon in New York on 16 January: 15 and a half days are left of the month.
const NOW: &str = "2026-01-16T17:00:00Z";

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

fn usd(amount: f64) -> Money {
    Money::from_usd(amount).unwrap()
}

fn standing(used: f64, burn: f64) -> Standing {
    Standing {
        limit: usd(25.0),
        used: Some(usd(used)),
        spent_today: Some(Money::ZERO),
        daily_burn: Some(usd(burn)),
        period: Period {
            start: date(2026, 1, 1),
            end: date(2026, 1, 31),
        },
        burn_until: Some(NOW.parse().unwrap()),
    }
}

fn judged(standing: &Standing) -> Verdict {
    judge(standing, &THRESHOLDS, &zone(), NOW.parse().unwrap())
}

/// The alerts, and the day on which the money ends at the present burn rate.
fn explained(standing: &Standing) -> (Vec<Alert>, Option<Date>) {
    explain(standing, &THRESHOLDS, &zone(), NOW.parse().unwrap())
}

fn health_of(used: f64, burn: f64) -> (Health, String) {
    let verdict = judged(&standing(used, burn));
    (verdict.health, verdict.why)
}

#[test]
fn within_the_plan_is_good() {
    assert_eq!(
        health_of(3.0, 0.2),
        (
            Health::Good,
            "$3.00 of $25.00 used (12%), the period ends on 2026-01-31".into()
        )
    );
    assert_eq!(health_of(0.0, 0.0).0, Health::Good);
}

#[test]
fn the_share_used_warns_at_its_threshold_and_not_before() {
    assert_eq!(health_of(18.74, 0.0).0, Health::Good);
    assert_eq!(
        health_of(18.75, 0.0),
        (Health::Warning, "$18.75 of $25.00 used (75%)".into())
    );
    assert_eq!(health_of(23.74, 0.0).0, Health::Warning);
    assert_eq!(
        health_of(23.75, 0.0),
        (Health::Critical, "$23.75 of $25.00 used (95%)".into())
    );
}

#[test]
fn a_limit_that_is_reached_or_passed_is_critical() {
    let why = "$25.00 of $25.00 used, nothing is left until 2026-01-31";
    assert_eq!(health_of(25.0, 0.0), (Health::Critical, why.into()));
    let passed = standing(30.0, 0.0);
    assert_eq!(judged(&passed).health, Health::Critical);
    assert_eq!(
        explained(&passed).1,
        Some(date(2026, 1, 16)),
        "the money is already spent, so the burn rate does not matter"
    );
}

#[test]
fn a_limit_of_zero_is_used_up() {
    let nothing = Standing {
        limit: Money::ZERO,
        ..standing(0.0, 0.0)
    };
    assert_eq!(judged(&nothing).health, Health::Critical);
}

#[test]
fn money_that_ends_before_the_period_warns() {
    let why = "$15.00 is left; at $1.80 a day it lasts until 2026-01-24, but the period ends on 2026-01-31";
    assert_eq!(health_of(10.0, 1.8), (Health::Warning, why.into()));
}

#[test]
fn money_that_ends_in_the_last_hours_of_the_period_does_not_warn() {
    assert_eq!(
        health_of(10.0, 1.0).0,
        Health::Good,
        "the money lasts 15 days, the period 15.5 days: half a day short is no warning"
    );
    assert_eq!(health_of(10.0, 0.9).0, Health::Good, "it outlasts the period");
    assert_eq!(
        health_of(10.0, 1.04).0,
        Health::Warning,
        "the money lasts 14.4 days, the period 15.5 days: more than a day short"
    );
}

#[test]
fn money_for_less_than_a_day_is_critical_even_at_a_small_share() {
    let why = "$15.00 is left; at $20.00 a day it lasts until 2026-01-17, but the period ends on 2026-01-31";
    assert_eq!(health_of(10.0, 20.0), (Health::Critical, why.into()));
}

#[test]
fn money_that_ends_on_the_last_day_of_the_period_says_so() {
    let morning: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
    let last_day = Standing {
        burn_until: Some(morning),
        ..standing(15.0, 40.0)
    };
    assert_eq!(
        judge(&last_day, &THRESHOLDS, &zone(), morning).why,
        "$10.00 is left; at $40.00 a day the money ends on 2026-01-31, before that last day of the period is over"
    );
}

#[test]
fn money_for_less_than_a_day_is_fine_when_the_period_ends_first() {
    let last_evening = Standing {
        burn_until: Some("2026-02-01T03:00:00Z".parse().unwrap()),
        ..standing(15.0, 20.0)
    };
    let verdict = judge(
        &last_evening,
        &THRESHOLDS,
        &zone(),
        "2026-02-01T03:00:00Z".parse().unwrap(),
    );
    assert_eq!(
        verdict.health,
        Health::Good,
        "the money lasts half a day, January only two hours more: {}",
        verdict.why
    );
}

#[test]
fn the_burn_since_an_old_reading_is_counted() {
    let mut old = standing(10.0, 1.8);
    old.burn_until = Some("2026-01-11T17:00:00Z".parse().unwrap());
    assert_eq!(explained(&old).1, Some(date(2026, 1, 19)));
    old.burn_until = Some("2026-01-02T17:00:00Z".parse().unwrap());
    assert_eq!(explained(&old).1, Some(date(2026, 1, 16)), "never in the past");
}

#[test]
fn a_budget_without_figures_is_unknown_not_good() {
    let unknown = Standing {
        used: None,
        daily_burn: None,
        spent_today: None,
        burn_until: None,
        ..standing(0.0, 0.0)
    };
    assert_eq!(judged(&unknown).health, Health::Unknown);
    assert_eq!(explained(&unknown), (vec![], None));
}

#[test]
fn a_period_that_ended_warns_and_never_counts_negative_days() {
    let ended = Standing {
        period: Period {
            start: date(2025, 8, 6),
            end: date(2025, 9, 30),
        },
        spent_today: Some(usd(0.01)),
        ..standing(5.42, 0.0)
    };
    let verdict = judged(&ended);
    assert_eq!(
        (verdict.health, verdict.why.as_str()),
        (Health::Warning, "the period ended on 2025-09-30, set a new one")
    );
    assert_eq!(ended.period.days_remaining(date(2026, 1, 16)), 0);
    assert_eq!(
        explained(&ended).0,
        [Alert::PeriodEnding],
        "with days below 0, the cent of today would exceed its even share"
    );
}

#[test]
fn a_period_that_lies_ahead_is_unknown() {
    let ahead = Standing {
        period: Period {
            start: date(2027, 1, 1),
            end: date(2027, 1, 31),
        },
        ..standing(0.0, 0.0)
    };
    assert_eq!(judged(&ahead).health, Health::Unknown);
}

#[test]
fn each_alert_has_its_own_meaning() {
    assert_eq!(explained(&standing(20.0, 0.0)).0, [Alert::LowBudget]);
    assert_eq!(
        explained(&standing(10.0, 1.0)).0,
        [Alert::BurnRateHigh],
        "half a day short makes this alert, although it makes no WARNING"
    );
    let heavy_day = Standing {
        spent_today: Some(usd(1.01)),
        ..standing(10.01, 0.0)
    };
    assert_eq!(
        explained(&heavy_day).0,
        [Alert::DailyLimitExceeded],
        "$16.00 for 16 days is $1.00 a day"
    );
    let even_day = Standing {
        spent_today: Some(usd(1.0)),
        ..standing(10.0, 0.0)
    };
    assert_eq!(explained(&even_day).0, []);
}

fn badness(health: Health) -> u8 {
    match health {
        Health::Good => 0,
        Health::Warning => 1,
        Health::Critical => 2,
        Health::Unknown => panic!("everything is known here"),
    }
}

proptest! {
    #[test]
    fn more_use_never_improves_health(
        a in 0_i64..40_000_000,
        b in 0_i64..40_000_000,
        burn in 0_i64..30_000_000,
        limit in 0_i64..40_000_000,
        day in 1_i8..=31,
        hour in 0_i8..24,
    ) {
        let now = date(2026, 1, day).at(hour, 0, 0, 0).to_zoned_datetime(zone()).unwrap().timestamp();
        let at = |used: i64| {
            let standing = Standing {
                limit: Money::from_micros(limit),
                used: Some(Money::from_micros(used)),
                daily_burn: Some(Money::from_micros(burn)),
                burn_until: Some(now),
                ..standing(0.0, 0.0)
            };
            badness(judge(&standing, &THRESHOLDS, &zone(), now).health)
        };
        prop_assert!(at(a.min(b)) <= at(a.max(b)));
    }

    #[test]
    fn faster_burning_never_improves_health(used in 0_i64..30_000_000, a in 0_i64..30_000_000, b in 0_i64..30_000_000) {
        let at = |burn: i64| {
            let standing = Standing {
                used: Some(Money::from_micros(used)),
                daily_burn: Some(Money::from_micros(burn)),
                ..standing(0.0, 0.0)
            };
            badness(judged(&standing).health)
        };
        prop_assert!(at(a.min(b)) <= at(a.max(b)));
    }
}
