use jiff::{SignedDuration, civil::date};
use proptest::prelude::*;

use super::*;
use crate::{
    budget::period::Period,
    domain::{Basis, Used},
    store::tables::sessions,
};

#[tokio::test]
async fn a_session_before_local_midnight_counts_for_the_local_day() {
    let bench = BudgetOnDisk::new();
    bench.session("2026-01-16T04:30:00Z", TOKENS_FOR_A_DOLLAR).await;
    let late = bench.observe(Provider::Anthropic, "2026-01-16T04:45:00Z").await;
    assert_eq!(
        late.fresh().unwrap().spent_today,
        Some(usd(1.0)),
        "23:30 on the fifteenth in New York"
    );
    let next = bench.observe(Provider::Anthropic, "2026-01-16T05:00:00Z").await;
    assert_eq!(
        next.fresh().unwrap().spent_today,
        Some(Money::ZERO),
        "00:00 on the sixteenth"
    );
    assert_eq!(used(&next), Some(1.0));
    let days = bench.arm.summary(7, at("2026-01-16T05:00:00Z")).unwrap().by_day;
    assert_eq!(
        days.iter().map(|(day, _)| *day).collect::<Vec<_>>(),
        [date(2026, 1, 15)]
    );
}

#[tokio::test]
async fn a_month_rolls_over_at_local_midnight() {
    let bench = BudgetOnDisk::new();
    bench.session("2026-02-01T04:59:59Z", TOKENS_FOR_A_DOLLAR).await;
    let before = bench.observe(Provider::Anthropic, "2026-02-01T04:59:59.5Z").await;
    assert_eq!(used(&before), Some(1.0));
    bench
        .session("2026-02-01T05:00:00Z", 2 * TOKENS_FOR_A_DOLLAR)
        .await;
    let after = bench.observe(Provider::Anthropic, "2026-02-01T05:00:01Z").await;
    assert_eq!(used(&after), Some(2.0));
    let after = after.fresh().unwrap();
    assert_eq!(
        (after.period_start, after.period_end),
        (Some(date(2026, 2, 1)), Some(date(2026, 2, 28)))
    );
}

#[tokio::test]
async fn a_restart_keeps_sessions_readings_and_rows() {
    let bench = BudgetOnDisk::new();
    bench
        .session("2026-01-16T15:00:00Z", 3 * TOKENS_FOR_A_DOLLAR)
        .await;
    bench.reading("2026-01-16T15:01:00Z", 1.25).await.unwrap();
    let before = bench.arm.budgets(at("2026-01-16T15:02:00Z")).unwrap();
    let bench = bench.restart().await;
    assert_eq!(
        bench.arm.budgets(at("2026-01-16T15:02:00Z")).unwrap(),
        before,
        "before anything is computed anew"
    );
    assert_eq!(
        used(&bench.observe(Provider::Anthropic, "2026-01-16T15:10:00Z").await),
        Some(3.0)
    );
    assert_eq!(
        used(&bench.observe(Provider::Groq, "2026-01-16T15:10:00Z").await),
        Some(1.25)
    );
}

#[tokio::test]
async fn burn_is_taken_over_seven_days_or_the_age_of_the_ledger() {
    let bench = BudgetOnDisk::new();
    bench
        .session("2026-01-10T12:00:00Z", 4 * TOKENS_FOR_A_DOLLAR)
        .await;
    let burn = async |now| {
        bench
            .observe(Provider::Anthropic, now)
            .await
            .value()
            .unwrap()
            .daily_burn
            .map(Money::usd)
    };
    assert_eq!(
        burn("2026-01-13T11:59:59Z").await,
        None,
        "less than three days are no trend"
    );
    assert_eq!(burn("2026-01-14T12:00:00Z").await, Some(1.0), "four days old");
    assert_eq!(burn("2026-01-17T12:00:00Z").await, Some(0.571_428), "seven days");
    assert_eq!(
        burn("2026-01-17T12:00:01Z").await,
        Some(0.0),
        "what is older does not burn"
    );
}

#[tokio::test]
async fn a_young_ledger_is_judged_by_its_share_alone() {
    let bench = BudgetOnDisk::new();
    bench
        .session("2026-01-16T04:00:00Z", 10 * TOKENS_FOR_A_DOLLAR)
        .await;
    let health = async |now: &str| {
        bench.observe(Provider::Anthropic, now).await;
        let today = bench.arm.usage(at(now)).unwrap().swap_remove(0);
        (today.recorded.budget.health, today.outlook.projected_exhaustion)
    };
    assert_eq!(
        health("2026-01-16T06:00:00Z").await,
        (Health::Good, None),
        "$10.00 on its first evening would end in two days"
    );
    assert_eq!(
        health("2026-01-19T04:00:00Z").await,
        (Health::Warning, Some(date(2026, 1, 23))),
        "three days later it is a trend"
    );
    let spent = BudgetOnDisk::new();
    spent
        .session("2026-01-16T04:00:00Z", 24 * TOKENS_FOR_A_DOLLAR)
        .await;
    let row = spent.recorded(Provider::Anthropic, "2026-01-16T04:00:00Z").budget;
    assert_eq!(row.health, Health::Critical, "the share is alarming by itself");
}

#[tokio::test]
async fn a_session_has_at_most_a_billion_tokens() {
    let bench = BudgetOnDisk::new();
    let record = async |input_tokens, output_tokens| {
        let new = NewSession {
            output_tokens,
            confirmed: true,
            ..session(Provider::Anthropic, input_tokens)
        };
        bench.arm.record_session(new, at("2026-01-16T15:00:00Z")).await
    };
    for (input, output, refusal) in [
        (
            9_000_000_000_000_000,
            0,
            "input_tokens is 9000000000000000: expected 0 to 1000000000",
        ),
        (
            0,
            1_000_000_001,
            "output_tokens is 1000000001: expected 0 to 1000000000",
        ),
        (
            u64::MAX,
            0,
            "input_tokens is 18446744073709551615: expected 0 to 1000000000",
        ),
    ] {
        assert_eq!(record(input, output).await.unwrap_err().to_string(), refusal);
    }
    assert_eq!(bench.arm.recent(10).unwrap(), []);
    record(1_000_000_000, 1_000_000_000).await.unwrap();
}

#[tokio::test]
async fn a_session_that_was_a_mistake_is_taken_back_and_no_other() {
    let bench = BudgetOnDisk::new();
    let first = bench.session("2026-01-16T15:00:00Z", TOKENS_FOR_A_DOLLAR).await;
    let mistake = bench
        .session("2026-01-16T15:01:00Z", 26 * TOKENS_FOR_A_DOLLAR)
        .await;
    assert_eq!(mistake.usage[0].recorded.budget.health, Health::Critical);
    let take_back = async |id: &str| {
        let taken = bench
            .arm
            .take_back_session(id.to_owned(), at("2026-01-16T15:02:00Z"));
        taken.await.unwrap()
    };
    let taken = take_back(&mistake.kept.id).await.unwrap();
    assert_eq!(taken.kept, mistake.kept);
    let budget = &taken.usage[0].recorded.budget;
    assert_eq!((budget.used, budget.health), (Some(usd(1.0)), Health::Good));
    // SQLite gives the number of a removed last row again.
    let next = bench
        .session("2026-01-16T15:03:00Z", 2 * TOKENS_FOR_A_DOLLAR)
        .await;
    let number = |id: &str| id.split('-').next().unwrap().to_owned();
    assert_eq!(number(&next.kept.id), number(&mistake.kept.id));
    for id in [
        mistake.kept.id.as_str(),
        "",
        "-",
        "1",
        "1-",
        "x-y",
        "1-99999999999999999999999999",
    ] {
        assert_eq!(take_back(id).await, None, "{id}");
    }
    assert_eq!(bench.arm.recent(10).unwrap(), [next.kept, first.kept]);
}

#[tokio::test]
async fn a_ledger_over_its_limit_is_critical() {
    let bench = BudgetOnDisk::new();
    bench
        .session("2026-01-16T15:00:00Z", 26 * TOKENS_FOR_A_DOLLAR)
        .await;
    let budget = bench.recorded(Provider::Anthropic, "2026-01-16T15:00:00Z").budget;
    assert_eq!(budget.health, Health::Critical);
    assert_eq!(budget.remaining(), Some(usd(-1.0)));
}

#[tokio::test]
async fn a_fixed_period_that_ended_warns_and_one_that_rolls_goes_on() {
    let mut settings = settings();
    let range = |rolls| BudgetPeriod::Fixed {
        starts: date(2025, 8, 6),
        ends: date(2025, 9, 30),
        rolls,
    };
    settings.providers[0].period = range(false);
    let ended = BudgetOnDisk::with(settings.clone())
        .observe(Provider::Anthropic, "2025-10-24T15:00:00Z")
        .await;
    let ended = ended.fresh().unwrap();
    assert_eq!(
        (ended.health, ended.why.as_str()),
        (Health::Warning, "the period ended on 2025-09-30, set a new one")
    );
    settings.providers[0].period = range(true);
    let rolled = BudgetOnDisk::with(settings);
    rolled.session("2025-10-24T14:00:00Z", TOKENS_FOR_A_DOLLAR).await;
    let rolled = rolled.observe(Provider::Anthropic, "2025-10-24T15:00:00Z").await;
    assert_eq!(rolled.fresh().unwrap().period_end, Some(date(2025, 11, 25)));
    assert_eq!(rolled.fresh().unwrap().health, Health::Good);
}

#[tokio::test]
async fn a_period_that_lies_ahead_is_known_not_to_have_begun() {
    let mut settings = settings();
    settings.providers[0].period = BudgetPeriod::Fixed {
        starts: date(2027, 1, 1),
        ends: date(2027, 1, 31),
        rolls: true,
    };
    let ahead = BudgetOnDisk::with(settings)
        .observe(Provider::Anthropic, "2026-10-24T15:00:00Z")
        .await;
    let budget = ahead.fresh().unwrap();
    assert_eq!(
        (budget.health, budget.why.as_str()),
        (Health::Unknown, "the period begins on 2027-01-01")
    );
}

#[tokio::test]
async fn a_session_with_an_empty_model_is_refused_and_not_recorded() {
    let bench = BudgetOnDisk::new();
    let new = NewSession {
        model: Some(String::new()),
        ..session(Provider::Anthropic, 1)
    };
    let error = bench
        .arm
        .record_session(new, at("2026-01-16T15:00:00Z"))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "model is 0 characters long: expected 1 to 200 characters"
    );
    assert_eq!(bench.arm.recent(10).unwrap().len(), 0);
}

#[tokio::test]
async fn a_provider_without_a_budget_has_a_row_and_no_observation() {
    let mut settings = settings();
    settings.providers.truncate(1);
    let bench = BudgetOnDisk::with(settings);
    let observed = bench.arm.observe(at("2026-01-16T15:00:00Z")).await.unwrap();
    assert_eq!(
        observed.iter().map(|(p, _)| *p).collect::<Vec<_>>(),
        [Provider::Anthropic]
    );
    let groq = bench.recorded(Provider::Groq, "2026-01-16T15:00:00Z");
    assert_eq!(
        (groq.budget.source, groq.budget.health, groq.stale),
        (None, Health::Unknown, false)
    );
    assert_eq!(groq.budget.why, "no [budget.groq] in the configuration");
}

#[tokio::test]
async fn a_ledger_that_nobody_feeds_is_unknown_and_a_persons_word_ages() {
    let bench = BudgetOnDisk::new();
    let seen = async |now: &str| {
        let observed = bench.observe(Provider::Anthropic, now).await;
        let shown = bench.recorded(Provider::Anthropic, now).budget;
        (
            observed.fresh().is_some(),
            used(&observed),
            shown.health,
            shown.bases.used,
            shown.doubt,
        )
    };
    let (fresh, used_now, health, basis, doubt) = seen("2026-01-10T15:00:00Z").await;
    assert_eq!(
        (fresh, used_now, health, basis),
        (false, None, Health::Unknown, None)
    );
    assert!(doubt.unwrap().starts_with("no session was ever recorded: "));

    bench
        .arm
        .complete(Provider::Anthropic, at("2026-01-10T15:00:00Z"))
        .await
        .unwrap();
    assert_eq!(
        seen("2026-01-17T15:00:00Z").await,
        (true, Some(0.0), Health::Good, Some(Basis::Typed), None),
        "a person said that nothing was spent"
    );
    let (fresh, used_now, health, _, doubt) = seen("2026-01-17T15:00:01Z").await;
    assert_eq!((fresh, used_now, health), (false, Some(0.0), Health::Unknown));
    assert!(
        doubt
            .unwrap()
            .starts_with("no session was recorded since 10 Jan: ")
    );

    bench.session("2026-01-31T20:00:00Z", TOKENS_FOR_A_DOLLAR).await;
    let good = (true, Some(0.0), Health::Good, Some(Basis::Estimated), None);
    assert_eq!(
        seen("2026-02-01T20:00:00Z").await,
        good,
        "an evening of last month shows the first of this"
    );
    let (fresh, used_now, health, basis, _) = seen("2026-02-02T20:00:00Z").await;
    assert_eq!(
        (fresh, used_now, health, basis),
        (true, None, Health::Unknown, None),
        "nobody is told yet, and it is not $0"
    );
    let (fresh, used_now, ..) = seen("2026-02-07T20:00:01Z").await;
    assert_eq!((fresh, used_now), (false, None));
}

#[tokio::test]
async fn a_console_that_shows_more_than_the_ledger_makes_it_doubtful_until_a_person_says_what_remains() {
    let bench = BudgetOnDisk::new();
    bench.session("2026-01-16T15:00:00Z", TOKENS_FOR_A_DOLLAR).await;
    let reading = NewReading {
        value: usd(9.0),
        month: None,
        notes: String::new(),
        correction: false,
    };
    bench
        .arm
        .record_odometer(Provider::Anthropic, reading, at("2026-01-16T16:00:00Z"))
        .await
        .unwrap();
    let observed = bench.observe(Provider::Anthropic, "2026-01-16T17:00:00Z").await;
    assert_eq!(used(&observed), Some(1.0), "it is the least that was spent");
    assert_eq!(
        observed.why().unwrap(),
        "the console showed $9.00 on 16 Jan, but only $1.00 was recorded by then: record what is missing, or POST \
         /usage/update_budget?provider=anthropic with what remains"
    );
    let update = UpdateBudget {
        provider: Provider::Anthropic,
        remaining: Some(usd(16.0)),
        total: None,
        period_end: None,
    };
    bench
        .arm
        .update_budget(update, at("2026-01-16T18:00:00Z"))
        .await
        .unwrap();
    let observed = bench.observe(Provider::Anthropic, "2026-01-16T18:00:00Z").await;
    assert_eq!((used(&observed), observed.fresh().is_some()), (Some(9.0), true));
}

#[tokio::test]
async fn a_row_is_stale_after_its_ttl_and_before_the_first_pass() {
    let bench = BudgetOnDisk::new();
    assert!(bench.recorded(Provider::Anthropic, "2026-01-16T15:00:00Z").stale);
    bench.observe(Provider::Anthropic, "2026-01-16T15:00:00Z").await;
    assert!(!bench.recorded(Provider::Anthropic, "2026-01-16T15:15:00Z").stale);
    assert!(bench.recorded(Provider::Anthropic, "2026-01-16T15:15:01Z").stale);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_sessions_of_a_period_sum_up_to_what_was_used(
        told in prop::collection::vec((0_i64..70 * 24 * 60, 0_i64..2_000_000), 0..40),
        start in 0_i8..28,
        length in 1_i64..40,
    ) {
        let starts = date(2026, 2, 1 + start);
        let ends = starts.saturating_add(jiff::Span::new().days(length - 1));
        let mut settings = settings();
        settings.providers[0].period = BudgetPeriod::Fixed { starts, ends, rolls: true };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let bench = BudgetOnDisk::with(settings);
            let base = at("2026-02-01T00:00:00Z");
            let all: Vec<_> = told.iter().map(|(minutes, micros)| {
                (base + SignedDuration::from_mins(*minutes), Money::from_micros(*micros))
            }).collect();
            let rows = all.clone();
            bench.arm.store.write(move |tx| {
                for (at, cost) in rows {
                    let session = sessions::Session::new(at, Provider::Anthropic, "m", Used::default(), cost);
                    sessions::insert(tx, &session)?;
                }
                Ok(())
            }).await.unwrap();
            let now = at("2026-03-15T16:00:00Z");
            // A person's word: also a period without a session is known.
            bench.arm.complete(Provider::Anthropic, now).await.unwrap();
            let budget = bench.observe(Provider::Anthropic, "2026-03-15T16:00:00Z").await.value().cloned().unwrap();
            let period = Period { start: budget.period_start.unwrap(), end: budget.period_end.unwrap() };
            assert_eq!(period.phase(now.to_zoned_datetime(zone()).date()), crate::budget::period::Phase::Current);
            let expected = all.iter()
                .filter(|(at, _)| (period.start..=period.end).contains(&at.to_zoned_datetime(zone()).date()))
                .fold(Money::ZERO, |sum, (_, cost)| sum + *cost);
            assert_eq!(budget.used, Some(expected));
        });
    }
}

#[tokio::test]
async fn a_budget_that_cannot_be_recorded_is_known_all_the_same() {
    let bench = BudgetOnDisk::new();
    bench.session("2026-01-16T15:00:00Z", TOKENS_FOR_A_DOLLAR).await;
    bench
        .arm
        .store
        .note(|tx| tx.pragma_update(None, "query_only", true))
        .await
        .unwrap();
    assert!(
        bench
            .arm
            .store
            .note(|tx| tx.execute("DELETE FROM budget", []))
            .await
            .is_err(),
        "nothing can be written"
    );
    let seen = bench.observe(Provider::Anthropic, "2026-01-16T16:00:00Z").await;
    assert_eq!(used(&seen), Some(1.0));
}
