use jiff::civil::date;
use serde_json::Value;

use super::*;
use crate::{budget::pricing, config::BudgetSettings, domain::Provider};

/// What each part of a response costs at the prices of 2026-11-30, in micro-dollars.
fn micros(usage: &AnthropicUsage<'_>, model: &str) -> Vec<i64> {
    let prices = BudgetSettings::built_in_prices();
    let parts = usage.parts(model);
    let cost = |part: &Part<'_>| {
        let (day, provider) = (date(2026, 11, 30), Provider::Anthropic);
        pricing::price(&prices, provider, part.model, day, &part.used, &part.conditions).unwrap()
    };
    let priced = parts.iter().map(cost);
    priced.map(|priced| priced.cost.micros()).collect()
}

fn of_response(json: &str) -> Vec<i64> {
    let response: Value = serde_json::from_str(json).unwrap();
    of_message(&response)
}

fn of_message(message: &Value) -> Vec<i64> {
    let usage = message["usage"].to_string();
    let usage: AnthropicUsage<'_> = serde_json::from_str(&usage).unwrap();
    micros(&usage, message["model"].as_str().unwrap())
}

fn streamed(events: &str) -> StreamedUsage {
    let mut usage = StreamedUsage::default();
    for event in events.lines() {
        usage.take(event).unwrap();
    }
    usage
}

fn of_stream(events: &str) -> Vec<i64> {
    let streamed = streamed(events);
    micros(&streamed.usage, &streamed.model.unwrap())
}

/// The sums are computed by hand and with genai-prices.
#[test]
fn recorded_responses_cost_what_they_must_to_the_micro_dollar() {
    assert_eq!(
        of_response(include_str!("fixtures/anthropic-compaction.1.json")),
        [36_410, 316_725],
        "353,135 in all: the compaction is not in the numbers at the top"
    );
    assert_eq!(
        of_response(include_str!("fixtures/anthropic-advisor-20260301.1.json")),
        [55_242, 35_490]
    );
    assert_eq!(
        of_response(include_str!("fixtures/anthropic-fallback.json")),
        [8_660, 4_080],
        "the refused try counts"
    );
    let cassette = include_str!("fixtures/live_messages_create_minimal.jsonl");
    let exchange: Value = serde_json::from_str(cassette.lines().next().unwrap()).unwrap();
    assert_eq!(of_message(&exchange["response"]), [33]);
}

#[test]
fn recorded_streams_cost_what_they_must_to_the_micro_dollar() {
    assert_eq!(
        of_stream(include_str!("fixtures/anthropic-web-search-tool.1.chunks.txt")),
        [68_920],
        "with a search, and not what the beginning says"
    );
    assert_eq!(
        of_stream(include_str!("fixtures/anthropic-compaction.1.chunks.txt")),
        [73_535, 314_975],
        "388,510 in all"
    );
    assert_eq!(
        of_stream(include_str!(
            "fixtures/anthropic-code-execution-20260120-prompt-cache.1.chunks.txt"
        )),
        [11_592],
        "what the split of the beginning does not explain is for five minutes"
    );
}

#[test]
fn a_second_start_is_not_a_second_prompt() {
    for (events, output) in [
        (include_str!("fixtures/duplicate-message-start.chunks.txt"), 227),
        (include_str!("fixtures/spliced-message-start.chunks.txt"), 65),
    ] {
        let used = streamed(events).usage.used();
        assert_eq!((used.input, used.output), (17, output));
    }
}

#[test]
fn a_cut_stream_has_what_it_said_and_a_broken_event_changes_nothing() {
    let events = include_str!("fixtures/anthropic-web-search-tool.1.chunks.txt");
    let mut cut = streamed(events.lines().next().unwrap());
    assert_eq!((cut.usage.used().input, cut.usage.used().output), (2_037, 1));
    let before = cut.clone();
    cut.take("{\"type\":\"message_delta\",\"usage\":{\"output_tokens\":\"many\"}}")
        .unwrap_err();
    cut.take("{\"type\":\"ping\"}").unwrap();
    cut.take("{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}")
        .unwrap();
    assert_eq!(cut, before);
}

#[test]
fn the_split_of_the_beginning_does_not_outlive_its_sum() {
    let start = r#"{"type":"message_start","message":{"model":"m","usage":{"input_tokens":1,"output_tokens":1,
        "cache_creation_input_tokens":90,"cache_creation":{"ephemeral_5m_input_tokens":60,"ephemeral_1h_input_tokens":30}}}}"#;
    let used_after = |written: u64| {
        let mut stream = StreamedUsage::default();
        stream.take(start).unwrap();
        let delta = format!(
            r#"{{"type":"message_delta","usage":{{"output_tokens":2,"cache_creation_input_tokens":{written}}}}}"#
        );
        stream.take(&delta).unwrap();
        let used = stream.usage.used();
        (used.cache_write, used.cache_write_1h)
    };
    assert_eq!(used_after(0), (0, 0));
    assert_eq!(used_after(40), (10, 30));
    assert_eq!(used_after(20), (0, 20));
    assert_eq!(used_after(100), (70, 30));
}

#[test]
fn fields_may_be_missing_null_or_new() {
    let read = |json: &str| serde_json::from_str::<AnthropicUsage<'_>>(json).map(|usage| usage.used());
    let four = Used {
        output: 4,
        ..Used::default()
    };
    assert_eq!(read(r#"{"output_tokens":4}"#).unwrap(), four);
    assert_eq!(
        read(
            r#"{"input_tokens":null,"output_tokens":4,"cache_creation":null,"iterations":null,"server_tool_use":null,
                "speed":null,"what_is_new":{"input_tokens":7}}"#
        )
        .unwrap(),
        four
    );
    let split_alone = read(
        r#"{"input_tokens":1,"output_tokens":4,"cache_creation_input_tokens":0,
            "cache_creation":{"ephemeral_5m_input_tokens":5,"ephemeral_1h_input_tokens":7}}"#,
    );
    let used = split_alone.unwrap();
    assert_eq!((used.cache_write, used.cache_write_1h), (5, 7));
    for wrong in [r#"{"output_tokens":-4}"#, r#"{"output_tokens":"4"}"#, "[]"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn an_unknown_kind_of_sampling_counts_and_only_the_own_model_is_fast() {
    let usage: AnthropicUsage<'_> = serde_json::from_str(
        r#"{"input_tokens":1,"output_tokens":2,"speed":"fast","service_tier":"standard","iterations":[
            {"type":"message","input_tokens":1,"output_tokens":2},
            {"type":"dreaming","input_tokens":3,"output_tokens":4},
            {"type":"advisor_message","model":"claude-opus-4-7","input_tokens":5,"output_tokens":6}]}"#,
    )
    .unwrap();
    let parts = usage.parts("claude-opus-5");
    let shown: Vec<_> = parts
        .iter()
        .map(|part| (part.model, part.used.input, part.conditions.speed))
        .collect();
    assert_eq!(
        shown,
        [
            ("claude-opus-5", 1, Speed::Fast),
            ("claude-opus-5", 3, Speed::Fast),
            ("claude-opus-4-7", 5, Speed::Standard)
        ]
    );
}
