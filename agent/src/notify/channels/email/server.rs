use std::net::IpAddr;

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
    /// What this machine calls itself.
    pub(super) hello: Option<String>,
}

/// How the conversation is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// TLS from the first byte, `smtps://`.
    Tls,
    /// TLS after STARTTLS, or nothing is sent.
    StartTls,
    /// None, on this machine or because the URL says so.
    None,
}

/// Why there is no server. Never contains a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailServerError {
    /// Nobody gave one.
    #[error("SMTP_URL is missing: expected smtps://user:password@mail.example.org")]
    Missing,
    /// No URL of a mail server.
    #[error(
        "SMTP_URL is not a mail server: expected smtps://user:password@host, or smtp:// for STARTTLS, with special characters percent-encoded (@ is %40)"
    )]
    Malformed,
    /// A user without password, or the other way round.
    #[error("SMTP_URL has a user without a password, or a password without a user: expected both or neither")]
    HalfLogin,
    /// A question mark and something unknown.
    #[error(
        "SMTP_URL has a parameter that Mecris does not know: expected ?tls=required, ?tls=none or nothing"
    )]
    UnknownParameter,
}

impl MailServer {
    /// Takes it from the secrets.
    ///
    /// # Errors
    /// If it is missing, or no URL of a mail server.
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

    /// Whether certificates are needed.
    pub(super) fn speaks_tls(&self) -> bool {
        self.security != Security::None
    }

    /// Where it is, as it may be shown.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// On what terms it talked to us.
    pub(super) fn terms(&self) -> &'static str {
        match (self.speaks_tls(), self.login.is_some()) {
            (true, true) => "by TLS, credentials accepted",
            (true, false) => "by TLS, without credentials",
            (false, true) => "without TLS, credentials accepted",
            (false, false) => "without TLS and credentials",
        }
    }
}

/// `smtp://` to another machine means STARTTLS unless it says otherwise: a password must not travel in the
/// open by mistake.
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

/// For a scheme that is not the web's, `url` leaves addresses as they are.
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

/// `%40` is `@`. The bytes go into a line of the protocol as base64, so any text will do.
fn decoded(text: &str) -> Result<String, MailServerError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
            return Err(MailServerError::Malformed);
        };
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| MailServerError::Malformed)?);
    }
    String::from_utf8(bytes).map_err(|_| MailServerError::Malformed)
}

/// What can stand after EHLO.
fn is_name(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
}
