//! `[[budget.price]]`: the built-in table, with the configured lines over it.

use jiff::civil::Date;
use toml::{Table, Value};

use crate::{
    config::{
        ConfigProblem, given, keys,
        reader::Reader,
        setting::{Form, Kind, Setting, Table as DeclaredTable},
        show,
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
            "a model id; `\"*\"` is every model without a line of its own, built in at the highest listed \
             price",
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
    for price in configured(reader)? {
        prices.retain(|known| {
            (known.provider, &known.model, known.from) != (price.provider, &price.model, price.from)
        });
        prices.push(price);
    }
    Some(prices)
}

fn configured(reader: &mut Reader) -> Option<Vec<Price>> {
    const EXPECTED: &str = "a list of tables, [[budget.price]]";
    if !reader.has(KEY) {
        return Some(Vec::new());
    }
    let given = reader.given(KEY, EXPECTED)?;
    let Some(items) = given.list() else {
        return reader.expected(KEY, EXPECTED);
    };
    let mut prices = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let Some(line) = item.as_table() else {
            return reader.expected(KEY, EXPECTED);
        };
        let read = price(line);
        for (name, message) in read.as_ref().err().into_iter().flatten() {
            let known = is_known(name);
            reader.report(ConfigProblem {
                key: format!("{KEY}[{index}].{name}"),
                value: line
                    .get(name)
                    .filter(|_| known)
                    .map(|value| show::value(false, value)),
                source: Some(given.source.clone()),
                message: message.clone(),
            });
        }
        prices.push(read.ok());
    }
    prices.into_iter().collect()
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
        .filter_map(|line| price(line).ok())
        .collect()
}

/// A name in a line, and the problem with its value.
type Wrong = (String, String);

/// One line, or everything that is wrong with it.
fn price(line: &Table) -> Result<Price, Vec<Wrong>> {
    let strangers = line.keys().filter(|key| !is_known(key));
    let mut wrong: Vec<Wrong> = strangers.map(|key| (key.clone(), unknown(key))).collect();
    let provider = text(line, "provider").and_then(|text| text.parse::<Provider>().ok());
    let model = text(line, "model").filter(|model| !model.is_empty());
    let from = text(line, "from").and_then(|text| Date::strptime("%Y-%m-%d", &text).ok());
    let input = dollars(line, "input_usd_per_mtok");
    let output = dollars(line, "output_usd_per_mtok");
    for (name, fits, expected) in [
        ("provider", provider.is_some(), "\"anthropic\" or \"groq\""),
        ("model", model.is_some(), "a model id, or \"*\" for any other"),
        ("from", from.is_some(), "a day such as \"2026-11-01\""),
        (
            "input_usd_per_mtok",
            input.is_some(),
            "US dollars for a million tokens, 0 to 100000",
        ),
        (
            "output_usd_per_mtok",
            output.is_some(),
            "US dollars for a million tokens, 0 to 100000",
        ),
    ] {
        if !fits {
            let missing = if line.contains_key(name) {
                ""
            } else {
                "is required: "
            };
            wrong.push((name.to_owned(), format!("{missing}expected {expected}")));
        }
    }
    match (provider, model, from, input, output) {
        (Some(provider), Some(model), Some(from), Some(input), Some(output)) if wrong.is_empty() => {
            Ok(Price {
                provider,
                model,
                from,
                input_usd_per_mtok: input,
                output_usd_per_mtok: output,
            })
        }
        _ => Err(wrong),
    }
}

/// The settings of a line.
fn names() -> impl Iterator<Item = &'static str> {
    TABLE.settings.iter().map(|setting| setting.key)
}

fn is_known(name: &str) -> bool {
    names().any(|known| known == name)
}

fn unknown(key: &str) -> String {
    let hint = keys::nearest(key, names());
    match hint {
        Some(name) => format!("no such setting, did you mean {name}?"),
        None => format!(
            "no such setting; known here: {}",
            names().collect::<Vec<_>>().join(", ")
        ),
    }
}

fn text(line: &Table, key: &str) -> Option<String> {
    given::text(line.get(key)?)
}

fn dollars(line: &Table, key: &str) -> Option<Money> {
    let usd = given::number(line.get(key)?).filter(|usd| (0.0..=1e5).contains(usd))?;
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
