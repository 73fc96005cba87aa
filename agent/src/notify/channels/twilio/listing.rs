//! Reading a listing to its end, or as far back as matters.

use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use super::{api::Api, outcome};
use crate::{
    notify::channels::AskError,
    outbound::{Call, Reply},
};

/// More pages than this are not read: then nobody knows.
const MOST_PAGES: u32 = 20;

/// One row of a listing.
pub(super) trait Listed: DeserializeOwned {
    /// When it was made, RFC 2822.
    fn date_created(&self) -> Option<&str>;

    /// [`Listed::date_created`], if it says when.
    fn created(&self) -> Option<Timestamp> {
        Some(jiff::fmt::rfc2822::parse(self.date_created()?).ok()?.timestamp())
    }
}

/// One page of a listing.
#[derive(Deserialize)]
#[serde(bound = "T: Listed")]
struct Page<T> {
    #[serde(rename = "messages", alias = "calls")]
    rows: Vec<T>,
    next_page_uri: Option<String>,
}

/// A reader without I/O: [`Pages::next_call`] says what to ask, [`Pages::read`] takes the answer, until there
/// is nothing more to ask.
pub(super) struct Pages<'a> {
    api: &'a Api,
    /// What was made before is not looked for.
    since: Timestamp,
    /// Taken from the end.
    listings: Vec<Url>,
    pages: u32,
}

impl<'a> Pages<'a> {
    /// Reads these listings, each newest first, the last one of them first.
    pub(super) fn new(api: &'a Api, since: Timestamp, listings: Vec<Url>) -> Self {
        Self {
            api,
            since,
            listings,
            pages: 0,
        }
    }

    /// What to ask next; `None` once everything is read.
    pub(super) fn next_call(&mut self) -> Result<Option<Call>, AskError> {
        let Some(url) = self.listings.last() else {
            return Ok(None);
        };
        if self.pages == MOST_PAGES {
            return Err(AskError(format!(
                "Twilio lists more than {MOST_PAGES} pages, and it is on none of these"
            )));
        }
        self.pages += 1;
        Ok(Some(self.api.get(url.clone())))
    }

    /// Takes the answer to the last call: its rows.
    pub(super) fn read<T: Listed>(&mut self, reply: &Reply) -> Result<Vec<T>, AskError> {
        let page: Page<T> = outcome::read(self.api.channel, reply)?;
        let Some(asked) = self.listings.pop() else {
            return Ok(Vec::new());
        };
        let is_older = |row: &T| row.created().is_some_and(|created| created < self.since);
        let is_past = !page.rows.is_empty() && page.rows.iter().all(is_older);
        if let Some(next) = page.next_page_uri.filter(|_| !is_past) {
            self.listings.push(next_page(&asked, &next)?);
        }
        Ok(page.rows)
    }
}

/// The next page of a listing: its query on our own path, so that no answer can lead the credentials
/// elsewhere.
fn next_page(asked: &Url, next: &str) -> Result<Url, AskError> {
    let next = asked
        .join(next)
        .map_err(|_| AskError("Twilio's next_page_uri is no address".to_owned()))?;
    let mut url = asked.clone();
    url.set_query(next.query());
    Ok(url)
}
