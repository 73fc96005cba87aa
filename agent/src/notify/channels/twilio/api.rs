use std::time::Duration;

use http::Method;
use url::Url;

use super::Credentials;
use crate::{
    notify::channels::ChannelKind,
    outbound::{Call, LeaseCheck},
};

/// For one try of a question, and for all of its tries.
const ASKING: (Duration, Duration) = (Duration::from_secs(8), Duration::from_secs(20));

/// For the glance that opens the connection.
const GLANCE: Duration = Duration::from_secs(5);

/// So many rows come on one page of a listing.
const PAGE_SIZE: &str = "100";

/// The calls of one account, for one channel. No I/O.
#[derive(Clone)]
pub(super) struct Api {
    /// Whose settings an explanation names.
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
        // Fails for URLs without a host only, which settings refuse: such a call would fail with its own
        // words.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty()
                .extend(["2010-04-01", "Accounts", &self.credentials.account_sid])
                .extend(rest);
        }
        url
    }

    /// A listing, filtered.
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
            form: None,
            json: None,
            lease: None,
            timeout,
            total,
            idempotent: true,
        }
    }

    /// The cheapest question that needs the same rights as a search: one try, one row.
    pub(super) fn glance(&self, resource: &str, to: &str) -> Call {
        let mut url = self.url(&[resource]);
        url.query_pairs_mut()
            .append_pair("To", to)
            .append_pair("PageSize", "1");
        Call {
            timeout: GLANCE,
            total: GLANCE,
            idempotent: false,
            ..self.get(url)
        }
    }
}
