//! Calls to Twilio's API.

use std::time::Duration;

use http::Method;
use url::Url;

use super::Credentials;
use crate::{
    notify::channels::ChannelKind,
    outbound::{Call, LeaseCheck},
};

/// Time limits of a question: for one try, and for all tries together.
const ASKING: (Duration, Duration) = (Duration::from_secs(8), Duration::from_secs(20));

/// The time for opening the connection.
const WARM_UP: Duration = Duration::from_secs(5);

/// The number of rows on one page of a listing.
const PAGE_SIZE: &str = "100";

/// Builds calls for one account and one channel. No I/O.
#[derive(Clone)]
pub(super) struct Api {
    /// The channel whose settings an explanation names.
    pub(super) channel: ChannelKind,
    base_url: Url,
    credentials: Credentials,
}

impl Api {
    pub(super) fn new(channel: ChannelKind, base_url: Url, credentials: Credentials) -> Self {
        Self {
            channel,
            base_url,
            credentials,
        }
    }

    /// A path below the account, and below a proxy's path if the base URL has one.
    pub(super) fn url(&self, rest: &[&str]) -> Url {
        let mut url = self.base_url.clone();
        // This fails only for URLs without a host, which the settings refuse.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty()
                .extend(["2010-04-01", "Accounts", &self.credentials.account_sid])
                .extend(rest);
        }
        url
    }

    /// A listing with filters.
    pub(super) fn listing(&self, resource: &str, filters: &[(&str, &str)]) -> Url {
        let mut url = self.url(&[resource]);
        url.query_pairs_mut()
            .extend_pairs(filters)
            .append_pair("PageSize", PAGE_SIZE);
        url
    }

    /// Sends a message, as long as its lease holds. Not to be repeated.
    pub(super) fn post(
        &self,
        url: Url,
        form: Vec<(&'static str, String)>,
        lease: &LeaseCheck,
        within: Duration,
    ) -> Call {
        Call {
            method: Method::POST,
            form: Some(form),
            lease: Some(lease.clone()),
            timeout: within,
            total: within,
            idempotent: false,
            ..self.get(url)
        }
    }

    /// A question, which may be repeated.
    pub(super) fn get(&self, url: Url) -> Call {
        let (timeout, total) = ASKING;
        let basic = Some((self.credentials.user.clone(), self.credentials.password.clone()));
        Call {
            method: Method::GET,
            url,
            basic,
            bearer: None,
            form: None,
            json: None,
            lease: None,
            timeout,
            total,
            idempotent: true,
        }
    }

    /// Opens the connection by the cheapest question that needs the same permissions as a search: one try,
    /// one row.
    pub(super) fn warm_up(&self, resource: &str, to: &str) -> Call {
        let mut url = self.url(&[resource]);
        url.query_pairs_mut()
            .append_pair("To", to)
            .append_pair("PageSize", "1");
        Call {
            timeout: WARM_UP,
            total: WARM_UP,
            idempotent: false,
            ..self.get(url)
        }
    }
}
