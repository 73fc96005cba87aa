use super::pricing::PriceError;
use crate::{
    domain::{Money, Month, Provider},
    store::StoreError,
};

/// Why something about a budget could not be recorded. A caller can repair every error but [`BudgetError::Store`] and
/// [`BudgetError::NotConfigured`], which needs a change to the configuration.
#[derive(Debug, thiserror::Error)]
pub enum BudgetError {
    /// An argument is out of the bounds that the OpenAPI document shows.
    #[error(transparent)]
    Invalid(OutOfBounds),
    /// An argument is outside bounds that depend on another argument, the configuration, what is on record or the
    /// date.
    #[error(transparent)]
    NotNow(OutOfBounds),
    /// The session cannot be priced.
    #[error(transparent)]
    Price(#[from] PriceError),
    /// A session that costs more than ten times the budget of a period, although the caller did not confirm the cost.
    #[error(
        "this session costs {cost}, more than ten times the {provider} budget of a whole period: check the numbers, \
         and say confirmed=true if they are right"
    )]
    Implausible {
        /// Who bills.
        provider: Provider,
        /// What it costs.
        cost: Money,
    },
    /// The provider has no budget.
    #[error("{0} has no budget: add [budget.{0}] with source, limit_usd and period to the configuration")]
    NotConfigured(Provider),
    /// A month-to-date total that is lower than the last one: one of the two is wrong, or the new one is of another
    /// month.
    #[error(
        "{value} is less than {last}, the last {provider} reading for {month}, and a month's total cannot fall. \
         If the last reading was wrong, say correction=true; if the new one is of another month, say \
         month=YYYY-MM"
    )]
    Dropped {
        /// Whose console.
        provider: Provider,
        /// Which month.
        month: Month,
        /// The reading that was refused.
        value: Money,
        /// The newest reading of that month.
        last: Money,
    },
    /// The state could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An argument that is out of bounds.
#[derive(Debug, thiserror::Error)]
#[error("{field} is {value}: expected {allowed}")]
pub struct OutOfBounds {
    /// Which argument.
    pub field: &'static str,
    /// What was given.
    pub value: String,
    /// What is accepted.
    pub allowed: String,
}

impl BudgetError {
    pub(super) fn invalid(
        field: &'static str,
        value: impl std::fmt::Display,
        allowed: impl Into<String>,
    ) -> Self {
        Self::Invalid(OutOfBounds::new(field, value, allowed))
    }

    pub(super) fn not_now(
        field: &'static str,
        value: impl std::fmt::Display,
        allowed: impl Into<String>,
    ) -> Self {
        Self::NotNow(OutOfBounds::new(field, value, allowed))
    }
}

impl OutOfBounds {
    fn new(field: &'static str, value: impl std::fmt::Display, allowed: impl Into<String>) -> Self {
        Self {
            field,
            value: value.to_string(),
            allowed: allowed.into(),
        }
    }
}
