//! The words that every layer uses: goals' slugs, severities, subjects, money, daystamps, observations, decisions.
//!
//! What lives here is parsed once at the edge and then cannot be wrong. No I/O, no clock, no settings, no SQL.

mod daystamp;
mod decision;
mod money;
mod observation;
mod phone;
mod provider;
mod severity;
mod slug;
mod subject;

pub use daystamp::{Daystamp, DaystampError};
pub use decision::{Action, Condition, Decision, Phrase, Reason};
pub use money::{Money, MoneyError};
pub use observation::{Freshness, Observation};
pub use phone::{PhoneNumber, PhoneNumberError};
pub use provider::{Provider, ProviderError};
pub use severity::{Severity, SeverityError};
pub use slug::{Slug, SlugError};
pub use subject::{Subject, SubjectError};
