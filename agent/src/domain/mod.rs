//! The words that every layer uses: goals' slugs, severities, subjects, money, budgets, daystamps,
//! observations, passes, decisions, silences, channels.
//!
//! A value of these types is parsed once, at the edge, and cannot be invalid after that. This folder must not
//! contain I/O, a clock, settings or SQL.

mod budget;
mod channel;
mod daystamp;
mod decision;
mod derailment;
mod error;
mod foreign;
mod forewarned;
mod goal_state;
mod money;
mod month;
mod observation;
mod pass;
mod pattern;
mod phone;
mod provider;
mod session;
mod severity;
mod share;
mod silence;
mod slug;
mod step;
mod subject;
mod used_since;
mod word;

pub use budget::{Bases, Basis, Budget, BudgetSource, Health};
pub use channel::{ChannelKind, OnDoubt};
pub use daystamp::{Daystamp, DaystampError};
pub use decision::{Action, Condition, Decision, Phrase, Reason, Word};
pub use derailment::{DerailSign, Derailment};
pub use error::innermost;
pub use foreign::on_one_line;
pub use forewarned::Forewarned;
pub use goal_state::GoalState;
pub use money::{Money, MoneyError};
pub use month::{Month, MonthError};
pub use observation::{Freshness, Observation, ObservationView, Observations};
pub use pass::{RunOutcome, Trigger};
pub use pattern::{PatternError, SubjectPattern};
pub use phone::{PhoneNumber, PhoneNumberError};
pub use provider::Provider;
pub use session::{Conditions, PricedBy, SessionSource, Speed, Used, basis};
pub use severity::Severity;
pub use share::Share;
pub use silence::{Silence, SilenceKind};
pub use slug::{Slug, SlugError};
pub use step::{Ask, Step};
pub use subject::{Subject, SubjectError};
pub use used_since::UsedSince;
pub use word::WordError;
pub(crate) use word::word;

#[cfg(test)]
pub(crate) use word::tests as word_tests;
