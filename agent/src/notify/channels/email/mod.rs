//! The channel `email`: mail by SMTP.
//!
//! `server` holds the secret URL, `letter` the mail, `session` the conversation with the server, step by
//! step; `outcome` says what the end of a conversation means. A sender cannot ask an SMTP server later, so
//! `on_doubt` says what becomes of a mail in doubt. But until the content's final dot nothing is in doubt.
//! That is why the conversation is held here step by step, and not by lettre's own transport.

mod letter;
mod outcome;
mod server;
mod session;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use letter::Letter;
use lettre::transport::smtp::client::TlsParameters;
pub use server::{MailServer, MailServerError};
use session::{Failure, Session, Stage};
use tokio::{
    sync::OnceCell,
    time::{Instant, timeout, timeout_at},
};

use super::{Answer, AskError, Channel, ChannelKind, LeaseCheck, OnDoubt, Outcome, Outgoing, Scope, Status};
use crate::{clock::Clock, config::EmailSettings};

/// How long a server may take to answer QUIT. No send waits for that answer.
const GOODBYE: Duration = Duration::from_secs(2);

/// How long a conversation up to the login may take if nothing is to be sent.
const PROBE: Duration = Duration::from_secs(12);

/// The channel `email`.
#[derive(Clone)]
pub struct Email(Arc<Inner>);

struct Inner {
    settings: EmailSettings,
    server: MailServer,
    warm_up_timeout: Duration,
    clock: Clock,
    /// Made from the machine's certificates when first needed.
    tls: OnceCell<TlsParameters>,
    /// Connections opened in advance, each for one send.
    ready: Mutex<Vec<Session>>,
}

impl Email {
    /// Opens nothing yet. Opening a connection in advance takes `warm_up_timeout` at most.
    pub fn new(
        settings: &EmailSettings,
        server: MailServer,
        warm_up_timeout: Duration,
        clock: Clock,
    ) -> Self {
        let (settings, tls, ready) = (settings.clone(), OnceCell::new(), Mutex::default());
        Self(Arc::new(Inner {
            settings,
            server,
            warm_up_timeout,
            clock,
            tls,
            ready,
        }))
    }

    /// A connection on which the next command can name the sender.
    async fn open(&self) -> Result<Session, Failure> {
        let server = &self.0.server;
        let tls = if server.speaks_tls() {
            Some(self.tls().await?)
        } else {
            None
        };
        Session::open(server, tls).await
    }

    async fn tls(&self) -> Result<TlsParameters, Failure> {
        let host = self.0.server.host.clone();
        let built = self.0.tls.get_or_try_init(|| async {
            // Reading certificates takes tens of milliseconds. On this thread it would delay /health.
            let built = tokio::task::spawn_blocking(|| TlsParameters::new(host)).await;
            let why = || "TLS could not be set up".to_owned();
            built.ok().and_then(Result::ok).ok_or_else(|| Failure::Lost {
                stage: Stage::Connecting,
                why: why(),
            })
        });
        built.await.cloned()
    }

    fn pop(&self) -> Option<Session> {
        self.0.ready.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn push(&self, session: Session) {
        self.0
            .ready
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(session);
    }

    /// Holds the conversation up to the content. If this fails or takes too long, nothing is sent.
    async fn address(&self, letter: &Letter) -> Result<Session, Failure> {
        let mut session = match self.pop() {
            Some(session) => session,
            None => self.open().await?,
        };
        session.address(letter).await?;
        Ok(session)
    }

    async fn deliver(&self, letter: &Letter, lease: &LeaseCheck, within: Duration) -> Result<(), Failure> {
        let end = Instant::now() + within;
        // The other half of the time is for the server's answer to the content, which decides the outcome.
        let addressed = timeout(within / 2, self.address(letter)).await;
        let mut session = addressed.unwrap_or_else(|_| Err(Failure::late(Stage::Addressing, within / 2)))?;
        let taken = timeout_at(end, session.content(letter, lease)).await;
        taken.unwrap_or_else(|_| Err(Failure::late(Stage::Content, within)))?;
        tokio::spawn(timeout(GOODBYE, session.quit()));
        Ok(())
    }

    fn describe(&self, failure: &Failure) -> String {
        let Inner { settings, server, .. } = &*self.0;
        outcome::describe(failure, server, settings)
    }
}

impl Channel for Email {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Email
    }

    fn reconcilable(&self) -> bool {
        false
    }

    fn on_doubt(&self) -> OnDoubt {
        self.0.settings.on_doubt
    }

    fn warm_up(&self) -> Answer<'_, Result<(), AskError>> {
        Box::pin(async {
            let opening = async {
                if let Some(mut old) = self.pop()
                    && old.is_alive().await
                {
                    return Ok(old);
                }
                self.open().await
            };
            let opened = timeout(self.0.warm_up_timeout, opening).await;
            let opened =
                opened.unwrap_or_else(|_| Err(Failure::late(Stage::Connecting, self.0.warm_up_timeout)));
            self.push(opened.map_err(|failure| AskError::Refused(self.describe(&failure)))?);
            Ok(())
        })
    }

    fn probe(&self) -> Answer<'_, Result<String, AskError>> {
        Box::pin(async {
            let opened = timeout(PROBE, self.open()).await;
            let session = opened.unwrap_or_else(|_| Err(Failure::late(Stage::Connecting, PROBE)));
            let session = session.map_err(|failure| AskError::Refused(self.describe(&failure)))?;
            let _ = timeout(GOODBYE, session.quit()).await;
            Ok(format!(
                "{} can be reached, {}",
                self.0.server.place(),
                self.0.server.terms()
            ))
        })
    }

    fn send<'a>(&'a self, message: Outgoing<'a>, within: Duration) -> Answer<'a, Outcome> {
        Box::pin(async move {
            let letter = match Letter::new(&self.0.settings, &message, self.0.clock.now()) {
                Ok(letter) => letter,
                Err(why) => {
                    return Outcome::Rejected {
                        permanent: true,
                        scope: Scope::Message,
                        retry_after: None,
                        code: None,
                        why,
                    };
                }
            };
            match self.deliver(&letter, &message.lease, within).await {
                Ok(()) => Outcome::Accepted(letter.id),
                Err(failure) => outcome::of(&failure, self.describe(&failure)),
            }
        })
    }

    /// The server has the mail. If the mail does not arrive, the server says so in a mail to the sender.
    fn status<'a>(&'a self, _provider_id: &'a str) -> Answer<'a, Result<Status, AskError>> {
        Box::pin(std::future::ready(Ok(Status::Sent)))
    }
}

impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Email")
            .field("on_doubt", &self.0.settings.on_doubt)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
