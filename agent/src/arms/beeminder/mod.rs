//! Beeminder: the account and its goals.
//!
//! **Read-only.** Every request is a `GET` that is made in `api.rs`, the only place with a URL; there is no
//! code here that can charge, derail, ratchet, change a pledge or post data, and `tests/read_only.rs`
//! searches the whole crate for such endpoints. Whether to speak about a goal is decided elsewhere.

mod api;
mod convert;
mod error;
mod file;
mod lenient;
#[cfg(test)]
pub(in crate::arms) mod tests;
mod types;
mod wire;

use std::time::Duration;

use jiff::Timestamp;

use self::{api::Api, file::File};
use crate::{
    config::{BeeminderSettings, BeeminderSource, RenewableSecrets},
    domain::Slug,
    outbound::Outbound,
};

pub use error::{BeeminderError, Malformed};
pub use types::{Account, Datapoint, Goal, GoalState, RecentDatapoints};

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
    /// From settings; a missing token is reported by [`BeeminderArm::observe`] (and by `check`).
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

    /// Reads the user and all goals, now. `within` bounds the whole of it. Ignored goals are left out.
    pub async fn observe(&self, now: Timestamp, within: Duration) -> Result<Account, BeeminderError> {
        let (user, goals) = match &self.source {
            Source::Api(api) => api.user_and_goals(within).await?,
            Source::File(file) => file.user_and_goals(within).await?,
        };
        Ok(convert::account(user, goals, &self.ignore, now)?)
    }

    /// The newest datapoints of one goal, for the walk when the goal itself leaves a doubt.
    pub async fn datapoints(
        &self,
        slug: &Slug,
        within: Duration,
    ) -> Result<RecentDatapoints, BeeminderError> {
        let body = match &self.source {
            Source::Api(api) => api.datapoints(slug, within).await?,
            Source::File(file) => file.datapoints(slug, within).await?,
        };
        Ok(convert::datapoints(body)?)
    }
}
