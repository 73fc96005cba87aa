use super::*;
use crate::{domain::PricedBy, store::tables::sessions::Session};

const NOON: &str = "2026-01-16T15:00:00Z";

async fn record(bench: &BudgetOnDisk, new: NewSession) -> Result<Session, String> {
    let recorded = bench.arm.record_session(new, at(NOON)).await;
    recorded
        .map(|recorded| recorded.kept.session)
        .map_err(|error| error.to_string())
}

fn of_request(request: &str, input_tokens: u64) -> NewSession {
    NewSession {
        request_id: Some(request.to_owned()),
        ..session(Provider::Anthropic, input_tokens)
    }
}

#[tokio::test]
async fn a_model_without_a_price_counts_at_the_dearest_and_the_budget_says_so() {
    let bench = BudgetOnDisk::new();
    let new = NewSession {
        model: "claude-of-tomorrow".to_owned(),
        ..session(Provider::Anthropic, 2 * TOKENS_FOR_A_DOLLAR)
    };
    let recorded = record(&bench, new).await.unwrap();
    assert_eq!(
        (recorded.cost, recorded.priced_by),
        (usd(2.0), Some(PricedBy::Assumed))
    );
    let budget = bench.recorded(Provider::Anthropic, NOON).budget;
    assert_eq!(budget.used, Some(usd(2.0)));
    let says =
        "; 1 session of claude-of-tomorrow without a price counted at the dearest prices, $2.00 in all";
    assert!(budget.why.ends_with(says), "{}", budget.why);
    let groq = bench.recorded(Provider::Groq, NOON).budget;
    assert!(!groq.why.contains("without a price"), "{}", groq.why);
}

#[tokio::test]
async fn every_class_of_tokens_is_priced_and_kept() {
    let bench = BudgetOnDisk::new();
    let new = NewSession {
        cache_creation_input_tokens: Some(3 * TOKENS_FOR_A_DOLLAR),
        ephemeral_1h_input_tokens: TOKENS_FOR_A_DOLLAR,
        cache_read_input_tokens: TOKENS_FOR_A_DOLLAR,
        web_search_requests: 2,
        service_tier: "batch".to_owned(),
        inference_geo: "us".to_owned(),
        ..session(Provider::Anthropic, TOKENS_FOR_A_DOLLAR)
    };
    let recorded = record(&bench, new).await.unwrap();
    // (1 + 2 x 1.25 + 2 + 0.1) x 0.5 x 1.1, and two searches of a cent.
    assert_eq!(recorded.cost, usd(3.1));
    let kept = &bench.arm.recent(1).unwrap()[0].session;
    assert_eq!(kept, &recorded);
    assert_eq!(
        (kept.used.cache_write, kept.used.cache_write_1h),
        (2_000_000, 1_000_000)
    );
    let odd = NewSession {
        cache_creation_input_tokens: Some(5),
        ephemeral_5m_input_tokens: 3,
        ephemeral_1h_input_tokens: 3,
        ..session(Provider::Anthropic, 1)
    };
    assert_eq!(
        record(&bench, odd).await.unwrap_err(),
        "cache_creation_input_tokens is 5: expected at least 6, which is ephemeral_5m_input_tokens and \
         ephemeral_1h_input_tokens together"
    );
}

#[tokio::test]
async fn a_request_is_recorded_once_and_what_is_known_best_stays() {
    let bench = BudgetOnDisk::new();
    let costs = async || {
        let all = bench.arm.recent(10).unwrap();
        all.into_iter()
            .map(|kept| kept.session.cost.usd())
            .collect::<Vec<_>>()
    };
    let guess = NewSession {
        model: "unheard of".to_owned(),
        ..of_request("req_1", 9 * TOKENS_FOR_A_DOLLAR)
    };
    record(&bench, guess.clone()).await.unwrap();
    assert_eq!(costs().await, [9.0]);
    // The end of a stream that was first seen half.
    for (tokens, cost) in [(2, 2.0), (3, 3.0), (1, 3.0)] {
        record(&bench, of_request("req_1", tokens * TOKENS_FOR_A_DOLLAR))
            .await
            .unwrap();
        assert_eq!(costs().await, [cost]);
    }
    record(&bench, guess).await.unwrap();
    assert_eq!(costs().await, [3.0], "a guess takes the place of nothing");
    record(&bench, of_request("req_2", TOKENS_FOR_A_DOLLAR))
        .await
        .unwrap();
    let of_groq = NewSession {
        provider: Provider::Groq,
        ..of_request("req_1", TOKENS_FOR_A_DOLLAR)
    };
    record(&bench, of_groq).await.unwrap();
    record(&bench, session(Provider::Anthropic, TOKENS_FOR_A_DOLLAR))
        .await
        .unwrap();
    record(&bench, session(Provider::Anthropic, TOKENS_FOR_A_DOLLAR))
        .await
        .unwrap();
    assert_eq!(
        costs().await.len(),
        5,
        "without a request every session is another one"
    );
    assert_eq!(
        bench.recorded(Provider::Anthropic, NOON).budget.used,
        Some(usd(6.0))
    );
}

#[tokio::test]
async fn what_is_not_billed_is_shown_and_not_counted() {
    let bench = BudgetOnDisk::new();
    let within_a_plan = NewSession {
        billed: false,
        ..session(Provider::Anthropic, 900 * TOKENS_FOR_A_DOLLAR)
    };
    record(&bench, within_a_plan).await.unwrap();
    assert_eq!(bench.arm.recent(1).unwrap()[0].session.cost, usd(900.0));
    assert_eq!(
        bench.recorded(Provider::Anthropic, NOON).budget.used,
        Some(Money::ZERO)
    );
    let summary = bench.arm.summary(7, at(NOON)).unwrap();
    assert_eq!((summary.total.sessions, summary.total.cost), (1, Money::ZERO));
}

#[tokio::test]
async fn a_cost_that_somebody_knows_counts_and_one_beyond_the_budget_wants_a_word() {
    let bench = BudgetOnDisk::new();
    let reported = |cost| NewSession {
        cost_usd: Some(usd(cost)),
        ..session(Provider::Anthropic, 7)
    };
    let recorded = record(&bench, reported(0.077_087)).await.unwrap();
    assert_eq!(
        (recorded.cost.micros(), recorded.priced_by),
        (77_087, Some(PricedBy::Reported))
    );
    assert_eq!(
        record(&bench, reported(250.01)).await.unwrap_err(),
        "this session costs $250.01, more than ten times the anthropic budget of a whole period: check the numbers, \
         and say confirmed=true if they are right"
    );
    let confirmed = NewSession {
        confirmed: true,
        ..reported(250.01)
    };
    record(&bench, confirmed).await.unwrap();
    let refused = record(&bench, reported(-1.0)).await.unwrap_err();
    assert!(
        refused.starts_with("cost_usd is -$1.00: expected what the session cost, $0.00 or more"),
        "{refused}"
    );
    assert_eq!(bench.arm.recent(10).unwrap().len(), 2);
}
