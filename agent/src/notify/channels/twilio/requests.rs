use std::time::Duration;

use http::Method;
use jiff::civil::Date;
use url::Url;

use super::Credentials;
use crate::{
    config::settings::{SmsSender, SmsSettings},
    notify::channels::Outgoing,
    outbound::Call,
};

/// The longest validity that Twilio takes.
const LONGEST_VALIDITY: Duration = Duration::from_secs(36_000);

/// For one try of a question, and for all of its tries.
const ASKING: (Duration, Duration) = (Duration::from_secs(8), Duration::from_secs(20));

/// For the glance that opens the connection.
const GLANCE: Duration = Duration::from_secs(5);

/// So many messages come on one page of a listing.
const PAGE_SIZE: &str = "100";

/// Builds the calls of one account and one recipient.
#[derive(Clone)]
pub(super) struct Requests {
    settings: SmsSettings,
    credentials: Credentials,
}

impl Requests {
    pub(super) fn new(settings: SmsSettings, credentials: Credentials) -> Self {
        Self { settings, credentials }
    }

    /// Sends a message. Not to be repeated.
    pub(super) fn create(&self, message: &Outgoing<'_>, within: Duration) -> Call {
        let sender = match &self.settings.sender {
            SmsSender::MessagingService(sid) => ("MessagingServiceSid", sid.clone()),
            SmsSender::Number(number) => ("From", number.as_str().to_owned()),
        };
        let mut form = vec![
            ("To", self.settings.to.as_str().to_owned()),
            sender,
            ("Body", message.text.to_owned()),
            // The text is GSM-7 already; should it ever not be, Twilio replaces what would double its price.
            ("SmartEncoded", "true".to_owned()),
        ];
        if let Some(validity) = message.validity {
            let seconds = validity.clamp(Duration::from_secs(1), LONGEST_VALIDITY).as_secs();
            form.push(("ValidityPeriod", seconds.to_string()));
        }
        Call {
            method: Method::POST,
            form: Some(form),
            timeout: within,
            total: within,
            idempotent: false,
            ..self.get(self.messages())
        }
    }

    /// The person's newest messages, or those sent since the beginning of a day (UTC).
    pub(super) fn list(&self, sent_since: Option<Date>) -> Url {
        let mut url = self.messages();
        let mut query = url.query_pairs_mut();
        query.append_pair("To", self.settings.to.as_str()).append_pair("PageSize", PAGE_SIZE);
        if let Some(day) = sent_since {
            query.append_pair("DateSent>", &day.to_string());
        }
        drop(query);
        url
    }

    /// One message.
    pub(super) fn fetch(&self, sid: &str) -> Call {
        self.get(self.account(&["Messages", &format!("{sid}.json")]))
    }

    /// The cheapest question that needs the same rights as a search: one try, one message.
    pub(super) fn glance(&self) -> Call {
        let mut url = self.messages();
        url.query_pairs_mut().append_pair("To", self.settings.to.as_str()).append_pair("PageSize", "1");
        Call { timeout: GLANCE, total: GLANCE, idempotent: false, ..self.get(url) }
    }

    /// A question, which may be repeated.
    pub(super) fn get(&self, url: Url) -> Call {
        let (timeout, total) = ASKING;
        let basic = Some((self.credentials.user.clone(), self.credentials.password.clone()));
        Call { method: Method::GET, url, basic, form: None, json: None, timeout, total, idempotent: true }
    }

    fn messages(&self) -> Url {
        self.account(&["Messages.json"])
    }

    /// A path below the account, and below a proxy's path if the base URL has one.
    fn account(&self, rest: &[&str]) -> Url {
        let mut url = self.settings.base_url.clone();
        // Fails for URLs without a host only, which settings refuse: such a call would fail with its own words.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["2010-04-01", "Accounts", &self.credentials.account_sid]).extend(rest);
        }
        url
    }
}
