use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Daystamp, Reason, word::word};

word! {
    /// What a message says about a subject. Each step is said at most once for an occasion. A subject speaks
    /// twice on a day only upwards: a later variant is a higher step.
    #[derive(PartialOrd, Ord, Hash)]
    pub enum Step: "a step" in "snake_case" {
        /// The goal derails soon, and a later day has a chance to say so.
        Ahead,
        /// Today is the last day on which Mecris can speak before the goal derails.
        Last,
    }
}

/// What can be said about a subject at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Ask {
    /// The step.
    #[schema(value_type = String)]
    pub step: Step,
    /// The day of what is about to happen: Beeminder's day on which the goal derails.
    #[schema(value_type = String, format = Date)]
    pub occasion: Daystamp,
    /// From when on it leaves by itself.
    #[schema(value_type = String, format = DateTime)]
    pub alone_from: Timestamp,
    /// From when on it goes with a message that leaves anyway. Not later than `alone_from`.
    #[schema(value_type = String, format = DateTime)]
    pub rides_from: Timestamp,
    /// Why it waits until `alone_from`.
    #[schema(value_type = String)]
    pub waits: Reason,
    /// Whether no later pass can say it in time.
    pub is_last_chance: bool,
    /// Why it is not said at all, if it is not.
    #[schema(value_type = Option<String>)]
    pub silent: Option<Reason>,
}
