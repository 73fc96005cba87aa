//! Reads a listing to its end, or as far back as needed.

use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use super::{api::Api, outcome};
use crate::{
    notify::channels::AskError,
    outbound::{Call, Reply},
};

/// The most pages that are read. If a listing has more, the search is without a result.
const MOST_PAGES: u32 = 20;

/// One row of a listing.
pub(super) trait Listed: DeserializeOwned {
    /// When the row was made, as RFC 2822.
    fn date_created(&self) -> Option<&str>;

    /// [`Listed::date_created`] as a timestamp, if it parses.
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

/// Reads pages without doing I/O itself: [`Pages::next_call`] returns the next call, [`Pages::read`] takes
/// its reply, until there is no further call.
pub(super) struct Pages<'a> {
    api: &'a Api,
    /// Rows that were made earlier are not needed.
    since: Timestamp,
    /// What remains to be read; the last element comes next.
    listings: Vec<Url>,
    pages: u32,
}

impl<'a> Pages<'a> {
    /// Reads the listings from the last element to the first. Each listing is newest first.
    pub(super) fn new(api: &'a Api, since: Timestamp, listings: Vec<Url>) -> Self {
        Self {
            api,
            since,
            listings,
            pages: 0,
        }
    }

    /// The next call; `None` when everything is read.
    pub(super) fn next_call(&mut self) -> Result<Option<Call>, AskError> {
        let Some(url) = self.listings.last() else {
            return Ok(None);
        };
        if self.pages == MOST_PAGES {
            return Err(AskError::Undecided(format!(
                "Twilio's list has more than {MOST_PAGES} pages, of which the first {MOST_PAGES} do not tell"
            )));
        }
        self.pages += 1;
        Ok(Some(self.api.get(url.clone())))
    }

    /// Takes the reply to the last call. Returns the rows in it.
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

/// The URL of a listing's next page: Twilio's query on our own host and path, so that no reply can send the
/// credentials elsewhere.
fn next_page(asked: &Url, next: &str) -> Result<Url, AskError> {
    let next = asked
        .join(next)
        .map_err(|_| AskError::Unreadable("Twilio's next_page_uri is not a URL".to_owned()))?;
    let mut url = asked.clone();
    url.set_query(next.query());
    Ok(url)
}
