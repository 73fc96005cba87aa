use jiff::{SignedDuration, Timestamp};

use crate::domain::{Bases, Money};

/// What a source knows about the spending of one period.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Figures {
    /// Spent in the period; `None`: unknown.
    pub(super) used: Option<Money>,
    /// Spent on the local day; `None`: unknown.
    pub(super) spent_today: Option<Money>,
    /// Spent per day lately; `None`: unknown, or known for less than [`TREND_NEEDS`].
    pub(super) daily_burn: Option<Money>,
    /// Where these three are from.
    pub(super) bases: Bases,
    /// The first instant of the period from which on it is known what was spent.
    pub(super) data_from: Option<Timestamp>,
    /// When the numbers were true.
    pub(super) as_of: Option<Timestamp>,
    /// What is wrong with them: without `used` why nothing is known, with it why they are old or too low.
    pub(super) doubt: Option<Doubt>,
    /// What a person should know about the numbers although they count, for a person.
    pub(super) note: Option<String>,
}

/// A doubt about figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    /// What is wrong and what to do, one sentence for a person.
    pub(super) why: String,
    /// Whether the step `unknown` begins. A doubt of which this is false is shown, and no message comes of it.
    pub(super) is_told: bool,
}

impl Doubt {
    /// A doubt that a person should hear of if it lasts.
    pub(super) fn told(why: String) -> Self {
        Self { why, is_told: true }
    }
}

/// A trend is taken from so many days at least. From less, one evening's work would be a forecast for the month.
pub(super) const TREND_NEEDS: SignedDuration = SignedDuration::from_hours(3 * 24);

/// `amount`, spent over `span`, as money per 24 hours. A span under one day counts as a day: an hour's work
/// is no trend.
pub(super) fn per_day(amount: Money, span: SignedDuration) -> Money {
    let seconds = i128::from(span.as_secs().max(86_400));
    let micros = i128::from(amount.micros()) * 86_400 / seconds;
    Money::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}
