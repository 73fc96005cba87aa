//! The webhook that the secret `SLACK_WEBHOOK_URL` names, and the calls to it.

use std::time::Duration;

use http::Method;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::{
    config::{
        is_loopback,
        secrets::{SecretName, Secrets},
    },
    notify::channels::Outgoing,
    outbound::{Call, redact},
};

/// A shorter part of the path may stand in any text.
const SHORTEST_SECRET: usize = 8;

/// The URL that takes messages, `https://hooks.slack.com/services/T…/B…/…`. Anybody who knows it can post, so
/// it is never shown.
#[derive(Clone)]
pub struct Webhook(Url);

/// Why there is no webhook. Never contains a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The secret is not set.
    #[error("SLACK_WEBHOOK_URL is missing: a Slack app's page Incoming Webhooks shows it")]
    Missing,
    /// The secret is not the URL of a webhook.
    #[error(
        "SLACK_WEBHOOK_URL is not a webhook's URL: expected https://hooks.slack.com/services/... (http:// only for this machine), without user, password and '#'"
    )]
    Malformed,
}

impl Webhook {
    /// Reads `SLACK_WEBHOOK_URL` from the secrets.
    ///
    /// # Errors
    /// If the secret is missing, or is not a URL that may be used over a network.
    pub fn from_secrets(secrets: &Secrets) -> Result<Self, WebhookError> {
        let secret = secrets
            .get(SecretName::SlackWebhookUrl)
            .ok_or(WebhookError::Missing)?;
        let url = Url::parse(secret.expose_secret().trim()).map_err(|_| WebhookError::Malformed)?;
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        let is_bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if is_safe && is_bare && url.has_host() && url.path().len() > 1 {
            Ok(Self(url))
        } else {
            Err(WebhookError::Malformed)
        }
    }

    /// The host, the only part that may be shown.
    pub(super) fn host(&self) -> String {
        self.0.host_str().unwrap_or_default().to_owned()
    }

    /// What is unusual about the URL, for `check`. Slack is not the only one that takes such messages, so it is
    /// only a warning.
    pub fn advice(&self) -> Option<String> {
        let is_usual = self.0.path().starts_with("/services/");
        (!is_usual).then(|| {
            "SLACK_WEBHOOK_URL is not of the form https://hooks.slack.com/services/T.../B.../..., as an incoming \
             webhook of Slack is: a workflow of Slack needs a variable named text, and another product has to take \
             Slack's messages; `notify test --channel slack` shows whether it does"
                .to_owned()
        })
    }

    /// Masks the URL, its path and each long part of it in words that the server wrote.
    pub(super) fn mask(&self, words: &str) -> String {
        let parts = self
            .0
            .path()
            .split('/')
            .filter(|part| part.len() >= SHORTEST_SECRET);
        let secrets: Vec<SecretString> = [self.0.as_str(), self.0.path()]
            .into_iter()
            .chain(parts)
            .chain(self.0.query())
            .map(SecretString::from)
            .collect();
        redact::text(words, &secrets.iter().collect::<Vec<_>>())
    }

    /// Posts a message, as long as its lease holds. Not to be repeated.
    pub(super) fn post(&self, message: &Outgoing<'_>, within: Duration) -> Call {
        Call {
            json: Some(serde_json::json!({ "text": escaped(message.text) })),
            lease: Some(message.lease.clone()),
            ..self.call(Method::POST, self.0.clone(), within)
        }
    }

    /// Opens the connection with a `HEAD /` that does not contain the secret.
    pub(super) fn warm_up(&self, within: Duration) -> Call {
        let mut url = self.0.clone();
        url.set_path("/");
        url.set_query(None);
        self.call(Method::HEAD, url, within)
    }

    fn call(&self, method: Method, url: Url, within: Duration) -> Call {
        Call {
            method,
            url,
            basic: None,
            bearer: None,
            form: None,
            json: None,
            lease: None,
            timeout: within,
            total: within,
            idempotent: false,
        }
    }
}

/// Escapes the three characters that Slack's markup needs, so that nothing in a goal's name is a link or
/// notifies everybody (`<!channel>`).
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
