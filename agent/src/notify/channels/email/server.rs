//! The mail server that the secret `SMTP_URL` names.

use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::config::secrets::{SecretName, Secrets};

/// The server that takes mail, from `SMTP_URL`.
#[derive(Clone, Debug)]
pub struct MailServer {
    /// A name or an address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    /// User and password.
    pub(super) login: Option<(SecretString, SecretString)>,
    /// The name that this machine gives in EHLO; `None`: its own host name.
    pub(super) hello: Option<String>,
}

/// How the conversation is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// TLS from the first byte, `smtps://`.
    Tls,
    /// TLS after STARTTLS. If the server does not offer it, nothing is sent.
    StartTls,
    /// Not at all: the server is on this machine, or the URL says `?tls=none`.
    None,
}

/// Why there is no server. Never contains a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailServerError {
    /// The secret is not set.
    #[error("SMTP_URL is missing: expected smtps://user:password@mail.example.org")]
    Missing,
    /// The secret is not the URL of a mail server.
    #[error(
        "SMTP_URL is not a mail server: expected smtps://user:password@host, or smtp:// for STARTTLS, with special characters percent-encoded (@ is %40)"
    )]
    Malformed,
    /// A user without a password, or a password without a user.
    #[error("SMTP_URL has a user without a password, or a password without a user: expected both or neither")]
    HalfLogin,
    /// An unknown query parameter.
    #[error(
        "SMTP_URL has a parameter that Mecris does not know: expected ?tls=required, ?tls=none or nothing"
    )]
    UnknownParameter,
}

impl MailServer {
    /// Reads `SMTP_URL` from the secrets.
    ///
    /// # Errors
    /// If the secret is missing, or is not the URL of a mail server.
    pub fn from_secrets(secrets: &Secrets) -> Result<Self, MailServerError> {
        let secret = secrets.get(SecretName::SmtpUrl).ok_or(MailServerError::Missing)?;
        let url = Url::parse(secret.expose_secret().trim()).map_err(|_| MailServerError::Malformed)?;
        let host = url
            .host_str()
            .unwrap_or_default()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        if host.is_empty() || url.fragment().is_some() {
            return Err(MailServerError::Malformed);
        }
        let security = security(&url, &host)?;
        let port = url.port().unwrap_or(match security {
            Security::Tls => 465,
            Security::StartTls => 587,
            Security::None => 25,
        });
        let hello = Some(url.path().trim_matches('/')).filter(|name| !name.is_empty());
        if hello.is_some_and(|name| !is_name(name)) {
            return Err(MailServerError::Malformed);
        }
        Ok(Self {
            port,
            security,
            login: login(&url)?,
            hello: hello.map(str::to_owned),
            host,
        })
    }

    /// Whether the conversation uses TLS, so that certificates are needed.
    pub(super) fn speaks_tls(&self) -> bool {
        self.security != Security::None
    }

    /// `host:port`, as it may be shown.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Whether TLS and credentials are used, in words for `check`.
    pub(super) fn terms(&self) -> &'static str {
        match (self.speaks_tls(), self.login.is_some()) {
            (true, true) => "by TLS, credentials accepted",
            (true, false) => "by TLS, without credentials",
            (false, true) => "without TLS, credentials accepted",
            (false, false) => "without TLS and credentials",
        }
    }
}

/// `smtp://` to another machine means STARTTLS unless the URL says otherwise, so that no password is sent
/// unencrypted by mistake.
fn security(url: &Url, host: &str) -> Result<Security, MailServerError> {
    let mut wish = None;
    for (name, value) in url.query_pairs() {
        match (&*name, &*value) {
            ("tls", "required") => wish = Some(Security::StartTls),
            ("tls", "none") => wish = Some(Security::None),
            _ => return Err(MailServerError::UnknownParameter),
        }
    }
    match (url.scheme(), wish) {
        ("smtps", Some(Security::None)) => Err(MailServerError::UnknownParameter),
        ("smtps", _) => Ok(Security::Tls),
        ("smtp", Some(wish)) => Ok(wish),
        ("smtp", None) if is_this_machine(host) => Ok(Security::None),
        ("smtp", None) => Ok(Security::StartTls),
        _ => Err(MailServerError::Malformed),
    }
}

/// Whether a host is this machine. `url` does not parse IP addresses in schemes like `smtp:`, so they are
/// parsed here.
fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn login(url: &Url) -> Result<Option<(SecretString, SecretString)>, MailServerError> {
    match (
        decoded(url.username())?,
        decoded(url.password().unwrap_or_default())?,
    ) {
        (user, password) if user.is_empty() && password.is_empty() => Ok(None),
        (user, password) if user.is_empty() || password.is_empty() => Err(MailServerError::HalfLogin),
        (user, password) => Ok(Some((user.into(), password.into()))),
    }
}

/// Decodes `%40` to `@`. SMTP sends user and password as base64, so any text is allowed.
///
/// `percent_decode_str` leaves a `%` without two hexadecimal digits as it is; here that is a mistake.
fn decoded(text: &str) -> Result<String, MailServerError> {
    let is_escape = |rest: &str| {
        let mut digits = rest.bytes().take(2).filter(u8::is_ascii_hexdigit);
        digits.next().is_some() && digits.next().is_some()
    };
    if !text.split('%').skip(1).all(is_escape) {
        return Err(MailServerError::Malformed);
    }
    let decoded = percent_decode_str(text).decode_utf8();
    decoded
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| MailServerError::Malformed)
}

/// Whether a name may be given in EHLO.
fn is_name(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
}
