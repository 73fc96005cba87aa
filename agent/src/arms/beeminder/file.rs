use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Value, error::Category};
use tokio::{task::spawn_blocking, time::timeout};

use super::error::BeeminderError;
use crate::{config::handwritten, domain::Slug};

/// Beeminder's JSON from a file, for trials without an account: an array as in `goals.json`, or `{"user": …,
/// "goals": […]}`. The file is read on every pass. A relative path starts at the working directory.
#[derive(Clone)]
pub(super) struct File {
    path: PathBuf,
}

impl File {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    pub(super) async fn user_and_goals(
        &self,
        within: Duration,
    ) -> Result<(Option<Value>, Value), BeeminderError> {
        match self.read(within).await? {
            goals @ Value::Array(_) => Ok((None, goals)),
            Value::Object(mut fields) => match fields.remove("goals") {
                Some(goals) => Ok((fields.remove("user").filter(|user| !user.is_null()), goals)),
                None => Err(self.error(
                    "expected an array of goals or {\"user\": …, \"goals\": […]}, found no \"goals\"",
                )),
            },
            _ => Err(self.error("expected an array of goals or {\"user\": …, \"goals\": […]}")),
        }
    }

    /// The goal's field `datapoints`. The fields `last_datapoint` and `recent_data` are not looked at: the
    /// caller has read them with the goal.
    pub(super) async fn datapoints(&self, slug: &Slug, within: Duration) -> Result<Value, BeeminderError> {
        let (_, goals) = self.user_and_goals(within).await?;
        let goal = goals
            .as_array()
            .and_then(|goals| goals.iter().find(|goal| goal["slug"] == slug.as_str()));
        goal.and_then(|goal| goal.get("datapoints"))
            .cloned()
            .ok_or_else(|| self.error(format!("the goal {slug} has no field \"datapoints\"")))
    }

    async fn read(&self, within: Duration) -> Result<Value, BeeminderError> {
        let path = self.path.clone();
        // The path may be a pipe or a dead network mount, so reading may hang. It must not hang the agent.
        let read = timeout(within, spawn_blocking(move || std::fs::read(path))).await;
        let bytes = read
            .map_err(|_| self.error("the file could not be read in time"))?
            .map_err(|_| self.error("the file could not be read"))?
            .map_err(|error| self.error(error.to_string()))?;
        handwritten::json(&bytes).map_err(|error| match error.classify() {
            Category::Data => self.error(error.to_string()),
            _ => self.error(format!("the file is not JSON: {error}")),
        })
    }

    fn error(&self, why: impl Into<String>) -> BeeminderError {
        BeeminderError::File {
            path: self.path.clone(),
            why: why.into(),
        }
    }
}
