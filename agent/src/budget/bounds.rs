//! The bounds of the arguments with which a person or a client reports about a budget. Each bound is a type
//! of this file. The functions that record an argument check it with `check` of that type. The OpenAPI
//! document shows the schema of the same type. So the two cannot differ.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};

use super::BudgetError;
use crate::domain::{Money, Provider, Speed};

/// The model's id.
pub(super) type Model = Text<1, 200>;
/// What a session was for.
pub(super) type SessionType = Text<0, 200>;
/// Free text.
pub(super) type Notes = Text<0, 4_000>;
/// An amount in dollars. A negative amount is a debt.
pub(super) type Balance = Dollars<{ -(Money::MOST_USD as i64) }>;
/// An amount that is not negative, in dollars.
pub(super) type Amount = Dollars<0>;

/// The limit of a budget, in dollars: as `limit_usd` in the configuration. Of nothing, no share can be used.
pub(super) struct Limit;

/// A condition under which a session ran, as the provider calls it.
pub(super) type Condition = Text<0, 50>;
/// How many tokens of one kind a session has: at most a billion. The longest sessions have a thousandth of that.
/// A number beyond it is a slip, and one such record would use up every budget.
pub(super) type Tokens = Number<1_000_000_000>;
/// How many web searches a session has: at most a hundred thousand.
pub(super) type Searches = Number<100_000>;

/// A number from 0 to `MOST`.
pub(super) struct Number<const MOST: i32>;

/// What a provider calls a request: at most 200 characters, one of which can be seen. (One blank id for all requests
/// would make one session of them.)
pub(super) struct RequestId;

/// A speed.
pub(super) struct SpeedName;

/// A provider with a budget.
pub(super) struct ProviderName;

/// A month, `YYYY-MM`.
pub(super) struct MonthName;

/// A text of `LEAST` to `MOST` characters.
pub(super) struct Text<const LEAST: usize, const MOST: usize>;

/// A number of dollars, `LEAST` to [`Money::MOST_USD`].
pub(super) struct Dollars<const LEAST: i64>;

impl<const LEAST: usize, const MOST: usize> Text<LEAST, MOST> {
    /// # Errors
    /// If the text of the argument `field` is too short or too long.
    pub(super) fn check(field: &'static str, text: &str) -> Result<(), BudgetError> {
        let length = text.chars().count();
        if (LEAST..=MOST).contains(&length) {
            return Ok(());
        }
        Err(BudgetError::invalid(
            field,
            format!("{length} characters long"),
            format!("{LEAST} to {MOST} characters"),
        ))
    }
}

impl<const LEAST: i64> Dollars<LEAST> {
    /// Checks the lower bound only: every [`Money`] that was read from outside is within the upper bound.
    ///
    /// # Errors
    /// If the argument `field` is too small. `what` names what the argument is, for a person.
    pub(super) fn check(field: &'static str, what: &str, value: Money) -> Result<(), BudgetError> {
        let least = Money::from_micros(LEAST * Money::MICROS);
        if value >= least {
            return Ok(());
        }
        Err(BudgetError::invalid(
            field,
            value,
            format!("{what}{least} or more"),
        ))
    }
}

impl Limit {
    /// In dollars.
    const LEAST: f64 = 0.01;
    const MOST: f64 = 1_000_000.0;

    /// # Errors
    /// If the argument `field` is out of bounds.
    pub(super) fn check(field: &'static str, value: Money) -> Result<(), BudgetError> {
        if (Self::LEAST..=Self::MOST).contains(&value.usd()) {
            return Ok(());
        }
        Err(BudgetError::invalid(field, value, "$0.01 to $1000000"))
    }
}

impl RequestId {
    /// # Errors
    /// If the text of the argument `field` is too long, or has another character than visible ASCII ones.
    pub(super) fn check(field: &'static str, text: &str) -> Result<(), BudgetError> {
        Text::<1, 200>::check(field, text)?;
        if text.chars().all(|c| c.is_ascii_graphic()) {
            return Ok(());
        }
        let allowed = "letters, digits and other visible ASCII characters, without a space";
        Err(BudgetError::invalid(field, format!("{text:?}"), allowed))
    }
}

impl PartialSchema for RequestId {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(200))
            .pattern(Some("^[!-~]+$"))
            .into()
    }
}

impl<const MOST: i32> Number<MOST> {
    /// # Errors
    /// If the argument `field` is out of bounds.
    pub(super) fn check(field: &'static str, number: u64) -> Result<i64, BudgetError> {
        i64::try_from(number)
            .ok()
            .filter(|number| *number <= i64::from(MOST))
            .ok_or_else(|| BudgetError::invalid(field, number, format!("0 to {MOST}")))
    }
}

impl<const MOST: i32> PartialSchema for Number<MOST> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(0))
            .maximum(Some(MOST))
            .into()
    }
}

/// The schema of a text that is one of these words.
fn one_of<const COUNT: usize>(words: [&'static str; COUNT]) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words))
        .into()
}

impl PartialSchema for SpeedName {
    fn schema() -> RefOr<Schema> {
        one_of(Speed::ALL.map(Speed::as_str))
    }
}

impl PartialSchema for ProviderName {
    fn schema() -> RefOr<Schema> {
        one_of(Provider::ALL.map(Provider::as_str))
    }
}

impl PartialSchema for MonthName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[0-9]{4}-(0[1-9]|1[0-2])$"))
            .into()
    }
}

impl<const MOST: i32> ToSchema for Number<MOST> {}
impl ToSchema for RequestId {}
impl ToSchema for SpeedName {}
impl ToSchema for ProviderName {}
impl ToSchema for MonthName {}

impl PartialSchema for Limit {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
            .minimum(Some(Self::LEAST))
            .maximum(Some(Self::MOST))
            .into()
    }
}

impl ToSchema for Limit {}

impl<const LEAST: usize, const MOST: usize> PartialSchema for Text<LEAST, MOST> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length((LEAST > 0).then_some(LEAST))
            .max_length(Some(MOST))
            .into()
    }
}

impl<const LEAST: i64> PartialSchema for Dollars<LEAST> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
            .minimum(Some(LEAST))
            .maximum(Some(Money::MOST_USD))
            .into()
    }
}

impl<const LEAST: usize, const MOST: usize> ToSchema for Text<LEAST, MOST> {}
impl<const LEAST: i64> ToSchema for Dollars<LEAST> {}
