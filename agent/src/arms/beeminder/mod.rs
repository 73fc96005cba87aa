//! Beeminder: the account and its goals.
//!
//! **Read-only.** Only `api.rs` makes requests, and every request is a `GET`. No code here can charge, derail,
//! ratchet, change a pledge or post data. `tests/read_only.rs` searches the whole crate for the names of such
//! endpoints. `heuristic` decides whether a message about a goal is sent.

mod amount;
mod api;
mod convert;
mod error;
mod file;
#[cfg(fuzzing)]
pub mod fuzzing;
mod lenient;
mod line;
mod repair;
#[cfg(test)]
pub(in crate::arms) mod tests;
mod today;
mod types;
mod wire;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use self::{api::Api, file::File};
use crate::{
    config::{BeeminderSettings, BeeminderSource, RenewableSecrets},
    domain::Slug,
    outbound::Outbound,
};

pub use crate::domain::GoalState;
pub use amount::{Amount, AmountKind};
pub use error::{BeeminderError, Malformed};
pub use line::{Aggregation, Due, GoalKind, Line};
pub use today::{Counting, EnteredToday, Today};
pub use types::{Account, Contract, DataSource, Datapoint, Goal, RecentDatapoints};

/// The arm. Cheap to clone.
#[derive(Clone)]
pub struct BeeminderArm {
    source: Source,
    ignore: Vec<Slug>,
}

#[derive(Clone)]
enum Source {
    Api(Box<Api>),
    File(File),
}

impl BeeminderArm {
    /// Makes the arm from the settings. A missing token is no error here: [`BeeminderArm::observe`] and
    /// `mecris-agent check` report it.
    pub fn new(settings: &BeeminderSettings, secrets: &RenewableSecrets, outbound: Outbound) -> Self {
        let source = match &settings.source {
            BeeminderSource::Api { base_url, username } => {
                Source::Api(Box::new(Api::new(base_url, username, secrets, outbound)))
            }
            BeeminderSource::File(path) => Source::File(File::new(path)),
        };
        Self {
            source,
            ignore: settings.ignore.clone(),
        }
    }

    /// Reads the user and all goals. `within` bounds all requests together. Ignored goals are left out.
    ///
    /// # Errors
    /// If the account cannot be read within that time, or has another shape than Beeminder documents.
    pub async fn observe(&self, now: Timestamp, within: Duration) -> Result<Account, BeeminderError> {
        let (user, goals) = match &self.source {
            Source::Api(api) => api.user_and_goals(within).await?,
            Source::File(file) => file.user_and_goals(within).await?,
        };
        Ok(convert::account(user, goals, &self.ignore, now)?)
    }

    /// Reads the newest datapoints of a goal: up to 25 from the API. The walk needs them when the datapoints
    /// that come with the goal leave a doubt.
    ///
    /// # Errors
    /// As [`BeeminderArm::observe`].
    pub async fn datapoints(
        &self,
        slug: &Slug,
        within: Duration,
    ) -> Result<RecentDatapoints, BeeminderError> {
        let body = match &self.source {
            Source::Api(api) => api.datapoints(slug, api::NEWEST, within).await?,
            Source::File(file) => file.datapoints(slug, within).await?,
        };
        Ok(convert::datapoints(body)?)
    }

    /// Reads the last 100 datapoints of a goal that Mecris did not know before. If the source is a file, the
    /// goal already came with its datapoints. Then nothing more is read, and the answer is empty.
    ///
    /// # Errors
    /// As [`BeeminderArm::observe`].
    pub async fn history(&self, slug: &Slug, within: Duration) -> Result<RecentDatapoints, BeeminderError> {
        let body = match &self.source {
            Source::Api(api) => api.datapoints(slug, api::HISTORY, within).await?,
            Source::File(_) => Value::Array(Vec::new()).into(),
        };
        Ok(convert::datapoints(body)?)
    }
}

/// Makes an account, as of `now`, of JSON that Beeminder sent earlier: the user, if there is one, and the
/// array of goals. [`BeeminderArm::observe`] does the same with a new answer, and leaves out ignored goals.
///
/// # Errors
/// If the JSON has another shape than Beeminder documents.
pub fn account_of(user: Option<Value>, goals: Value, now: Timestamp) -> Result<Account, Malformed> {
    convert::account(user, goals, &[], now)
}
