//! Amounts as Beeminder writes them.

/// An amount with at most two decimals, rounded up: `1`, `2.34`. A negative amount is written `0`. A rounding
/// error below 1e-8 does not count.
pub(super) fn amount(value: f64) -> String {
    let hundredths = (value * 100.0 - 1e-6).ceil().max(0.0) / 100.0;
    let text = format!("{hundredths:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Beeminder's `baremin`: `+1`.
pub(super) fn least(value: f64) -> String {
    format!("+{}", amount(value))
}
