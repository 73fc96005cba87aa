use jiff::Timestamp;

use super::{Daystamp, Money, word::word};

word! {
    /// What shows that a goal derailed.
    pub enum DerailSign: "a sign of a derailment" in "snake_case" {
        /// Beeminder made a `#DERAIL` datapoint.
        Datapoint,
        /// The losedate passed, nothing was entered before it, and a later one stands.
        LosedatePassed,
        /// The goal is frozen and off its line.
        Frozen,
    }
}

/// A derailment of a goal.
#[derive(Clone, Debug, PartialEq)]
pub struct Derailment {
    /// What shows it.
    pub sign: DerailSign,
    /// When it happened, as far as is known: the losedate that passed, else when the sign appeared.
    pub at: Timestamp,
    /// The losedate that passed, by the last reading before it.
    pub losedate: Option<Timestamp>,
    /// Beeminder's day of it.
    pub occasion: Daystamp,
    /// The dollars that were at risk, by the last reading before it.
    pub stake: Option<Money>,
}
