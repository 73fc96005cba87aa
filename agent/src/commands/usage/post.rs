//! Sends sessions to another Mecris.

use std::{path::Path, time::Duration};

use anyhow::Context as _;
use http::{Method, StatusCode};
use secrecy::SecretString;
use serde::Deserialize;
use url::{Host, Url};

use super::{
    Sent,
    tally::{Tally, Told},
};
use crate::{
    budget::{NewSession, NewSessions},
    clock::Clock,
    commands::Exit,
    config::{SecretName, Secrets},
    domain::{Money, SessionSource, on_one_line},
    foreign_file,
    http::views::usage::{SessionAnswer, SessionResult},
    outbound::{self, Call, Outbound},
    transcripts::Found,
};

/// How many sessions are sent at once: half of what is allowed.
const AT_ONCE: usize = 250;

/// The time for one try.
const TRY: Duration = Duration::from_secs(20);

/// The time for all tries of a request: long enough for the limit of requests in a minute to let go.
const TOTAL: Duration = Duration::from_secs(90);

/// Where sessions are sent.
pub(super) struct Address {
    url: Url,
    token: Option<SecretString>,
    outbound: Outbound,
}

/// The answer, as far as it matters here.
#[derive(Deserialize)]
struct Answer {
    sessions: Vec<SessionAnswer>,
}

/// The error of an endpoint.
#[derive(Deserialize)]
struct Refusal {
    detail: String,
}

impl Address {
    /// The address, and the token from the file or the environment.
    pub(super) fn new(url: &Url, token_file: Option<&Path>, clock: Clock) -> anyhow::Result<Self> {
        outbound::install_tls();
        let mut records = url.clone();
        records.set_path(&format!("{}/usage/records", url.path().trim_end_matches('/')));
        let token = match token_file {
            Some(file) => Some(read_token(file)?),
            None => from_environment()?,
        };
        if url.scheme() == "http" && token.is_some() && !is_this_machine(url) {
            tracing::warn!(
                "the token goes to {} without encryption: use https",
                url.host_str().unwrap_or_default()
            );
        }
        Ok(Self {
            url: records,
            token,
            outbound: Outbound::new("mecris", clock),
        })
    }

    /// Sends all sessions, in the order in which they were found. Stops at the first request that is not answered.
    pub(super) async fn record(&self, found: Vec<Found>, billed: bool) -> Sent {
        let mut tally = Tally::default();
        let mut stopped = None;
        let mut all = found
            .iter()
            .flat_map(|found| found.sessions(billed).map(move |session| (found, session)));
        loop {
            let batch: Vec<(&Found, NewSession)> = all.by_ref().take(AT_ONCE).collect();
            if batch.is_empty() {
                break;
            }
            let (owners, sessions): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
            match self.send(&sessions).await {
                Ok(answers) => {
                    for ((found, session), told) in owners.into_iter().zip(&sessions).zip(answers) {
                        tally.count(found, session, told);
                    }
                }
                Err(failed) => {
                    let left = owners.into_iter().chain(all.map(|(found, _)| found));
                    tally.again.extend(left.flat_map(Found::files));
                    stopped = Some(failed);
                    break;
                }
            }
        }
        Sent {
            tally,
            notes: Vec::new(),
            stopped,
        }
    }

    /// What became of each session; or why there is no answer.
    async fn send(&self, sessions: &[NewSession]) -> Result<Vec<Told>, (String, Exit)> {
        let failed = |why: String, exit| Err((format!("{} {why}", self.shown()), exit));
        let body = NewSessions {
            source: SessionSource::Transcripts,
            sessions: sessions.to_vec(),
        };
        let json = match serde_json::to_value(&body) {
            Ok(json) => json,
            Err(error) => return failed(format!("is not asked: {error}"), Exit::Failed),
        };
        let call = Call {
            method: Method::POST,
            url: self.url.clone(),
            basic: None,
            bearer: self.token.clone(),
            form: None,
            json: Some(json),
            lease: None,
            timeout: TRY,
            total: TOTAL,
            // Every session has the id of its request.
            idempotent: true,
        };
        let reply = match self.outbound.call(call).await {
            Ok(reply) => reply,
            Err(error) => return failed(format!("cannot be reached: {error}"), Exit::TryAgain),
        };
        if reply.status != StatusCode::OK {
            let detail = serde_json::from_slice::<Refusal>(&reply.body).map(|refusal| refusal.detail);
            let detail = detail.map_or(String::new(), |detail| format!(": {}", on_one_line(&detail, 300)));
            let is_passing = reply.status.is_server_error() || reply.status == StatusCode::TOO_MANY_REQUESTS;
            let exit = if is_passing { Exit::TryAgain } else { Exit::Failed };
            return failed(format!("answered {}{detail}", reply.status), exit);
        }
        match serde_json::from_slice::<Answer>(&reply.body) {
            Ok(answer) if answer.sessions.len() == sessions.len() => {
                Ok(answer.sessions.into_iter().map(told).collect())
            }
            _ => failed("gave an answer that is not Mecris's".to_owned(), Exit::Failed),
        }
    }

    /// The address without what could be secret.
    fn shown(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

fn told(answer: SessionAnswer) -> Told {
    match answer.result {
        SessionResult::Recorded => {
            let cost = answer.estimated_cost.and_then(|cost| Money::from_usd(cost).ok());
            Told::New(cost.unwrap_or_default(), answer.priced_by)
        }
        SessionResult::Repeated | SessionResult::TakenBack => Told::Known(None),
        SessionResult::Refused => Told::Refused(answer.why.unwrap_or_default()),
    }
}

fn read_token(file: &Path) -> anyhow::Result<SecretString> {
    let text = foreign_file::read_text(file, foreign_file::BY_HAND)
        .with_context(|| format!("--token-file {} cannot be read", file.display()))?;
    first_token(text.trim())?.with_context(|| format!("--token-file {} has no token", file.display()))
}

fn from_environment() -> anyhow::Result<Option<SecretString>> {
    let text = std::env::var(SecretName::MecrisApiTokens.as_str()).unwrap_or_default();
    first_token(&text)
}

fn first_token(text: &str) -> anyhow::Result<Option<SecretString>> {
    let mut secrets = Secrets::default();
    if text.is_empty() {
        return Ok(None);
    }
    secrets.insert(SecretName::MecrisApiTokens, text.to_owned().into());
    Ok(secrets.api_tokens()?.into_iter().next().map(|(_, token)| token))
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
