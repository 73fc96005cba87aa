//! What a simulation plays against: a world that says what Beeminder says, and knows what really happened.

use jiff::Timestamp;

use super::world::{History, ModelError};
use crate::{
    arms::beeminder::{Account, RecentDatapoints},
    domain::Slug,
};

/// The world around the passes of a simulation. Time goes forward only.
pub trait Reality {
    /// Lets everything happen up to an instant, included.
    fn advance(&mut self, now: Timestamp);

    /// What Beeminder says at an instant up to which everything happened; or why it says nothing.
    ///
    /// # Errors
    /// If what it says cannot be read: a defect of the model.
    fn account(&mut self, now: Timestamp) -> Result<Result<Account, String>, ModelError>;

    /// The newest datapoints of a goal.
    ///
    /// # Errors
    /// Why there are none, as a sentence.
    fn recent(&self, slug: &Slug, now: Timestamp) -> Result<RecentDatapoints, String>;

    /// The names of all goals.
    fn goals(&self) -> Vec<Slug>;

    /// The person reads a message that names a goal.
    fn react(&mut self, slug: &Slug, now: Timestamp);

    /// The truth about every goal.
    fn into_histories(self: Box<Self>) -> Vec<History>;
}
