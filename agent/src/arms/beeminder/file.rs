use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Value, error::Category};
use tokio::{task::spawn_blocking, time::timeout};

use super::{
    error::BeeminderError,
    repair::{self, Document},
};
use crate::{
    config::handwritten::{json, without_bom},
    domain::Slug,
};

/// The largest file that is read, in bytes. A goal as Beeminder sends it has about 4 KB.
const LARGEST: usize = 32 << 20;

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
    ) -> Result<(Option<Value>, Document), BeeminderError> {
        let text = self.read(within).await?;
        let text = without_bom(&text);
        match json(text) {
            Ok(goals @ Value::Array(_)) => Ok((None, goals.into())),
            Ok(Value::Object(mut fields)) => match fields.remove("goals") {
                Some(goals) => Ok((present(fields.remove("user")), goals.into())),
                None => Err(self.error(
                    "expected an array of goals or {\"user\": …, \"goals\": […]}, found no \"goals\"",
                )),
            },
            Ok(_) => Err(self.error("expected an array of goals or {\"user\": …, \"goals\": […]}")),
            Err(error) => self.in_pieces(text, &error),
        }
    }

    /// Reads a file that as a whole has this error.
    fn in_pieces(
        &self,
        text: &[u8],
        error: &serde_json::Error,
    ) -> Result<(Option<Value>, Document), BeeminderError> {
        let part = |range| repair::part(text, range, json).map_err(|error| self.not_json(&error));
        let (user, goals) = (repair::fields(text, "user"), repair::fields(text, "goals"));
        match (user.as_slice(), goals.as_slice()) {
            (_, []) => Ok((None, part(0..text.len())?)),
            ([], [goals]) => Ok((None, part(goals.clone())?)),
            ([user], [goals]) => {
                let user = part(user.clone())?.whole("the user")?;
                Ok((present(Some(user)), part(goals.clone())?))
            }
            // Which of two is meant cannot be told.
            _ => Err(self.not_json(error)),
        }
    }

    /// The goal's field `datapoints`. The fields `last_datapoint` and `recent_data` are not looked at: the
    /// caller has read them with the goal.
    pub(super) async fn datapoints(&self, slug: &Slug, within: Duration) -> Result<Document, BeeminderError> {
        let (_, goals) = self.user_and_goals(within).await?;
        let mut goals = goals.elements("the goals")?.into_iter().flatten();
        let goal = goals.find(|goal| goal["slug"] == slug.as_str());
        goal.and_then(|goal| goal.get("datapoints").cloned())
            .map(Document::from)
            .ok_or_else(|| self.error(format!("the goal {slug} has no field \"datapoints\"")))
    }

    async fn read(&self, within: Duration) -> Result<Vec<u8>, BeeminderError> {
        let path = self.path.clone();
        // The path may be a pipe or a dead network mount, so reading may hang. It must not hang the agent.
        let read = timeout(within, spawn_blocking(move || read_most(&path))).await;
        let text = read
            .map_err(|_| self.error("the file could not be read in time"))?
            .map_err(|_| self.error("the file could not be read"))?
            .map_err(|error| self.unread(&error))?;
        if text.len() > LARGEST {
            return Err(self.error(format!(
                "the file has more than {} MiB: no account has so many goals",
                LARGEST >> 20
            )));
        }
        Ok(text)
    }

    /// A relative path is looked for where the process works, which is not where the configuration file is.
    fn unread(&self, error: &io::Error) -> BeeminderError {
        let folder = std::env::current_dir().ok().filter(|_| self.path.is_relative());
        match folder.filter(|_| error.kind() == io::ErrorKind::NotFound) {
            Some(folder) => self.error(format!("there is no such file in {}", folder.display())),
            None => self.error(error.to_string()),
        }
    }

    fn not_json(&self, error: &serde_json::Error) -> BeeminderError {
        match error.classify() {
            Category::Data => self.error(error.to_string()),
            _ => self.error(format!("the file is not JSON: {error}")),
        }
    }

    fn error(&self, why: impl Into<String>) -> BeeminderError {
        BeeminderError::File {
            path: self.path.clone(),
            why: why.into(),
        }
    }
}

/// The content of the file, or one byte more than [`LARGEST`] of it: a pipe may have no end.
fn read_most(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    std::fs::File::open(path)?
        .take(LARGEST as u64 + 1)
        .read_to_end(&mut text)?;
    Ok(text)
}

fn present(user: Option<Value>) -> Option<Value> {
    user.filter(|user| !user.is_null())
}
