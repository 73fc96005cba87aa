//! `[[budget.price]]`: the built-in table, with the configured lines over it.

use jiff::civil::Date;
use toml::{Table, Value};

use crate::{
    config::{
        ConfigProblem, given,
        lines::{self, Line},
        reader::Reader,
        setting::{Form, Kind, Setting, Table as DeclaredTable},
    },
    domain::{Money, Provider, Speed},
};

pub(in crate::config) const TABLE: DeclaredTable = DeclaredTable {
    name: KEY,
    doc: "What tokens cost. A line replaces the built-in line of the same provider, model, day, speed and \
     length, or is added.",
    form: Form::Lines,
    settings: &[
        Setting::new("provider", Kind::Text, "`\"anthropic\"` or `\"groq\"`").example("\"groq\""),
        Setting::new(
            "model",
            Kind::Text,
            "a model id; capital letters are as small ones. `\"*\"` stands for every model without a line of its own at \
             this speed; without such a line, those cost what the dearest models of the provider do",
        )
        .example("\"openai/gpt-oss-120b\""),
        Setting::new("from", Kind::Day, "the first day (UTC) on which the price holds").example("2026-12-01"),
        Setting::new("speed", Kind::Text, "`\"standard\"`, which is the default, or `\"fast\"`").example("\"standard\""),
        Setting::new(
            "above_prompt_tokens",
            Kind::Integer(0..=1_000_000_000),
            "the line is for prompts of more tokens than this, cached ones included, and then for every token of \
             the session; without it 0",
        )
        .example("0"),
        Setting::new(
            "input_usd_per_mtok",
            Kind::Number,
            "US dollars for a million input tokens: 0, or 0.000001 to 100000",
        )
        .example("0.15"),
        Setting::new(
            "output_usd_per_mtok",
            Kind::Number,
            "US dollars for a million output tokens: 0, or 0.000001 to 100000",
        )
        .example("0.60"),
        Setting::new(
            "cache_write_usd_per_mtok",
            Kind::Number,
            "US dollars for a million tokens that go to the cache for five minutes: 0, or 0.000001 to 100000. Without it \
             anthropic: 1.25 times the input, groq: as the input",
        )
        .example("0.15"),
        Setting::new(
            "cache_write_1h_usd_per_mtok",
            Kind::Number,
            "the same for an hour. Without it anthropic: twice the input, groq: as the input",
        )
        .example("0.15"),
        Setting::new(
            "cache_read_usd_per_mtok",
            Kind::Number,
            "US dollars for a million tokens read from the cache: 0, or 0.000001 to 100000. Without it anthropic: a tenth of the \
             input, groq: as the input",
        )
        .example("0.075"),
    ],
};

/// One line of the dated price table.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// Who bills.
    pub provider: Provider,
    /// The model id as [`Price::model_of`] makes it, or `*` for any other model of the provider.
    pub model: String,
    /// First day (UTC) on which it holds, until the next line of the same model and speed.
    pub from: Date,
    /// For which speed.
    pub speed: Speed,
    /// For prompts with more tokens than this, and then for every token of the session.
    pub above_prompt_tokens: i64,
    /// What it costs.
    pub rate: Rate,
}

/// Prices of the classes of tokens, for a million tokens each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Input that no cache has to do with.
    pub input: Money,
    /// Output.
    pub output: Money,
    /// Input that goes to the cache for five minutes.
    pub cache_write: Money,
    /// Input that goes to the cache for an hour.
    pub cache_write_1h: Money,
    /// Input that comes from the cache.
    pub cache_read: Money,
}

impl Price {
    /// A model's name as lines have it: in small letters, without white space around it.
    pub fn model_of(name: &str) -> String {
        name.trim().to_lowercase()
    }

    /// What names a line: of two lines with the same key, one replaces the other.
    fn key(&self) -> (Provider, &str, Date, Speed, i64) {
        (
            self.provider,
            &self.model,
            self.from,
            self.speed,
            self.above_prompt_tokens,
        )
    }
}

const BUILT_IN: &str = include_str!("../../../prices/list.toml");
const KEY: &str = "budget.price";

/// The built-in and the configured lines. A configured line replaces the built-in line with the same
/// [`Price::key`].
pub(super) fn prices(reader: &mut Reader) -> Option<Vec<Price>> {
    let given = lines::read(reader, &TABLE, price)?;
    for (index, price) in given.iter().enumerate() {
        if let Some(twin) = given[..index].iter().position(|other| other.key() == price.key()) {
            reader.report(ConfigProblem {
                key: format!("{KEY}[{index}]"),
                value: None,
                source: None,
                message: format!("is for the same provider, model, day, speed and length as {KEY}[{twin}]"),
            });
            return None;
        }
    }
    let mut prices = built_in();
    prices.retain(|known| given.iter().all(|price| known.key() != price.key()));
    prices.extend(given);
    Some(prices)
}

/// How many lines are built in, where they are from and when they were taken over, such as `74 lines, genai-prices
/// 0.2.3 of 2026-12-01`.
pub(in crate::config) fn built_in_summary() -> String {
    let table = BUILT_IN.parse::<Table>().unwrap_or_default();
    let said = |key: &str| table.get(key).and_then(Value::as_str).unwrap_or_default();
    let lines = built_in().len();
    format!("{lines} lines, {} of {}", said("source"), said("made"))
}

/// The lines of the built-in file; a test checks that all of them are valid.
pub(super) fn built_in() -> Vec<Price> {
    let table = BUILT_IN.parse::<Table>().unwrap_or_default();
    let lines = table
        .get("price")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    lines
        .iter()
        .filter_map(Value::as_table)
        .filter_map(|line| lines::one(line, &TABLE, price).0)
        .collect()
}

fn price(line: &mut Line<'_>) -> Option<Price> {
    const DOLLARS: &str = "US dollars for a million tokens: 0, or 0.000001 to 100000";
    let provider = line.required("provider", "\"anthropic\" or \"groq\"", |value| {
        given::text(value)?.parse().ok()
    });
    let model = line.required("model", "a model id, or \"*\" for any other", |value| {
        given::text(value)
            .map(|model| Price::model_of(&model))
            .filter(|model| !model.is_empty())
    });
    let from = line.required("from", "a day such as \"2026-11-01\"", |value| {
        Date::strptime("%Y-%m-%d", given::text(value)?).ok()
    });
    let speed = line.optional("speed", "\"standard\" or \"fast\"", |value| {
        given::text(value)?.parse().ok()
    });
    let above = line.optional(
        "above_prompt_tokens",
        "a number of tokens, 0 to 1000000000",
        |value| {
            value
                .as_integer()
                .filter(|tokens| (0..=1_000_000_000).contains(tokens))
        },
    );
    let input = line.required("input_usd_per_mtok", DOLLARS, dollars);
    let output = line.required("output_usd_per_mtok", DOLLARS, dollars);
    let cache_write = line.optional("cache_write_usd_per_mtok", DOLLARS, dollars);
    let cache_write_1h = line.optional("cache_write_1h_usd_per_mtok", DOLLARS, dollars);
    let cache_read = line.optional("cache_read_usd_per_mtok", DOLLARS, dollars);
    let (provider, input) = (provider?, input?);
    let usual = |percent: i64| match provider {
        Provider::Anthropic => Money::from_micros(input.micros() * percent / 100),
        Provider::Groq => input,
    };
    Some(Price {
        provider,
        model: model?,
        from: from?,
        speed: speed?.unwrap_or_default(),
        above_prompt_tokens: above?.unwrap_or(0),
        rate: Rate {
            input,
            output: output?,
            cache_write: cache_write?.unwrap_or_else(|| usual(125)),
            cache_write_1h: cache_write_1h?.unwrap_or_else(|| usual(200)),
            cache_read: cache_read?.unwrap_or_else(|| usual(10)),
        },
    })
}

fn dollars(value: &Value) -> Option<Money> {
    let usd = given::number(value).filter(|usd| *usd == 0.0 || (1e-6..=1e5).contains(usd))?;
    Money::from_usd(usd).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_line_is_read_and_no_two_are_for_the_same() {
        let prices = built_in();
        assert_eq!(prices.len(), BUILT_IN.matches("[[price]]").count());
        for (index, price) in prices.iter().enumerate() {
            assert!(
                prices[..index].iter().all(|other| other.key() != price.key()),
                "{price:?}"
            );
            assert!(
                price.rate.input > Money::ZERO && price.rate.output >= price.rate.input,
                "{price:?}"
            );
        }
        let summary = built_in_summary();
        let begin = format!("{} lines, genai-prices ", prices.len());
        assert!(
            summary.starts_with(&begin) && summary.contains(" of 20"),
            "{summary}"
        );
    }
}
