use jiff::civil::date;

use super::*;

const NOTHING: UpdateBudget = UpdateBudget {
    provider: Provider::Anthropic,
    remaining: None,
    total: None,
    period_end: None,
};

async fn update(bench: &BudgetOnDisk, now: &str, update: UpdateBudget) -> Budget {
    bench.arm.update_budget(update, at(now)).await.unwrap();
    bench.recorded(Provider::Anthropic, now).budget
}

async fn refused(bench: &BudgetOnDisk, now: &str, update: UpdateBudget) -> String {
    bench
        .arm
        .update_budget(update, at(now))
        .await
        .unwrap_err()
        .to_string()
}

#[tokio::test]
async fn what_remains_is_an_anchor_and_sessions_count_from_there() {
    let bench = BudgetOnDisk::new();
    bench
        .session("2026-01-10T15:00:00Z", 3 * TOKENS_FOR_A_DOLLAR)
        .await;
    let told = update(
        &bench,
        "2026-01-11T15:00:00Z",
        UpdateBudget {
            remaining: Some(usd(19.54)),
            ..NOTHING
        },
    )
    .await;
    assert_eq!(
        (told.used, told.remaining()),
        (Some(usd(5.46)), Some(usd(19.54))),
        "the session is in it already"
    );
    bench.session("2026-01-11T16:00:00Z", TOKENS_FOR_A_DOLLAR).await;
    assert_eq!(
        used(&bench.observe(Provider::Anthropic, "2026-01-11T17:00:00Z").await),
        Some(6.46)
    );
}

#[tokio::test]
async fn the_total_alone_works() {
    let bench = BudgetOnDisk::new();
    bench
        .session("2026-01-10T15:00:00Z", 3 * TOKENS_FOR_A_DOLLAR)
        .await;
    let told = update(
        &bench,
        "2026-01-11T15:00:00Z",
        UpdateBudget {
            total: Some(usd(40.0)),
            ..NOTHING
        },
    )
    .await;
    assert_eq!((told.limit, told.used), (Some(usd(40.0)), Some(usd(3.0))));
    assert_eq!(told.period_end, Some(date(2026, 1, 31)));
}

#[tokio::test]
async fn the_end_of_the_period_alone_works() {
    let bench = BudgetOnDisk::new();
    bench
        .session("2026-01-10T15:00:00Z", 3 * TOKENS_FOR_A_DOLLAR)
        .await;
    let end = date(2026, 2, 14);
    let told = update(
        &bench,
        "2026-01-11T15:00:00Z",
        UpdateBudget {
            period_end: Some(end),
            ..NOTHING
        },
    )
    .await;
    assert_eq!(
        (told.period_start, told.period_end),
        (Some(date(2026, 1, 1)), Some(end))
    );
    assert_eq!((told.limit, told.used), (Some(usd(25.0)), Some(usd(3.0))));
    assert_eq!(
        used(&bench.observe(Provider::Anthropic, "2026-02-14T15:00:00Z").await),
        Some(3.0)
    );
    bench
        .arm
        .complete(Provider::Anthropic, at("2026-02-15T05:00:00Z"))
        .await
        .unwrap();
    let after = bench.observe(Provider::Anthropic, "2026-02-15T05:00:00Z").await;
    assert_eq!(
        after.value().unwrap().period_end,
        Some(date(2026, 2, 28)),
        "then the configuration counts again"
    );
}

#[tokio::test]
async fn a_later_word_keeps_what_it_does_not_mention() {
    let bench = BudgetOnDisk::new();
    update(
        &bench,
        "2026-01-11T15:00:00Z",
        UpdateBudget {
            remaining: Some(usd(20.0)),
            ..NOTHING
        },
    )
    .await;
    bench.session("2026-01-12T15:00:00Z", TOKENS_FOR_A_DOLLAR).await;
    let told = update(
        &bench,
        "2026-01-13T15:00:00Z",
        UpdateBudget {
            total: Some(usd(30.0)),
            ..NOTHING
        },
    )
    .await;
    assert_eq!(
        (told.limit, told.used),
        (Some(usd(30.0)), Some(usd(6.0))),
        "a higher limit changes nothing that was spent"
    );
    let told = update(
        &bench,
        "2026-01-14T15:00:00Z",
        UpdateBudget {
            remaining: Some(usd(29.0)),
            ..NOTHING
        },
    )
    .await;
    assert_eq!((told.limit, told.used), (Some(usd(30.0)), Some(usd(1.0))));
}

#[tokio::test]
async fn it_survives_a_restart_and_ends_with_its_period() {
    let bench = BudgetOnDisk::new();
    let told = UpdateBudget {
        remaining: Some(usd(2.0)),
        total: Some(usd(50.0)),
        ..NOTHING
    };
    update(&bench, "2026-01-11T15:00:00Z", told).await;
    let bench = bench.restart().await;
    let january = bench.observe(Provider::Anthropic, "2026-02-01T04:59:59Z").await;
    assert_eq!(
        (used(&january), january.value().unwrap().limit),
        (Some(48.0), Some(usd(50.0)))
    );
    bench
        .arm
        .complete(Provider::Anthropic, at("2026-02-01T05:00:00Z"))
        .await
        .unwrap();
    let february = bench.observe(Provider::Anthropic, "2026-02-01T05:00:00Z").await;
    assert_eq!(
        (used(&february), february.value().unwrap().limit),
        (Some(0.0), Some(usd(25.0)))
    );
}

#[tokio::test]
async fn a_fixed_period_that_ended_is_renewed_by_naming_its_end() {
    let mut settings = settings();
    settings.providers[0].period = BudgetPeriod::Fixed {
        starts: date(2025, 8, 6),
        ends: date(2025, 9, 30),
        rolls: false,
    };
    let bench = BudgetOnDisk::with(settings);
    let now = "2025-10-24T15:00:00Z";
    assert_eq!(
        refused(
            &bench,
            now,
            UpdateBudget {
                remaining: Some(usd(20.0)),
                ..NOTHING
            }
        )
        .await,
        "period_end is 2025-09-30: expected 2025-10-24 or a later day with it, because the period is over"
    );
    let renewed = UpdateBudget {
        remaining: Some(usd(20.0)),
        period_end: Some(date(2025, 11, 30)),
        ..NOTHING
    };
    let told = update(&bench, now, renewed).await;
    assert_eq!(
        (told.period_start, told.period_end),
        (Some(date(2025, 10, 24)), Some(date(2025, 11, 30)))
    );
    assert_eq!((told.used, told.health), (Some(usd(5.0)), Health::Good));
    let told = update(
        &bench,
        "2025-11-02T15:00:00Z",
        UpdateBudget {
            total: Some(usd(30.0)),
            ..NOTHING
        },
    )
    .await;
    assert_eq!(
        told.period_start,
        Some(date(2025, 10, 24)),
        "a later word does not move its start"
    );
}

#[tokio::test]
async fn an_odometer_takes_a_word_until_the_next_reading() {
    let bench = BudgetOnDisk::new();
    bench.reading("2026-01-10T15:00:00Z", 1.0).await.unwrap();
    let told = UpdateBudget {
        provider: Provider::Groq,
        remaining: Some(usd(3.0)),
        ..NOTHING
    };
    bench
        .arm
        .update_budget(told, at("2026-01-11T15:00:00Z"))
        .await
        .unwrap();
    assert_eq!(
        used(&bench.observe(Provider::Groq, "2026-01-11T15:01:00Z").await),
        Some(2.0)
    );
    bench.reading("2026-01-12T15:00:00Z", 2.2).await.unwrap();
    assert_eq!(
        used(&bench.observe(Provider::Groq, "2026-01-12T15:01:00Z").await),
        Some(2.2)
    );
    let months = UpdateBudget {
        provider: Provider::Groq,
        period_end: Some(date(2026, 2, 14)),
        ..NOTHING
    };
    assert!(
        refused(&bench, "2026-01-12T15:00:00Z", months)
            .await
            .contains("an odometer counts calendar months")
    );
}

#[tokio::test]
async fn what_contradicts_itself_is_refused() {
    let bench = BudgetOnDisk::new();
    let now = "2026-01-11T15:00:00Z";
    assert_eq!(
        refused(&bench, now, NOTHING).await,
        "update is empty: expected remaining_budget, total_budget or period_end"
    );
    assert_eq!(
        refused(
            &bench,
            now,
            UpdateBudget {
                remaining: Some(usd(26.0)),
                ..NOTHING
            }
        )
        .await,
        "remaining_budget is $26.00: expected at most the limit of $25.00, or a higher total_budget with it"
    );
    assert_eq!(
        refused(
            &bench,
            now,
            UpdateBudget {
                period_end: Some(date(2026, 1, 10)),
                ..NOTHING
            }
        )
        .await,
        "period_end is 2026-01-10: expected 2026-01-11 or a later day"
    );
    assert_eq!(
        refused(
            &bench,
            now,
            UpdateBudget {
                total: Some(usd(-1.0)),
                ..NOTHING
            }
        )
        .await,
        "total_budget is -$1.00: expected $0.01 to $1000000"
    );
    for (total, shown) in [(0.0, "$0.00"), (1_000_001.0, "$1000001.00")] {
        let update = UpdateBudget {
            total: Some(usd(total)),
            ..NOTHING
        };
        assert_eq!(
            refused(&bench, now, update).await,
            format!("total_budget is {shown}: expected $0.01 to $1000000")
        );
    }
    for end in [date(9999, 12, 31), date(2028, 1, 13)] {
        let update = UpdateBudget {
            period_end: Some(end),
            ..NOTHING
        };
        assert_eq!(
            refused(&bench, now, update).await,
            format!("period_end is {end}: expected 2028-01-12 or an earlier day")
        );
    }
    let mut settings = settings();
    settings.providers.truncate(1);
    let groq = UpdateBudget {
        provider: Provider::Groq,
        total: Some(usd(1.0)),
        ..NOTHING
    };
    assert_eq!(
        refused(&BudgetOnDisk::with(settings), now, groq).await,
        "groq has no budget: add [budget.groq] with source, limit_usd and period to the configuration"
    );
}
