//! What a session costs, from the dated price table. Integers only: the same tokens always cost the same
//! micro-dollars.

use jiff::civil::Date;

use crate::{
    config::Price,
    domain::{Money, Provider},
};

/// The model name in a price that stands for every other model of the provider.
const ANY: &str = "*";

/// How many names an error suggests.
const SUGGESTIONS: usize = 3;

/// Why a session has no cost.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum PriceError {
    /// No line of the table covers it.
    #[error("no price for {provider} model {model:?} on {day}: add a [[budget.price]] for it{}", hint(.nearest))]
    UnknownModel {
        /// Who bills.
        provider: Provider,
        /// The model asked for.
        model: String,
        /// The session's day, UTC.
        day: Date,
        /// Known models of the provider, nearest name first.
        nearest: Vec<String>,
    },
    /// The cost is beyond any amount of money.
    #[error(
        "{input_tokens} input and {output_tokens} output tokens cost more than can be counted: check the numbers"
    )]
    TooLarge {
        /// Tokens sent.
        input_tokens: u64,
        /// Tokens received.
        output_tokens: u64,
    },
}

fn hint(nearest: &[String]) -> String {
    if nearest.is_empty() {
        String::new()
    } else {
        format!(", or did you mean {}?", nearest.join(", "))
    }
}

/// What a session on `day` (UTC) costs, rounded half up to the micro-dollar.
///
/// The latest price of exactly this model that holds on the day counts, else the latest of `*`.
pub fn cost(
    prices: &[Price],
    provider: Provider,
    model: &str,
    day: Date,
    input_tokens: u64,
    output_tokens: u64,
) -> Result<Money, PriceError> {
    let price = latest(prices, provider, model, day)
        .or_else(|| latest(prices, provider, ANY, day))
        .ok_or_else(|| unknown(prices, provider, model, day))?;
    let per_million = |tokens: u64, price: Money| i128::from(tokens) * i128::from(price.micros());
    let total = per_million(input_tokens, price.input_usd_per_mtok)
        + per_million(output_tokens, price.output_usd_per_mtok);
    i64::try_from((total + 500_000).div_euclid(1_000_000))
        .map(Money::from_micros)
        .map_err(|_| PriceError::TooLarge {
            input_tokens,
            output_tokens,
        })
}

fn latest<'a>(prices: &'a [Price], provider: Provider, model: &str, day: Date) -> Option<&'a Price> {
    prices
        .iter()
        .filter(|p| p.provider == provider && p.model == model && p.from <= day)
        .max_by_key(|p| p.from)
}

fn unknown(prices: &[Price], provider: Provider, model: &str, day: Date) -> PriceError {
    let mut known: Vec<&str> = prices
        .iter()
        .filter(|p| p.provider == provider && p.model != ANY && p.from <= day)
        .map(|p| p.model.as_str())
        .collect();
    known.sort_unstable();
    known.dedup();
    known.sort_by(|a, b| strsim::jaro_winkler(b, model).total_cmp(&strsim::jaro_winkler(a, model)));
    let nearest = known.into_iter().take(SUGGESTIONS).map(str::to_owned).collect();
    PriceError::UnknownModel {
        provider,
        model: model.to_owned(),
        day,
        nearest,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn price(model: &str, from: Date, input: f64, output: f64) -> Price {
        Price {
            provider: Provider::Anthropic,
            model: model.to_owned(),
            from,
            input_usd_per_mtok: Money::from_usd(input).unwrap(),
            output_usd_per_mtok: Money::from_usd(output).unwrap(),
        }
    }

    fn table() -> Vec<Price> {
        vec![
            price("claude-sonnet-4", date(2026, 3, 1), 4.0, 20.0),
            price("claude-sonnet-4", date(2025, 1, 1), 3.0, 15.0),
            price("claude-haiku-4", date(2025, 1, 1), 1.0, 5.0),
        ]
    }

    fn of(prices: &[Price], model: &str, day: Date, input: u64, output: u64) -> Result<i64, PriceError> {
        cost(prices, Provider::Anthropic, model, day, input, output).map(Money::micros)
    }

    #[test]
    fn the_price_of_the_sessions_own_day_counts() {
        assert_eq!(
            of(&table(), "claude-sonnet-4", date(2026, 2, 28), 1_000_000, 100_000),
            Ok(4_500_000)
        );
        assert_eq!(
            of(&table(), "claude-sonnet-4", date(2026, 3, 1), 1_000_000, 100_000),
            Ok(6_000_000)
        );
    }

    #[test]
    fn the_star_prices_other_models_only() {
        let mut prices = table();
        prices.push(price("*", date(2026, 6, 1), 15.0, 75.0));
        assert_eq!(
            of(&prices, "claude-opus-9", date(2026, 6, 2), 1_000_000, 0),
            Ok(15_000_000)
        );
        assert_eq!(
            of(&prices, "claude-haiku-4", date(2026, 6, 2), 1_000_000, 0),
            Ok(1_000_000)
        );
        assert!(
            of(&prices, "claude-opus-9", date(2026, 5, 31), 1, 0).is_err(),
            "the star is dated too"
        );
    }

    #[test]
    fn an_unknown_model_is_an_error_with_the_nearest_names_not_a_guess() {
        let error = of(&table(), "claude-sonet-4", date(2026, 1, 1), 1, 1).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no price for anthropic model \"claude-sonet-4\" on 2026-01-01: add a [[budget.price]] for it, \
             or did you mean claude-sonnet-4, claude-haiku-4?"
        );
        let other = cost(&table(), Provider::Groq, "x", date(2026, 1, 1), 1, 1).unwrap_err();
        assert!(
            other.to_string().ends_with("for it"),
            "nothing to suggest: {other}"
        );
    }

    #[test]
    fn fractions_of_a_micro_dollar_round_half_up() {
        let prices = vec![price("m", date(2025, 1, 1), 0.5, 0.0)];
        for (tokens, micros) in [(0, 0), (1, 1), (2, 1), (3, 2), (4, 2)] {
            assert_eq!(
                of(&prices, "m", date(2026, 1, 1), tokens, 0),
                Ok(micros),
                "{tokens} tokens"
            );
        }
    }

    #[test]
    fn a_cost_beyond_counting_is_refused() {
        let error = of(&table(), "claude-haiku-4", date(2026, 1, 1), u64::MAX, u64::MAX).unwrap_err();
        assert!(matches!(error, PriceError::TooLarge { .. }));
    }

    proptest! {
        #[test]
        fn more_tokens_never_cost_less(a in 0_u64..10_u64.pow(12), b in 0_u64..10_u64.pow(12), out in 0_u64..10_u64.pow(12)) {
            let day = date(2026, 1, 1);
            let (less, more) = (a.min(b), a.max(b));
            prop_assert!(of(&table(), "claude-haiku-4", day, less, out).unwrap() <= of(&table(), "claude-haiku-4", day, more, out).unwrap());
        }
    }
}
