//! Conditions into decisions. Pure.

use jiff::Timestamp;

use super::policy::{Ledger, Policy};
use crate::domain::{Condition, Decision};

/// One decision for each condition, in the same order, each with its one reason.
pub fn decide(_conditions: Vec<Condition>, _ledger: &Ledger, _policy: &Policy, _now: Timestamp) -> Vec<Decision> {
    todo!()
}
