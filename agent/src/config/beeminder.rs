//! `[beeminder]`: where goals come from.

use std::path::PathBuf;

use url::Url;

use super::{
    reader::Reader,
    setting::{Form, Kind, Setting, Table},
    urls,
};
use crate::domain::Slug;

pub(super) const TABLE: Table = Table {
    name: "beeminder",
    doc: "Where goals come from.",
    form: Form::Always,
    settings: &[
        Setting::new(
            "beeminder.source",
            Kind::Text,
            "`\"api\"`, or `\"file:goals.json\"`: the API's JSON on disk",
        )
        .default("\"api\""),
        Setting::new(
            "beeminder.base_url",
            Kind::Other("URL"),
            "https, or http for `localhost`, `127.0.0.1` and `[::1]`; no credentials",
        )
        .default("\"https://www.beeminder.com/api/v1/\""),
        Setting::new(
            "beeminder.username",
            Kind::Text,
            "a user name; `\"me\"` is the owner of `BEEMINDER_AUTH_TOKEN`",
        )
        .default("\"me\""),
        Setting::new(
            "beeminder.ignore",
            Kind::Other("list of slugs"),
            "goals that Mecris ignores",
        )
        .default("[]"),
    ],
};

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

pub(super) fn read(reader: &mut Reader) -> Option<BeeminderSettings> {
    let file = source(reader);
    let base_url = urls::base_url(reader, "beeminder.base_url");
    let username = reader.parsed(
        "beeminder.username",
        "a Beeminder user name, or \"me\" for the token's owner",
        |text| {
            let fits = !text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
            fits.then(|| text.to_owned())
        },
    );
    let ignore = ignore(reader);
    let source = match file? {
        Some(path) => BeeminderSource::File(path),
        None => BeeminderSource::Api {
            base_url: base_url?,
            username: username?,
        },
    };
    Some(BeeminderSettings {
        source,
        ignore: ignore?,
    })
}

/// The file, or `Some(None)` for the API.
fn source(reader: &mut Reader) -> Option<Option<PathBuf>> {
    reader.parsed(
        "beeminder.source",
        "\"api\" or \"file:\" and a path, for example \"file:goals.json\"",
        |text| {
            if text == "api" {
                return Some(None);
            }
            let path = text.strip_prefix("file:").filter(|path| !path.is_empty())?;
            Some(Some(PathBuf::from(path)))
        },
    )
}

fn ignore(reader: &mut Reader) -> Option<Vec<Slug>> {
    const KEY: &str = "beeminder.ignore";
    const EXPECTED: &str = "a list of goal slugs such as [\"old-goal\"]";
    let texts = reader.list(KEY, EXPECTED)?;
    let slugs: Option<Vec<Slug>> = texts.iter().map(|text| text.parse().ok()).collect();
    slugs.or_else(|| reader.expected(KEY, EXPECTED))
}
