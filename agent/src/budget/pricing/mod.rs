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
    /// The table has no price for the provider's web searches.
    #[error("what web searches of {0} cost is not known: say cost_usd for a session that has some")]
    NoPriceOfSearches(Provider),
    /// The cost is beyond any amount of money.
    #[error("so many tokens cost more than can be counted: check the numbers")]
    TooLarge,
}

/// The cost of a session, and how it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    /// What it costs, rounded half up to the micro-dollar.
    pub cost: Money,
    /// By its own line, or by an assumption.
    pub by: PricedBy,
    /// The model whose line counted. `None`: no one line, but the dearest of each class of tokens.
    pub line: Option<String>,
    /// The speed at which it ran. A model's name can ask for fast mode.
    pub speed: Speed,
}

/// Prices a session that ran on `day` (UTC).
///
/// The latest line of the model that holds on that day and for so long a prompt counts. A model without such a line
/// costs what `*` says or else, for each class of tokens, the dearest price that the provider has that day.
///
/// # Errors
/// If the provider has no line at all, or searched at an unknown price, or the cost is beyond any amount of
/// money.
pub fn price(
    prices: &[Price],
    provider: Provider,
    model: &str,
    day: Date,
    used: &Used,
    conditions: &Conditions,
) -> Result<Priced, PriceError> {
    let lines: Vec<&Price> = prices.iter().filter(|line| line.provider == provider).collect();
    let name = names::read(model, |name| {
        name != ANY && lines.iter().any(|line| line.model == name)
    });
    let speed = speed_of(&name, conditions);
    let find = |name: &str| in_force(&lines, name, speed, day, used.prompt());
    let (rate, by, line) = if let Some(line) = name.listed.as_deref().and_then(find) {
        (line.rate, PricedBy::Listed, Some(line.model.clone()))
    } else if let Some(line) = find(ANY) {
        (line.rate, PricedBy::Assumed, Some(ANY.to_owned()))
    } else {
        let dearest = dearest(&lines, speed, day).ok_or(PriceError::NoPrices(provider))?;
        (dearest, PricedBy::Assumed, None)
    };
    if provider != Provider::Anthropic && used.web_searches > 0 {
        return Err(PriceError::NoPriceOfSearches(provider));
    }
    let conditions = Conditions {
        speed,
        ..conditions.clone()
    };
    let region = name.region.tenths(line.as_deref().unwrap_or_default());
    let cost = cost(provider, &rate, used, &conditions, region).ok_or(PriceError::TooLarge)?;
    Ok(Priced {
        cost,
        by,
        line,
        speed,
    })
}

/// The speed at which a session of this model ran: fast also if its name says so.
fn speed_of(name: &names::Name, conditions: &Conditions) -> Speed {
    if name.is_fast {
        Speed::Fast
    } else {
        conditions.speed
    }
}

/// The line of a model that holds: of those for so long a prompt those of the latest day, and of these the one
/// for the longest prompts.
fn in_force<'a>(lines: &[&'a Price], model: &str, speed: Speed, day: Date, prompt: i64) -> Option<&'a Price> {
    let is_for = |line: &&&Price| {
        let is_long = line.above_prompt_tokens == 0 || line.above_prompt_tokens < prompt;
        line.model == model && line.speed == speed && line.from <= day && is_long
    };
    let of_model = lines.iter().filter(is_for);
    of_model
        .max_by_key(|line| (line.from, line.above_prompt_tokens))
        .copied()
}

/// The highest price of each class of tokens that a provider asks for at this speed. Before the first day of all
/// lines, every line counts.
fn dearest(lines: &[&Price], speed: Speed, day: Date) -> Option<Rate> {
    let counts = |line: &&&Price| speed == Speed::Fast || line.speed == Speed::Standard;
    let lines: Vec<&Price> = lines.iter().filter(counts).copied().collect();
    let holds = |line: &&&Price| {
        let prompt = line.above_prompt_tokens.saturating_add(1);
        let longest = in_force(&lines, &line.model, line.speed, day, prompt);
        longest.is_some_and(|longest| longest == **line)
    };
    let held = lines.iter().filter(holds).map(|line| line.rate);
    let highest = |a: Rate, b: Rate| Rate {
        input: a.input.max(b.input),
        output: a.output.max(b.output),
        cache_write: a.cache_write.max(b.cache_write),
        cache_write_1h: a.cache_write_1h.max(b.cache_write_1h),
        cache_read: a.cache_read.max(b.cache_read),
    };
    held.reduce(highest)
        .or_else(|| lines.iter().map(|line| line.rate).reduce(highest))
}

/// `None`: beyond any amount of money.
fn cost(
    provider: Provider,
    rate: &Rate,
    used: &Used,
    conditions: &Conditions,
    region_tenths: i128,
) -> Option<Money> {
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
        // Groq's discounts for a batch and for cached tokens do not add up. Tokens without a discount of their own
        // cost half in a batch.
        (Provider::Groq, true) => {
            let in_batch = |tokens, price| (20 * of(tokens, price)).min(10 * of(tokens, rate.input));
            10 * fresh
                + in_batch(used.cache_write, rate.cache_write)
                + in_batch(used.cache_write_1h, rate.cache_write_1h)
                + in_batch(used.cache_read, rate.cache_read)
        }
    };
    let is_in_us = provider == Provider::Anthropic && conditions.inference_geo == "us";
    let tenths = region_tenths.max(if is_in_us { 11 } else { 10 });
    let twentieths = twentieths / 10 * tenths;
    let searches = of(used.web_searches, WEB_SEARCH);
    // Half of a micro-dollar, in twentieths of a micro-dollar's millionth.
    let micros = (twentieths + 10_000_000).div_euclid(20_000_000) + searches;
    i64::try_from(micros).ok().map(Money::from_micros)
}
