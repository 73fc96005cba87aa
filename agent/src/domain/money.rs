use std::{
    fmt,
    iter::Sum,
    ops::{Add, Sub},
};

use serde::{Deserialize, Serialize};

/// US dollars as integer micro-dollars, so that a sum has no rounding error.
///
/// In JSON it is a plain number of dollars, as the Python system had it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "f64", try_from = "f64")]
pub struct Money(i64);

/// A number that is no amount of money.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0} is not an amount in dollars: expected a finite number between -{most} and {most}",
    most = Money::MOST_USD
)]
pub struct MoneyError(f64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// No amount from outside is larger than this, or more negative: whole dollars.
    pub const MOST_USD: i32 = 1_000_000_000;

    /// Micro-dollars in a dollar.
    pub const MICROS: i64 = 1_000_000;

    /// From integer micro-dollars, as the database holds it.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// As integer micro-dollars.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// From dollars, rounded to the nearest micro-dollar.
    pub fn from_usd(usd: f64) -> Result<Self, MoneyError> {
        if !usd.is_finite() || usd.abs() > f64::from(Self::MOST_USD) {
            return Err(MoneyError(usd));
        }
        #[allow(
            clippy::cast_possible_truncation,
            reason = "bounded by the check above: 1e15 fits"
        )]
        Ok(Self((usd * 1e6).round() as i64))
    }

    /// As dollars, for display and JSON.
    #[allow(
        clippy::cast_precision_loss,
        reason = "1e15 micro-dollars are exact in an f64"
    )]
    pub fn usd(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Dollars without needless cents: `$5`, `$4.50`.
    pub fn short(self) -> String {
        if self.0 % 1_000_000 == 0 {
            format!("${}", self.0 / 1_000_000)
        } else {
            self.to_string()
        }
    }

    /// This amount's share of `whole`, `1.0` = all of it. `None` when `whole` is zero or less.
    #[allow(
        clippy::cast_precision_loss,
        reason = "a share is for comparison with a threshold"
    )]
    pub fn share_of(self, whole: Self) -> Option<f64> {
        (whole.0 > 0).then(|| self.0 as f64 / whole.0 as f64)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}${:.2}", self.usd().abs())
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Money {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl From<Money> for f64 {
    fn from(money: Money) -> Self {
        money.usd()
    }
}

impl TryFrom<f64> for Money {
    type Error = MoneyError;

    fn try_from(usd: f64) -> Result<Self, Self::Error> {
        Self::from_usd(usd)
    }
}

#[cfg(test)]
mod tests {
    use super::Money;

    #[test]
    fn dollars_survive_the_way_through_micros() {
        for usd in [0.0, 24.96, -0.01, 0.000_001, 999_999_999.99] {
            let money = Money::from_usd(usd).unwrap();
            assert!((money.usd() - usd).abs() < 1e-6, "{usd}");
        }
        assert_eq!(Money::from_usd(1.5).unwrap().to_string(), "$1.50");
        assert_eq!(Money::from_usd(-1.5).unwrap().to_string(), "-$1.50");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for usd in [f64::NAN, f64::INFINITY, 1e10] {
            assert!(Money::from_usd(usd).is_err());
        }
    }
}
