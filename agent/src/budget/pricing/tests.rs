use jiff::civil::date;
use proptest::prelude::*;

use super::*;

/// Its noon is in [`theirs`].
const TODAY: Date = date(2026, 11, 30);

fn line(model: &str, from: Date, input: i64, output: i64) -> Price {
    let dollars = |dollars: i64| Money::from_micros(dollars * Money::MICROS);
    Price {
        provider: Provider::Anthropic,
        model: model.to_owned(),
        from,
        speed: Speed::Standard,
        above_prompt_tokens: 0,
        rate: Rate {
            input: dollars(input),
            output: dollars(output),
            cache_write: dollars(input),
            cache_write_1h: dollars(2 * input),
            cache_read: dollars(input),
        },
    }
}

fn table() -> Vec<Price> {
    vec![
        line("claude-sonnet-4", date(2026, 3, 1), 4, 20),
        line("claude-sonnet-4", date(2025, 1, 1), 3, 15),
        line("claude-haiku-4", date(2025, 1, 1), 1, 5),
    ]
}

fn built_in() -> Vec<Price> {
    crate::config::BudgetSettings::built_in_prices()
}

fn tokens(input: i64, output: i64) -> Used {
    Used {
        input,
        output,
        ..Used::default()
    }
}

fn priced(prices: &[Price], model: &str, day: Date, used: &Used) -> Priced {
    price(
        prices,
        Provider::Anthropic,
        model,
        day,
        used,
        &Conditions::default(),
    )
    .unwrap()
}

fn micros(model: &str, used: &Used, conditions: &Conditions) -> i64 {
    let priced = price(&built_in(), Provider::Anthropic, model, TODAY, used, conditions).unwrap();
    assert_eq!(priced.by, PricedBy::Listed, "{model}");
    priced.cost.micros()
}

#[test]
fn the_price_of_the_sessions_own_day_counts() {
    let used = tokens(1_000_000, 100_000);
    let mut prices = table();
    prices.push(line("claude-haiku-4", date(2026, 12, 1), 50, 250));
    for (model, day, cost, by) in [
        ("claude-sonnet-4", date(2026, 2, 28), 4_500_000, PricedBy::Listed),
        ("claude-sonnet-4", date(2026, 3, 1), 6_000_000, PricedBy::Listed),
        ("claude-haiku-4", date(2026, 3, 1), 1_500_000, PricedBy::Listed),
        // A price of tomorrow is not asked for today, and a model without a price of today has none.
        ("another", date(2026, 11, 30), 6_000_000, PricedBy::Assumed),
        ("another", date(2026, 12, 1), 75_000_000, PricedBy::Assumed),
        ("claude-haiku-4", date(2024, 1, 1), 75_000_000, PricedBy::Assumed),
    ] {
        let priced = priced(&prices, model, day, &used);
        assert_eq!((priced.cost.micros(), priced.by), (cost, by), "{model} {day}");
    }
}

#[test]
fn a_line_for_long_prompts_leaves_short_ones_their_price() {
    let mut prices = table();
    prices.push(Price {
        above_prompt_tokens: 200_000,
        ..line("claude-sonnet-4", date(2026, 6, 1), 8, 40)
    });
    for (input, cost) in [(200_000, 800_000), (300_000, 2_400_000)] {
        let priced = priced(&prices, "claude-sonnet-4", TODAY, &tokens(input, 0));
        assert_eq!((priced.cost.micros(), priced.by), (cost, PricedBy::Listed));
    }
}

#[test]
fn a_region_of_a_cloud_asks_for_more() {
    for (model, cost) in [
        ("claude-opus-5", 5_000_000),
        ("global.anthropic.claude-opus-5", 5_000_000),
        ("anthropic.claude-opus-5", 5_000_000),
        ("eu.anthropic.claude-opus-5", 5_500_000),
        ("bedrock/eu-central-1/anthropic.claude-opus-5", 5_500_000),
        ("us-gov.anthropic.claude-opus-5", 6_000_000),
        ("bedrock/us-gov-east-1/anthropic.claude-opus-5", 6_000_000),
        ("eu.anthropic.claude-opus-4-1-20250805-v1:0", 15_000_000),
    ] {
        assert_eq!(
            micros(model, &tokens(1_000_000, 0), &Conditions::default()),
            cost,
            "{model}"
        );
    }
    let own = Price {
        ..line("eu.anthropic.claude-opus-5", date(2025, 1, 1), 7, 7)
    };
    let priced = priced(
        &[built_in(), vec![own]].concat(),
        "eu.anthropic.claude-opus-5-20260724-v1:0",
        TODAY,
        &tokens(1_000_000, 0),
    );
    assert_eq!(
        priced.cost.micros(),
        7_000_000,
        "a line of its own has its own price"
    );
}

#[test]
fn a_model_without_a_line_costs_the_dearest_of_each_class_and_says_so() {
    let used = Used {
        cache_write_1h: 1_000_000,
        ..tokens(1_000_000, 1_000_000)
    };
    let mut prices = table();
    let guess = priced(&prices, "claude-opus-9", TODAY, &used);
    assert_eq!(
        (guess.cost.micros(), guess.by, guess.line),
        (32_000_000, PricedBy::Assumed, None)
    );
    prices.push(Price {
        speed: Speed::Fast,
        ..line("claude-haiku-4", date(2025, 1, 1), 90, 900)
    });
    let standard = priced(&prices, "claude-opus-9", TODAY, &used);
    assert_eq!(
        standard.cost.micros(),
        32_000_000,
        "fast prices are for what was fast"
    );
    let fast = Conditions {
        speed: Speed::Fast,
        ..Conditions::default()
    };
    let fast = price(
        &prices,
        Provider::Anthropic,
        "claude-sonnet-4",
        TODAY,
        &used,
        &fast,
    )
    .unwrap();
    assert_eq!((fast.cost.micros(), fast.by), (1_170_000_000, PricedBy::Assumed));
    prices.push(line("*", date(2026, 6, 1), 15, 75));
    let star = priced(&prices, "claude-opus-9", TODAY, &used);
    assert_eq!(
        (star.cost.micros(), star.by, star.line.as_deref()),
        (120_000_000, PricedBy::Assumed, Some("*"))
    );
    assert_eq!(
        priced(&prices, "claude-haiku-4", TODAY, &tokens(1, 0))
            .cost
            .micros(),
        1
    );
    assert_eq!(
        price(&prices, Provider::Groq, "x", TODAY, &used, &Conditions::default()),
        Err(PriceError::NoPrices(Provider::Groq))
    );
}

#[test]
fn nothing_that_is_listed_is_dearer_than_what_is_assumed() {
    let used = Used {
        input: 3_000_000,
        output: 1_000_000,
        cache_write: 1_000_000,
        cache_write_1h: 1_000_000,
        cache_read: 1_000_000,
        web_searches: 0,
    };
    let prices = built_in();
    for line in &prices {
        for day in [date(2026, 2, 1), TODAY] {
            let conditions = Conditions {
                speed: line.speed,
                ..Conditions::default()
            };
            let of = |model| price(&prices, line.provider, model, day, &used, &conditions).unwrap();
            let (listed, assumed) = (of(line.model.as_str()), of("a model of tomorrow"));
            assert_eq!(
                (listed.by, assumed.by),
                (PricedBy::Listed, PricedBy::Assumed),
                "{line:?}"
            );
            assert!(
                listed.cost <= assumed.cost,
                "{line:?}: {} > {}",
                listed.cost,
                assumed.cost
            );
        }
    }
}

#[test]
fn a_line_for_long_prompts_is_for_every_token_and_cached_ones_make_a_prompt_long() {
    let used = |input, cache_read, output| Used {
        cache_read,
        ..tokens(input, output)
    };
    for (used, cost) in [
        (used(15_000, 90_000, 1_000), 14_500),
        (used(15_000, 84_000, 1_000), 2_840),
        (used(100_000, 0, 0), 10_000),
        (used(100_001, 0, 0), 50_001),
    ] {
        assert_eq!(
            micros("claude-haiku-5-5", &used, &Conditions::default()),
            cost,
            "{used:?}"
        );
    }
    // The line for long prompts ended with the line of the later day.
    let long = tokens(300_000, 0);
    for (day, cost) in [(date(2026, 3, 12), 3_000_000), (date(2026, 3, 13), 1_500_000)] {
        assert_eq!(
            priced(&built_in(), "claude-opus-4-6", day, &long).cost.micros(),
            cost,
            "{day}"
        );
    }
}

/// Sessions that Anthropic's API reported, and what they cost by its price list.
#[test]
fn recorded_sessions_cost_what_the_price_list_says_to_the_micro_dollar() {
    let usual = Conditions::default();
    let searched = Used {
        web_searches: 1,
        ..tokens(15_665, 795)
    };
    let day = Used {
        cache_write: 17_355,
        cache_read: 16_549,
        ..tokens(107, 448)
    };
    let cached = Used {
        cache_write: 3_337,
        cache_read: 6_289,
        ..tokens(6, 198)
    };
    for (model, used, cost) in [
        ("claude-sonnet-4-20250514", searched, 68_920),
        ("claude-sonnet-4-0", day, 77_087),
        ("claude-opus-4-6", tokens(682, 1_320), 36_410),
        ("claude-opus-4-6", tokens(60_385, 592), 316_725),
        ("claude-opus-4-6", tokens(60_385, 522), 314_975),
        ("claude-opus-4-7", tokens(2_728, 874), 35_490),
        ("claude-fable-5", tokens(408, 0), 4_080),
        ("claude-opus-4-8", tokens(412, 264), 8_660),
        ("claude-sonnet-5", cached, 11_592),
        ("claude-haiku-4-5-20251001", tokens(13, 4), 33),
        ("claude-haiku-4-5-20251001", tokens(1_000_000, 0), 1_000_000),
    ] {
        assert_eq!(micros(model, &used, &usual), cost, "{model} {used:?}");
    }
}

#[test]
fn a_batch_costs_half_and_the_us_a_tenth_more_and_searches_what_they_always_do() {
    let used = Used {
        input: 1_000_000,
        output: 1_000_000,
        cache_write: 1_000_000,
        cache_write_1h: 1_000_000,
        cache_read: 1_000_000,
        web_searches: 3,
    };
    let conditions = |speed, tier: &str, geo: &str| Conditions {
        speed,
        service_tier: tier.to_owned(),
        inference_geo: geo.to_owned(),
    };
    for (tier, geo, cost) in [
        ("standard", "not_available", 46_780_000),
        ("priority", "", 46_780_000),
        ("batch", "global", 23_405_000),
        ("", "us", 51_455_000),
        ("batch", "us", 25_742_500),
    ] {
        let conditions = conditions(Speed::Standard, tier, geo);
        let model = "claude-opus-5";
        let tokens = Used {
            web_searches: 0,
            ..used
        };
        let searches = micros(model, &used, &conditions) - micros(model, &tokens, &conditions);
        assert_eq!(searches, 30_000, "{conditions:?}");
        assert_eq!(micros(model, &used, &conditions), cost, "{conditions:?}");
    }
    let fast = conditions(Speed::Fast, "batch", "");
    assert_eq!(
        micros("claude-opus-5", &used, &fast),
        93_530_000,
        "there is no batch of fast mode"
    );
    let by_name = micros("claude-opus-5-fast", &used, &Conditions::default());
    assert_eq!(by_name, 93_530_000);
    let batch = conditions(Speed::Standard, "batch", "us");
    let groq = price(
        &built_in(),
        Provider::Groq,
        "openai/gpt-oss-120b",
        TODAY,
        &Used {
            web_searches: 0,
            ..used
        },
        &batch,
    );
    // Half; and nothing less for tokens from the cache, which cost half already.
    assert_eq!(groq.unwrap().cost.micros(), 75_000 + 300_000 + 3 * 75_000);
}

#[test]
fn fractions_of_a_micro_dollar_round_half_up() {
    let mut half = line("m", date(2025, 1, 1), 0, 0);
    half.rate.input = Money::from_micros(500_000);
    for (input, micros) in [(0, 0), (1, 1), (2, 1), (3, 2), (4, 2)] {
        let cost = priced(std::slice::from_ref(&half), "m", TODAY, &tokens(input, 0)).cost;
        assert_eq!(cost.micros(), micros, "{input} tokens");
    }
}

#[test]
fn a_cost_beyond_counting_is_refused() {
    let most = Used {
        input: i64::MAX,
        output: i64::MAX,
        cache_write: i64::MAX,
        cache_write_1h: i64::MAX,
        cache_read: i64::MAX,
        web_searches: i64::MAX,
    };
    let prices = built_in();
    let error = price(
        &prices,
        Provider::Anthropic,
        "claude-opus-5",
        TODAY,
        &most,
        &Conditions::default(),
    );
    assert_eq!(error, Err(PriceError::TooLarge));
}

/// Names of others that are priced otherwise here: how, and why. A name that is not here is a mistake.
const DIFFER: [(&str, PricedBy, &str); 5] = [
    (
        "claude-(instant-v1|v2:1)$",
        PricedBy::Assumed,
        "the first models, which are no more",
    ),
    (
        "claude-mythos-preview$",
        PricedBy::Assumed,
        "it is not in the list",
    ),
    (
        "claude-3-7-sonnet-20240620",
        PricedBy::Listed,
        "Bedrock's price of a name that Anthropic never had",
    ),
    (
        "vertex_ai/claude-3-5-haiku",
        PricedBy::Listed,
        "Vertex asks for a dollar",
    ),
    (
        "^gemma2-9b$",
        PricedBy::Assumed,
        "gemma2-9b-it without its ending",
    ),
];

fn differs(name: &str) -> Option<PricedBy> {
    let found = DIFFER
        .iter()
        .find(|(pattern, ..)| regex_lite::Regex::new(pattern).unwrap().is_match(name));
    found.map(|(_, by, _)| *by)
}

#[test]
fn what_others_call_a_model_is_the_model_with_its_price() {
    let prices = built_in();
    let names = include_str!("../../../prices/names.tsv");
    let mut wrong = Vec::new();
    let (mut agree, mut explained) = (0, 0);
    for row in names.lines() {
        let [provider, name, _, dollars] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{row:?} has four parts");
        };
        let expected = (dollars.parse::<f64>().unwrap() * 1e6).round();
        let million = tokens(1_000_000, 0);
        let provider = provider.parse().unwrap();
        // Of a table without long prompts: what a million tokens of a short one cost.
        let short: Vec<Price> = prices
            .iter()
            .filter(|line| line.above_prompt_tokens == 0)
            .cloned()
            .collect();
        let priced = price(&short, provider, name, TODAY, &million, &Conditions::default()).unwrap();
        #[allow(clippy::cast_precision_loss, reason = "a cost of some dollars")]
        let same = priced.cost.micros() as f64 == expected;
        match differs(name) {
            None if same && priced.by == PricedBy::Listed => agree += 1,
            Some(by) if !same && by == priced.by => explained += 1,
            _ => wrong.push(format!(
                "{row}: {:?} {} {:?}",
                priced.by, priced.cost, priced.line
            )),
        }
    }
    assert!(
        wrong.is_empty(),
        "{agree} agree, {explained} differ as they should, {} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!((agree, explained), (317, 19), "as docs/BUDGETS.md says");
}

#[test]
fn a_version_is_no_build_number() {
    for (name, line) in [
        ("claude-opus-5-20260724", Some("claude-opus-5")),
        ("claude-opus-5-001", Some("claude-opus-5")),
        ("claude-opus-5-6", None),
        ("claude-opus-5-12", None),
        ("Claude-Opus-5 ", Some("claude-opus-5")),
        ("claude-opus-5[1m]", Some("claude-opus-5")),
        ("anthropic/claude-opus-4.8", Some("claude-opus-4-8")),
        ("claude-opus-latest", None),
        (
            "us.anthropic.claude-haiku-4-5-20251001-v1:0",
            Some("claude-haiku-4-5"),
        ),
        ("", None),
        ("-fast", None),
        ("-fast-fast", None),
        ("us.us.us.", None),
        ("é-20260101", None),
    ] {
        let found = priced(&built_in(), name, TODAY, &tokens(1, 1));
        assert_eq!(found.line.as_deref(), line, "{name:?}");
    }
}

proptest! {
    #[test]
    fn more_tokens_never_cost_less(a in 0_i64..1_000_000_000, b in 0_i64..1_000_000_000, output in 0_i64..1_000_000_000) {
        let cost = |input| priced(&built_in(), "claude-haiku-5-5", TODAY, &tokens(input, output)).cost;
        prop_assert!(cost(a.min(b)) <= cost(a.max(b)));
    }

    /// The public crate computes with binary fractions, so it may be off by a micro-dollar.
    #[test]
    fn the_public_crate_comes_to_the_same_cost(
        which in 0_usize..1_000, input in 0_i64..250_000, output in 0_i64..50_000,
        written in 0_i64..100_000, read in 0_i64..100_000,
    ) {
        let prices = built_in();
        let known: Vec<&Price> = prices.iter().filter(|line| theirs(line, &tokens(1, 1)).is_some()).collect();
        prop_assert!(known.len() >= 60, "only {} lines of {} are compared", known.len(), prices.len());
        let line = known[which % known.len()];
        let used = Used { cache_write: written, cache_read: read, ..tokens(input, output) };
        let ours = price(&prices, line.provider, &line.model, TODAY, &used, &Conditions::default()).unwrap();
        let theirs = theirs(line, &used).unwrap();
        #[allow(clippy::cast_precision_loss, reason = "a cost of some dollars")]
        let ours = ours.cost.micros() as f64;
        prop_assert!((ours - theirs * 1e6).abs() <= 1.0, "{} {used:?}: {ours} here, {theirs} there", line.model);
    }
}

/// What the public crate says that this costs in dollars. `None`: its table does not have the model, or it is of the
/// first ones, which had no cache and of whose cached tokens the crate says nothing.
#[allow(clippy::cast_precision_loss, reason = "some thousand tokens")]
fn theirs(line: &Price, used: &Used) -> Option<f64> {
    use genai_prices::{PriceRequest, Usage, UsageKey};
    if ["claude-2", "claude-v1"].contains(&line.model.as_str()) {
        return None;
    }
    // Its input has the cached tokens in it.
    let usage = Usage::from([
        (UsageKey::INPUT_TOKENS, used.prompt() as f64),
        (UsageKey::OUTPUT_TOKENS, used.output as f64),
        (UsageKey::CACHE_WRITE_TOKENS, used.cache_write as f64),
        (UsageKey::CACHE_READ_TOKENS, used.cache_read as f64),
    ]);
    let noon = std::time::Duration::from_secs(1_796_040_000);
    let request = PriceRequest::new(&line.model, &usage)
        .with_provider_id(line.provider.as_str())
        .with_timestamp(std::time::UNIX_EPOCH + noon);
    Some(genai_prices::calculate(&request).ok()?.total_price)
}
