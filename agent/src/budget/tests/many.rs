use jiff::civil::date;

use super::*;
use crate::domain::SessionSource;

const NOON: &str = "2026-01-16T15:00:00Z";

/// A session that ran at `when` and cost so many dollars.
fn ran(request: &str, when: &str, dollars: u64) -> NewSession {
    NewSession {
        request_id: Some(request.to_owned()),
        at: Some(at(when)),
        ..session(Provider::Anthropic, dollars * TOKENS_FOR_A_DOLLAR)
    }
}

async fn record(bench: &BudgetOnDisk, sessions: Vec<NewSession>) -> Vec<String> {
    let new = NewSessions {
        source: SessionSource::Transcripts,
        sessions,
    };
    let recorded = bench.arm.record_sessions(new, at(NOON)).await.unwrap();
    let told = recorded.outcomes.iter().map(|outcome| match outcome {
        Outcome::Recorded(kept) => format!("new {}", kept.session.cost),
        Outcome::Repeated(kept) => format!("known {}", kept.session.cost),
        Outcome::TakenBack => "taken back".to_owned(),
        Outcome::Refused(error) => error.to_string(),
    });
    told.collect()
}

#[tokio::test]
async fn a_session_counts_at_its_own_time() {
    let bench = BudgetOnDisk::new();
    let told = record(
        &bench,
        vec![
            ran("today", "2026-01-16T14:00:00Z", 1),
            // 23:30 of the day before in New York, and of this day in UTC.
            ran("yesterday", "2026-01-16T04:30:00Z", 2),
            ran("last_month", "2025-12-31T12:00:00Z", 4),
        ],
    )
    .await;
    assert_eq!(told, ["new $1.00", "new $2.00", "new $4.00"]);
    let budget = bench.recorded(Provider::Anthropic, NOON).budget;
    assert_eq!(
        (budget.used, budget.spent_today),
        (Some(usd(3.0)), Some(usd(1.0)))
    );
}

#[tokio::test]
async fn what_ran_before_a_person_said_what_remained_is_not_added_again() {
    let bench = BudgetOnDisk::new();
    let update = UpdateBudget {
        provider: Provider::Anthropic,
        remaining: Some(usd(20.0)),
        total: None,
        period_end: None,
    };
    bench
        .arm
        .update_budget(update, at("2026-01-16T14:00:00Z"))
        .await
        .unwrap();
    let before = ran("before", "2026-01-16T13:59:00Z", 3);
    let after = ran("after", "2026-01-16T14:01:00Z", 2);
    record(&bench, vec![before, after]).await;
    let budget = bench.recorded(Provider::Anthropic, NOON).budget;
    assert_eq!(budget.used, Some(usd(7.0)), "5 were said, and 2 came after");
    // A report that knows that it ran earlier takes it out of the sum.
    record(&bench, vec![ran("after", "2026-01-16T13:00:00Z", 2)]).await;
    let budget = bench.recorded(Provider::Anthropic, NOON).budget;
    assert_eq!(budget.used, Some(usd(5.0)));
}

#[tokio::test]
async fn a_time_that_cannot_be_is_refused_and_the_others_are_recorded() {
    let bench = BudgetOnDisk::new();
    let told = record(
        &bench,
        vec![
            ran("future", "2026-01-16T15:05:01Z", 1),
            ran("a_fast_clock", "2026-01-16T15:05:00Z", 1),
            ran("old", "2025-01-15T14:59:59Z", 1),
            ran("a_year_ago", "2025-01-15T15:00:00Z", 1),
        ],
    )
    .await;
    for (told, says) in told
        .iter()
        .zip(["at is 2026-01-16T15:05:01Z: expected", "new", "at is 2025", "new"])
    {
        assert!(told.starts_with(says), "{told}");
    }
}

#[tokio::test]
async fn a_session_has_the_price_of_its_day_also_if_that_is_found_out_later() {
    let mut settings = settings();
    let dearer = Price {
        from: date(2026, 1, 16),
        rate: Rate {
            input: usd(3.0),
            ..settings.prices[0].rate
        },
        ..settings.prices[0].clone()
    };
    settings.prices.push(dearer);
    let bench = BudgetOnDisk::with(settings);
    let told = record(
        &bench,
        vec![
            ran("old_price", "2026-01-15T23:59:59Z", 1),
            ran("new_price", "2026-01-16T00:00:00Z", 1),
        ],
    )
    .await;
    assert_eq!(told, ["new $1.00", "new $3.00"]);
    let told = record(
        &bench,
        vec![
            ran("new_price", "2026-01-15T23:00:00Z", 1),
            ran("old_price", "2026-01-16T10:00:00Z", 1),
        ],
    )
    .await;
    assert_eq!(told, ["known $1.00", "known $1.00"]);
    let recent = bench.arm.recent(10).unwrap();
    assert!(
        recent
            .iter()
            .all(|kept| kept.session.at < at("2026-01-16T00:00:00Z"))
    );
    for kept in recent {
        let taken = bench.arm.take_back_session(kept.id, at(NOON)).await.unwrap();
        assert!(taken.is_some(), "the id leads to the session");
    }
}

#[tokio::test]
async fn a_session_that_was_recorded_and_is_in_a_transcript_is_one() {
    let bench = BudgetOnDisk::new();
    let reported = NewSession {
        request_id: Some("req_1".to_owned()),
        cost_usd: Some(usd(1.5)),
        ..session(Provider::Anthropic, 0)
    };
    bench.arm.record_session(reported, at(NOON)).await.unwrap();
    let told = record(&bench, vec![ran("req_1", "2026-01-16T14:00:00Z", 9)]).await;
    assert_eq!(told, ["known $1.50"], "a cost that is known stays");
    let kept = bench.arm.recent(10).unwrap().remove(0);
    assert_eq!(kept.session.source, SessionSource::Recorded);
    assert_eq!(kept.session.at, at("2026-01-16T14:00:00Z"));
}

#[tokio::test]
async fn a_session_that_was_taken_back_does_not_come_again_from_its_transcript() {
    let bench = BudgetOnDisk::new();
    let of_message = |request: &str| NewSession {
        message_id: Some(format!("msg_of_{request}")),
        ..ran(request, "2026-01-16T14:00:00Z", 2)
    };
    record(&bench, vec![of_message("a")]).await;
    let take_back = async || {
        let id = bench.arm.recent(1).unwrap().remove(0).id;
        bench.arm.take_back_session(id, at(NOON)).await.unwrap()
    };
    assert!(take_back().await.is_some());
    let told = record(&bench, vec![of_message("a"), of_message("b")]).await;
    assert_eq!(told, ["taken back", "new $2.00"]);
    assert!(take_back().await.is_some());
    // Who records it by hand means it, with the same number and time, and can take it back again.
    for _ in 0..2 {
        let by_hand = NewSessions {
            source: SessionSource::Recorded,
            sessions: vec![of_message("a")],
        };
        let recorded = bench.arm.record_sessions(by_hand, at(NOON)).await.unwrap();
        assert!(matches!(recorded.outcomes[0], Outcome::Recorded(_)));
        assert!(take_back().await.is_some());
    }
}

#[tokio::test]
async fn a_session_within_a_plan_that_is_paid_for_after_all_stays_billed() {
    let bench = BudgetOnDisk::new();
    let within_plan = |request: &str| NewSession {
        billed: false,
        ..ran(request, "2026-01-16T14:00:00Z", 2)
    };
    record(&bench, vec![within_plan("a"), within_plan("b")]).await;
    assert_eq!(
        bench.recorded(Provider::Anthropic, NOON).budget.used,
        Some(usd(0.0))
    );
    record(&bench, vec![ran("a", "2026-01-16T14:00:00Z", 2)]).await;
    record(&bench, vec![within_plan("a")]).await;
    assert_eq!(
        bench.recorded(Provider::Anthropic, NOON).budget.used,
        Some(usd(2.0))
    );
}
