//! The words that every layer uses: goals' slugs, severities, subjects, money, daystamps, observations,
//! decisions, silences, channels.
//!
//! What lives here is parsed once at the edge and then cannot be wrong. No I/O, no clock, no settings, no
//! SQL.

mod channel;
mod daystamp;
mod decision;
mod error;
mod money;
mod observation;
mod pattern;
mod phone;
mod provider;
mod severity;
mod silence;
mod slug;
mod subject;

pub use channel::{ChannelKind, OnDoubt};
pub use daystamp::{Daystamp, DaystampError};
pub use decision::{Action, Condition, Decision, Phrase, Reason, Word};
pub use error::innermost;
pub use money::{Money, MoneyError};
pub use observation::{Freshness, Observation};
pub use pattern::{PatternError, SubjectPattern};
pub use phone::{PhoneNumber, PhoneNumberError};
pub use provider::{Provider, ProviderError};
pub use severity::{Severity, SeverityError};
pub use silence::{Silence, SilenceKind};
pub use slug::{Slug, SlugError};
pub use subject::{Subject, SubjectError};
