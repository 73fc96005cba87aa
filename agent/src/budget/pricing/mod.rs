//! What a session costs, from the dated table of prices. Integers only: the same tokens always cost the same
//! micro-dollars.

mod names;
#[cfg(test)]
mod tests;

use jiff::civil::Date;

use crate::{
    config::{Price, Rate},
    domain::{Conditions, Money, PricedBy, Provider, Speed, Used},
};

/// The model name of a line that stands for every other model of the provider.
const ANY: &str = "*";

/// What a web search of Anthropic's costs: $10 for a thousand, whatever the model.
const WEB_SEARCH: Money = Money::from_micros(10_000);

/// Why a session has no cost.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum PriceError {
    /// The table has no line of the provider at all.
    #[error("no model of {0} has a price: add a [[budget.price]] for it")]
    NoPrices(Provider),
    /// The cost is beyond any amount of money.
    #[error("so many tokens cost more than can be counted: check the numbers")]
    TooLarge,
}

/// The cost of a session, and how it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    /// What it costs, rounded half up to the micro-dollar.
    pub cost: Money,
    /// By its own line, or by the dearest one.
    pub by: PricedBy,
    /// The model whose line counted. `None`: no one line, but the dearest of each class of tokens.
    pub line: Option<String>,
}

/// Prices a session that ran on `day` (UTC).
///
/// The latest line of the model that holds on that day counts; if all begin later, the first one. A model
/// without a line costs what `*` says or else, for each class of tokens, the dearest price that the provider
/// has that day.
///
/// # Errors
/// If the provider has no line at all, or the cost is beyond any amount of money.
pub fn price(
    prices: &[Price],
    provider: Provider,
    model: &str,
    day: Date,
    used: &Used,
    conditions: &Conditions,
) -> Result<Priced, PriceError> {
    let lines: Vec<&Price> = prices.iter().filter(|line| line.provider == provider).collect();
    let is_listed = |name: &str| name != ANY && lines.iter().any(|line| line.model == name);
    let (name, fast) = names::listed(model, is_listed);
    let speed = if fast { Speed::Fast } else { conditions.speed };
    let find = |name: &str| in_force(&lines, name, speed, day, used.prompt());
    let (rate, by, line) = if let Some(line) = name.as_deref().and_then(find) {
        (line.rate, PricedBy::Listed, Some(line.model.clone()))
    } else if let Some(line) = find(ANY) {
        (line.rate, PricedBy::Assumed, Some(ANY.to_owned()))
    } else {
        let dearest = dearest(&lines, speed, day).ok_or(PriceError::NoPrices(provider))?;
        (dearest, PricedBy::Assumed, None)
    };
    let conditions = Conditions {
        speed,
        ..conditions.clone()
    };
    let cost = cost(provider, &rate, used, &conditions).ok_or(PriceError::TooLarge)?;
    Ok(Priced { cost, by, line })
}

/// The line of a model that holds: of the latest day, and of its lines the one for the longest prompts that
/// this prompt exceeds.
fn in_force<'a>(lines: &[&'a Price], model: &str, speed: Speed, day: Date, prompt: i64) -> Option<&'a Price> {
    let of_model = || {
        lines
            .iter()
            .filter(|line| line.model == model && line.speed == speed)
    };
    let from = of_model()
        .map(|line| line.from)
        .filter(|from| *from <= day)
        .max()
        .or_else(|| of_model().map(|line| line.from).min())?;
    of_model()
        .filter(|line| {
            line.from == from && (line.above_prompt_tokens == 0 || line.above_prompt_tokens < prompt)
        })
        .max_by_key(|line| line.above_prompt_tokens)
        .copied()
}

/// The highest price of each class of tokens that a provider asks for at this speed.
fn dearest(lines: &[&Price], speed: Speed, day: Date) -> Option<Rate> {
    let counts = |line: &&&Price| speed == Speed::Fast || line.speed == Speed::Standard;
    let held = lines.iter().filter(counts).filter(|line| {
        let longest = in_force(lines, &line.model, line.speed, day, i64::MAX);
        longest.is_some_and(|longest| longest.from == line.from)
    });
    held.map(|line| line.rate).reduce(|a, b| Rate {
        input: a.input.max(b.input),
        output: a.output.max(b.output),
        cache_write: a.cache_write.max(b.cache_write),
        cache_write_1h: a.cache_write_1h.max(b.cache_write_1h),
        cache_read: a.cache_read.max(b.cache_read),
    })
}

/// `None`: beyond any amount of money.
fn cost(provider: Provider, rate: &Rate, used: &Used, conditions: &Conditions) -> Option<Money> {
    let of = |tokens: i64, price: Money| i128::from(tokens) * i128::from(price.micros());
    let fresh = of(used.input, rate.input) + of(used.output, rate.output);
    let cached = of(used.cache_write, rate.cache_write)
        + of(used.cache_write_1h, rate.cache_write_1h)
        + of(used.cache_read, rate.cache_read);
    // In twentieths: a batch costs half, and a tenth more than half is still a whole number of them.
    let is_batch = conditions.service_tier == "batch" && conditions.speed == Speed::Standard;
    let twentieths = match (provider, is_batch) {
        (_, false) => 20 * (fresh + cached),
        (Provider::Anthropic, true) => 10 * (fresh + cached),
        // Groq's discounts for a batch and for cached tokens do not add up.
        (Provider::Groq, true) => 10 * fresh + 20 * cached,
    };
    let is_in_us = provider == Provider::Anthropic && conditions.inference_geo == "us";
    let twentieths = if is_in_us {
        twentieths / 10 * 11
    } else {
        twentieths
    };
    let searches = of(used.web_searches, WEB_SEARCH);
    // Half of a micro-dollar, in twentieths of a micro-dollar's millionth.
    let micros = (twentieths + 10_000_000).div_euclid(20_000_000) + searches;
    i64::try_from(micros).ok().map(Money::from_micros)
}
