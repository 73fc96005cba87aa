//! The heuristic: observe → assess → decide → record. `assess` and `decide` are pure: they import neither
//! tokio nor any client.
//!
//! [`Heuristic`] ties the four steps together. It calls the arms and the store directly, never Mecris' own
//! endpoints. It hands messages to the outbox in the transaction that records the decisions. The outbox
//! delivers them. `docs/Heuristic_Notification_CDD.md` says when Mecris speaks.

pub mod assess;
pub mod decide;
pub mod derailed;
mod forewarn;
pub mod habit;
mod later;
mod observe;
pub mod policy;
mod record;
mod remember;
pub mod report;
mod rules;
mod run;
pub mod standing;
pub mod tell;
mod time_limit;
mod timetable;
mod unknown;
mod waiting;
mod warned;

pub use forewarn::Forewarning;
pub use later::set_right;
pub use observe::settled;
pub use report::{DecisionView, Report};
pub use rules::{Pass, Rules};
pub use run::{Heuristic, HeuristicError};
pub use time_limit::{Stage, TooSlow};
pub use timetable::{Expected, Promises, promised_by_serve};

pub use crate::domain::Trigger;
