use super::pricing::PriceError;
use crate::{
    domain::{Money, Month, Provider},
    store::StoreError,
};

/// Why something about a budget could not be recorded. The caller can repair every error but
/// [`BudgetError::Store`].
#[derive(Debug, thiserror::Error)]
pub enum BudgetError {
    /// An argument is out of bounds.
    #[error("{field} is {value}: expected {allowed}")]
    Invalid {
        /// Which argument.
        field: &'static str,
        /// What was given.
        value: String,
        /// What is accepted.
        allowed: String,
    },
    /// The session cannot be priced.
    #[error(transparent)]
    Price(#[from] PriceError),
    /// The provider has no budget.
    #[error("{0} has no budget: add [budget.{0}] with source, limit_usd and period to the configuration")]
    NotConfigured(Provider),
    /// A month-to-date total that is lower than the last one: a typing error, or a reading of another month.
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

impl BudgetError {
    pub(super) fn invalid(
        field: &'static str,
        value: impl std::fmt::Display,
        allowed: impl Into<String>,
    ) -> Self {
        Self::Invalid {
            field,
            value: value.to_string(),
            allowed: allowed.into(),
        }
    }
}
