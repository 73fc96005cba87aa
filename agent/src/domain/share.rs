use std::fmt;

use super::Money;

/// A share of a budget in whole percent, 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u8);

impl Share {
    /// So many percent; `None` outside of 1 to 100.
    pub fn of_percent(percent: u8) -> Option<Self> {
        (1..=100).contains(&percent).then_some(Self(percent))
    }

    /// Whole percent.
    pub fn percent(self) -> u8 {
        self.0
    }

    /// Whether this share of the limit is used. Exact, so that $18.75 are 75 % of $25. Of a limit of zero
    /// every share is used.
    pub fn is_used(self, used: Money, limit: Money) -> bool {
        i128::from(used.micros()) * 100 >= i128::from(limit.micros()) * i128::from(self.0)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_used_from_its_last_cent_on() {
        let usd = |amount| Money::from_usd(amount).unwrap();
        let three_quarters = Share::of_percent(75).unwrap();
        assert!(three_quarters.is_used(usd(18.75), usd(25.0)));
        assert!(!three_quarters.is_used(usd(18.74), usd(25.0)));
        assert!(three_quarters.is_used(Money::ZERO, Money::ZERO));
    }

    #[test]
    fn a_share_is_one_to_a_hundred_percent() {
        let given = [0, 1, 100, 101].map(|percent| Share::of_percent(percent).map(Share::percent));
        assert_eq!(given, [None, Some(1), Some(100), None]);
    }
}
