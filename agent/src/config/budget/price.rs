//! `[[budget.price]]`: the built-in table, with the configured lines over it.

use jiff::civil::Date;
use toml::{Table, Value};

use crate::{
    config::{
        given,
        lines::{self, Line},
        reader::Reader,
        setting::{Form, Kind, Setting, Table as DeclaredTable},
    },
    domain::{Money, Provider},
};

pub(in crate::config) const TABLE: DeclaredTable = DeclaredTable {
    name: KEY,
    doc: "What tokens cost. A line replaces the built-in line of the same provider, model and day, or is \
     added.",
    form: Form::Lines,
    settings: &[
        Setting::new("provider", Kind::Text, "`\"anthropic\"` or `\"groq\"`").example("\"groq\""),
        Setting::new(
            "model",
            Kind::Text,
            "a model id. `\"*\"` stands for every model without a line of its own; its built-in price is the \
             highest listed price",
        )
        .example("\"openai/gpt-oss-120b\""),
        Setting::new("from", Kind::Day, "the first day (UTC) on which the price holds").example("2026-12-01"),
        Setting::new(
            "input_usd_per_mtok",
            Kind::Number,
            "US dollars for a million input tokens: 0 to 100000",
        )
        .example("0.15"),
        Setting::new(
            "output_usd_per_mtok",
            Kind::Number,
            "US dollars for a million output tokens: 0 to 100000",
        )
        .example("0.60"),
    ],
};

/// One line of the dated price table: US dollars for a million tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// Who bills.
    pub provider: Provider,
    /// The model id, or `*` for any other model of the provider.
    pub model: String,
    /// First day (UTC) on which it holds.
    pub from: Date,
    /// Dollars for a million input tokens.
    pub input_usd_per_mtok: Money,
    /// Dollars for a million output tokens.
    pub output_usd_per_mtok: Money,
}

const BUILT_IN: &str = include_str!("../prices.toml");
const KEY: &str = "budget.price";

/// The built-in and the configured lines. A configured line replaces the built-in line of the same provider,
/// model and day.
pub(super) fn prices(reader: &mut Reader) -> Option<Vec<Price>> {
    let mut prices = built_in();
    for price in lines::read(reader, &TABLE, price)? {
        prices.retain(|known| {
            (known.provider, &known.model, known.from) != (price.provider, &price.model, price.from)
        });
        prices.push(price);
    }
    Some(prices)
}

/// The lines of the built-in file; a test checks that all of them are valid.
fn built_in() -> Vec<Price> {
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
    const DOLLARS: &str = "US dollars for a million tokens, 0 to 100000";
    let provider = line.required("provider", "\"anthropic\" or \"groq\"", |value| {
        given::text(value)?.parse().ok()
    });
    let model = line.required("model", "a model id, or \"*\" for any other", |value| {
        given::text(value).filter(|model| !model.is_empty())
    });
    let from = line.required("from", "a day such as \"2026-11-01\"", |value| {
        Date::strptime("%Y-%m-%d", given::text(value)?).ok()
    });
    let input = line.required("input_usd_per_mtok", DOLLARS, dollars);
    let output = line.required("output_usd_per_mtok", DOLLARS, dollars);
    Some(Price {
        provider: provider?,
        model: model?,
        from: from?,
        input_usd_per_mtok: input?,
        output_usd_per_mtok: output?,
    })
}

fn dollars(value: &Value) -> Option<Money> {
    let usd = given::number(value).filter(|usd| (0.0..=1e5).contains(usd))?;
    Money::from_usd(usd).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_line_is_read_and_an_unknown_model_costs_what_the_dearest_does() {
        let prices = built_in();
        assert_eq!(prices.len(), BUILT_IN.matches("[[price]]").count());
        for provider in Provider::ALL {
            let any = prices
                .iter()
                .find(|price| price.provider == provider && price.model == "*")
                .unwrap();
            for price in prices.iter().filter(|price| price.provider == provider) {
                assert!(any.from <= price.from);
                assert!(any.input_usd_per_mtok >= price.input_usd_per_mtok, "{price:?}");
                assert!(any.output_usd_per_mtok >= price.output_usd_per_mtok, "{price:?}");
            }
        }
    }
}
