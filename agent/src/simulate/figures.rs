//! Amounts as Beeminder writes them.

/// With at most two decimals, rounded up: `1`, `2.34`.
pub(super) fn amount(value: f64) -> String {
    let hundredths = (value * 100.0 - 1e-6).ceil().max(0.0) / 100.0;
    let text = format!("{hundredths:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Beeminder's `baremin`: `+1`.
pub(super) fn least(value: f64) -> String {
    format!("+{}", amount(value))
}
