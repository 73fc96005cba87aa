//! `[beeminder]`.

use std::path::PathBuf;

use url::Url;

use crate::domain::Slug;

/// `[beeminder]`.
#[derive(Clone, Debug)]
pub struct BeeminderSettings {
    /// API or file.
    pub source: BeeminderSource,
    /// Goals that are not looked at.
    pub ignore: Vec<Slug>,
}

/// Where goals are read.
#[derive(Clone, Debug)]
pub enum BeeminderSource {
    /// The API, with `BEEMINDER_AUTH_TOKEN`.
    Api {
        /// Ends in `/`; `https://www.beeminder.com/api/v1/`.
        base_url: Url,
        /// The account, or `me`.
        username: String,
    },
    /// The JSON of `goals.json` (an array) or `{"user": …, "goals": […]}` on disk.
    File(PathBuf),
}
