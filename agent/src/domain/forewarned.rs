use jiff::Timestamp;
use serde::Serialize;

use super::{Daystamp, Money, Subject};

/// A goal that derails while a vacation lasts, if nothing is entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Forewarned {
    /// The goal: `goal:reading`.
    #[schema(value_type = String)]
    pub subject: Subject,
    /// Beeminder's day on which it derails.
    #[schema(value_type = String, format = Date)]
    pub occasion: Daystamp,
    /// When it derails.
    #[schema(value_type = String, format = DateTime)]
    pub derails_at: Timestamp,
    /// The dollars that it costs; `null`: not known.
    #[schema(value_type = Option<f64>)]
    pub stake: Option<Money>,
    /// Whether it is a goal to do less, for which Beeminder goes on entering guesses while nothing is reported.
    pub guesses: bool,
}
