//! The heuristic: observe → assess → decide → record. `assess` and `decide` are pure: they import neither
//! tokio nor any client.
//!
//! [`Heuristic`] ties them together; it calls the arms and the store directly, never its own endpoints, and
//! hands messages to the outbox in the transaction that records the decisions. What a person decides beside
//! it (silences, acknowledgements) is in [`silence`] and [`person`]. What is said when is
//! `docs/Heuristic_Notification_CDD.md`.

pub mod assess;
pub mod decide;
mod observe;
pub mod person;
pub mod policy;
mod record;
pub mod report;
mod run;
pub mod silence;

pub use report::{DecisionView, Report};
pub use run::{Heuristic, HeuristicError, Trigger};
