//! Budgets: what the LLM providers cost, against a limit and a period. The figures come from the ledger of
//! recorded sessions or from odometer readings.
//!
//! [`BudgetArm::observe`] computes one row for each provider and records the rows. Every write over HTTP (a
//! session, a reading, a word on a budget) computes and records them again. A budget that an endpoint shows is
//! the recorded row. The sums, the newest sessions and the odometer are read from the sessions and readings
//! themselves.
//!
//! Money is integer micro-dollars. This folder asks no provider. The arguments of the endpoints are in
//! `requests`, the shapes of their answers in `http::views::usage`.

mod adjust;
pub mod anthropic_usage;
mod arm;
mod bounds;
mod coverage;
mod error;
mod figures;
pub mod health;
mod ledger;
mod many;
mod merge;
mod odometer;
mod outlook;
pub mod period;
pub mod pricing;
mod reads;
mod reminders;
mod requests;
mod sessions;
mod summary;
#[cfg(test)]
pub(crate) mod tests;
mod writes;

pub use arm::{BudgetArm, Recorded, Rules};
pub use error::{BudgetError, OutOfBounds};
pub use many::{NewSessions, Outcome, RecordedSessions, Recording};
pub use merge::{CONVERSATION, Fullness, SIDE_CONVERSATION};
pub use odometer::{MonthTotal, Odometer, Total};
pub use outlook::{BudgetToday, Outlook};
pub use reminders::{OdometerState, Reminder, ReminderKind, Reminders, Urgency};
pub use requests::{NewReading, NewSession, NothingMore, UpdateBudget};
pub use sessions::{RecordedSession, why as why_priced};
pub use summary::{Summary, Tally};
pub use writes::RecordedReading;

pub use crate::domain::{Budget, Health};
