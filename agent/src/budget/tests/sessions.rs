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
        model: Some("claude-of-tomorrow".to_owned()),
        ..session(Provider::Anthropic, 2 * TOKENS_FOR_A_DOLLAR)
    };
    let recorded = record(&bench, new).await.unwrap();
    assert_eq!(
        (recorded.cost, recorded.priced_by),
        (usd(2.0), Some(PricedBy::Assumed))
    );
    let budget = bench.recorded(Provider::Anthropic, NOON).budget;
    assert_eq!(budget.used, Some(usd(2.0)));
    let says = "; 1 session of claude-of-tomorrow at an assumed price, $2.00 in all";
    assert!(budget.why.ends_with(says), "{}", budget.why);
    let groq = bench.recorded(Provider::Groq, NOON).budget;
    assert!(!groq.why.contains("assumed"), "{}", groq.why);
    let forged = NewSession {
        model: Some("x\u{1b}[2J\nall safe".to_owned()),
        ..session(Provider::Anthropic, 3 * TOKENS_FOR_A_DOLLAR)
    };
    record(&bench, forged).await.unwrap();
    let budget = bench.recorded(Provider::Anthropic, NOON).budget;
    let says = "; 2 sessions of x [2J all safe and another model at an assumed price, $5.00 in all";
    assert!(budget.why.ends_with(says), "{:?}", budget.why);
}

#[tokio::test]
async fn the_sum_of_what_is_assumed_begins_where_the_sum_of_the_budget_does() {
    let bench = BudgetOnDisk::new();
    let guess = |dollars: u64| NewSession {
        model: Some("claude-of-tomorrow".to_owned()),
        ..session(Provider::Anthropic, dollars * TOKENS_FOR_A_DOLLAR)
    };
    let record_at = async |new, when| bench.arm.record_session(new, at(when)).await.unwrap();
    record_at(guess(4), "2026-01-16T14:00:00Z").await;
    let update = UpdateBudget {
        provider: Provider::Anthropic,
        remaining: Some(usd(20.0)),
        total: None,
        period_end: None,
    };
    bench.arm.update_budget(update, at(NOON)).await.unwrap();
    let budget = bench.recorded(Provider::Anthropic, NOON).budget;
    assert!(!budget.why.contains("assumed"), "{}", budget.why);
    record_at(guess(1), "2026-01-16T16:00:00Z").await;
    let budget = bench.recorded(Provider::Anthropic, NOON).budget;
    assert_eq!(budget.used, Some(usd(6.0)));
    let says = "; 1 session of claude-of-tomorrow at an assumed price, $1.00 in all";
    assert!(budget.why.ends_with(says), "{}", budget.why);
}

#[tokio::test]
async fn how_a_session_was_priced_is_said_in_one_sentence() {
    let mut settings = settings();
    let m = settings.prices[0].clone();
    settings.prices.push(Price {
        model: "claude-3-5-sonnet".to_owned(),
        ..m.clone()
    });
    let listed = BudgetOnDisk::with(settings.clone());
    settings.prices.push(Price {
        model: "*".to_owned(),
        ..m
    });
    let with_star = BudgetOnDisk::with(settings);
    let of = |model: Option<&str>| NewSession {
        model: model.map(str::to_owned),
        ..session(Provider::Anthropic, 1)
    };
    let reported = NewSession {
        cost_usd: Some(usd(1.0)),
        ..of(Some("x"))
    };
    let fast = NewSession {
        speed: Speed::Fast,
        ..of(Some("m"))
    };
    for (bench, new, says) in [
        (&listed, of(Some("M ")), "at the price of m"),
        (
            &listed,
            of(Some("x")),
            "the table has no price for \"x\": each class of tokens counted at the dearest listed price of anthropic; \
             a [[budget.price]] for it makes later sessions exact",
        ),
        (
            &listed,
            fast,
            "the table has no price for \"m\" in fast mode: each class of tokens counted at the dearest listed price of \
             anthropic; a [[budget.price]] for it makes later sessions exact",
        ),
        (
            &with_star,
            of(Some("x")),
            "the table has no price for \"x\": counted at the \"*\" price of anthropic; a [[budget.price]] for it \
             makes later sessions exact",
        ),
        (
            &listed,
            of(None),
            "no model was named: counted at the price of claude-3-5-sonnet",
        ),
        (&listed, reported, "as the caller said"),
    ] {
        let recorded = record(bench, new).await.unwrap();
        assert_eq!(why_priced(&recorded), says);
    }
    let by_name = record(&listed, of(Some("m-fast"))).await.unwrap();
    assert_eq!(by_name.conditions.speed, Speed::Fast, "the name asks for it");
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
        model: Some("unheard of".to_owned()),
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
async fn a_reported_cost_stays_before_a_listed_one_and_what_was_billed_stays_billed() {
    let bench = BudgetOnDisk::new();
    let reported = |cost| NewSession {
        cost_usd: Some(usd(cost)),
        ..of_request("req_1", 1)
    };
    let within_a_plan = |new| NewSession { billed: false, ..new };
    let used = || bench.recorded(Provider::Anthropic, NOON).budget.used;
    let mut id = None;
    for (new, cost) in [
        (of_request("req_1", 3 * TOKENS_FOR_A_DOLLAR), 3.0),
        (reported(2.0), 2.0),
        (of_request("req_1", 9 * TOKENS_FOR_A_DOLLAR), 2.0),
        (within_a_plan(reported(5.0)), 5.0),
        (within_a_plan(reported(1.0)), 5.0),
    ] {
        let recorded = bench.arm.record_session(new, at(NOON)).await.unwrap();
        assert_eq!(used(), Some(usd(cost)));
        assert_eq!(recorded.is_repeated, id.is_some());
        let first = id.get_or_insert_with(|| recorded.kept.id.clone());
        assert_eq!(*first, recorded.kept.id, "it stays the same session");
    }
    let planned = within_a_plan(of_request("req_2", TOKENS_FOR_A_DOLLAR));
    bench.arm.record_session(planned, at(NOON)).await.unwrap();
    assert_eq!(used(), Some(usd(5.0)));
    let billed = of_request("req_2", TOKENS_FOR_A_DOLLAR / 2);
    bench.arm.record_session(billed, at(NOON)).await.unwrap();
    assert_eq!(
        used(),
        Some(usd(6.0)),
        "one of the two reports says that it is billed"
    );
}

#[tokio::test]
async fn a_repeated_session_costs_what_it_did_on_its_own_day() {
    let mut settings = settings();
    let mut dearer = settings.prices[0].clone();
    dearer.from = Date::constant(2026, 1, 17);
    dearer.rate.input = usd(5.0);
    settings.prices.push(dearer);
    let bench = BudgetOnDisk::with(settings);
    for (when, tokens, cost) in [
        ("2026-01-16T23:59:59Z", 1, 1.0),
        ("2026-01-17T00:00:01Z", 2, 2.0),
        ("2026-01-18T00:00:00Z", 1, 2.0),
    ] {
        let new = of_request("req_1", tokens * TOKENS_FOR_A_DOLLAR);
        let recorded = bench.arm.record_session(new, at(when)).await.unwrap();
        assert_eq!(recorded.kept.session.cost, usd(cost), "{when}");
        assert_eq!(recorded.kept.session.at, at("2026-01-16T23:59:59Z"));
    }
}

#[tokio::test]
async fn a_request_has_an_id_that_can_be_seen() {
    let bench = BudgetOnDisk::new();
    for (id, shown) in [(" \t", r#"" \t""#), ("req\n1", r#""req\n1""#)] {
        let refused = record(&bench, of_request(id, 1)).await.unwrap_err();
        let allowed = "expected letters, digits and other visible ASCII characters, without a space";
        assert_eq!(refused, format!("request_id is {shown}: {allowed}"));
    }
}

#[tokio::test]
async fn searches_cost_what_is_known_of_their_provider() {
    let bench = BudgetOnDisk::new();
    let searched = |provider| NewSession {
        web_search_requests: 2,
        ..session(provider, TOKENS_FOR_A_DOLLAR)
    };
    let anthropic = record(&bench, searched(Provider::Anthropic)).await.unwrap();
    assert_eq!(anthropic.cost, usd(1.02));
    assert_eq!(
        record(&bench, searched(Provider::Groq)).await.unwrap_err(),
        "what web searches of groq cost is not known: say cost_usd for a session that has some"
    );
    let reported = NewSession {
        cost_usd: Some(usd(1.01)),
        ..searched(Provider::Groq)
    };
    assert_eq!(record(&bench, reported).await.unwrap().cost, usd(1.01));
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
    let of_known = |confirmed, cost| NewSession {
        confirmed,
        request_id: Some("req_1".to_owned()),
        ..reported(cost)
    };
    record(&bench, of_known(true, 300.0)).await.unwrap();
    record(&bench, of_known(false, 300.0)).await.unwrap();
    assert!(record(&bench, of_known(false, 300.01)).await.is_err());
    let raised = UpdateBudget {
        provider: Provider::Anthropic,
        remaining: None,
        total: Some(usd(31.0)),
        period_end: None,
    };
    bench.arm.update_budget(raised, at(NOON)).await.unwrap();
    record(&bench, of_known(false, 310.0)).await.unwrap();
    let refused = record(&bench, reported(-1.0)).await.unwrap_err();
    assert!(
        refused.starts_with("cost_usd is -$1.00: expected what the session cost, $0.00 or more"),
        "{refused}"
    );
    assert_eq!(bench.arm.recent(10).unwrap().len(), 3);
}
