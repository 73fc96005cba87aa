//! One conversation with a mail server, step by step, so that a failure tells how far the conversation came.

use std::{error::Error as _, time::Duration};

use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, DEFAULT_MECHANISMS},
    client::{AsyncSmtpConnection, TlsParameters},
    commands::{Data, Mail, Rcpt},
    extension::ClientId,
    response::{Response, Severity},
};
use secrecy::ExposeSecret as _;

use super::{
    letter::Letter,
    server::{MailServer, Security},
};
use crate::{
    domain::innermost,
    notify::channels::{LeaseCheck, LeaseOver},
};

/// How far a conversation came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Connection, greeting, TLS.
    Connecting,
    /// User and password.
    LoggingIn,
    /// Sender, recipient, announcement of the content. No content is sent yet.
    Addressing,
    /// The content and its final dot are on their way.
    Content,
}

/// Why a conversation ended before the mail was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The server said no.
    Refused {
        stage: Stage,
        code: u16,
        permanent: bool,
        words: String,
    },
    /// The server does not offer what is needed.
    Unable { stage: Stage },
    /// The lease was over before the content was sent.
    LeaseOver(LeaseOver),
    /// The connection broke, the time was over, or an answer made no sense. The stage decides what follows;
    /// `why` is a text for a person.
    Lost { stage: Stage, why: String },
}

impl Failure {
    /// The conversation took too long.
    pub(super) fn late(stage: Stage, after: Duration) -> Self {
        Self::Lost {
            stage,
            why: format!("no answer within {after:.1?}"),
        }
    }

    fn new(stage: Stage, error: &Error) -> Self {
        let words = || error.source().map(ToString::to_string).unwrap_or_default();
        match error.status() {
            Some(code) => {
                let permanent = code.severity == Severity::PermanentNegativeCompletion;
                Self::Refused {
                    stage,
                    code: code.into(),
                    permanent,
                    words: words(),
                }
            }
            None if error.is_client() => Self::Unable { stage },
            None => Self::Lost {
                stage,
                why: innermost(error).to_string(),
            },
        }
    }

    /// The server's answer does not fit the command.
    fn nonsense(stage: Stage, response: &Response) -> Self {
        Self::Lost {
            stage,
            why: format!(
                "the server answered {}, which does not fit the command before it",
                response.code()
            ),
        }
    }
}

/// An open connection, after the login.
pub(super) struct Session(AsyncSmtpConnection);

impl Session {
    /// Connects, starts TLS if configured, logs in. The caller limits the time.
    pub(super) async fn open(server: &MailServer, tls: Option<TlsParameters>) -> Result<Self, Failure> {
        let hello = server
            .hello
            .clone()
            .map_or_else(ClientId::default, ClientId::Domain);
        let at_once = tls.clone().filter(|_| server.security == Security::Tls);
        let address = (server.host.as_str(), server.port);
        let connecting = AsyncSmtpConnection::connect_tokio1(address, None, &hello, at_once, None);
        let mut connection = connecting
            .await
            .map_err(|error| Failure::new(Stage::Connecting, &error))?;
        if let Some(tls) = tls.filter(|_| server.security == Security::StartTls) {
            let secured = connection.starttls(tls, &hello).await;
            secured.map_err(|error| Failure::new(Stage::Connecting, &error))?;
        }
        if let Some((user, password)) = &server.login {
            let credentials = Credentials::new(
                user.expose_secret().to_owned(),
                password.expose_secret().to_owned(),
            );
            let known = connection.auth(DEFAULT_MECHANISMS, &credentials).await;
            known.map_err(|error| Failure::new(Stage::LoggingIn, &error))?;
        }
        Ok(Self(connection))
    }

    /// Whether the server still answers on this connection.
    pub(super) async fn is_alive(&mut self) -> bool {
        self.0.test_connected().await
    }

    /// Sends everything before the content: the sender, the recipient and `DATA`.
    pub(super) async fn address(&mut self, letter: &Letter) -> Result<(), Failure> {
        let failed = |error: Error| Failure::new(Stage::Addressing, &error);
        self.0
            .command(Mail::new(Some(letter.from.clone()), Vec::new()))
            .await
            .map_err(failed)?;
        self.0
            .command(Rcpt::new(letter.to.clone(), Vec::new()))
            .await
            .map_err(failed)?;
        let go_ahead = self.0.command(Data).await.map_err(failed)?;
        // After any other answer the server would take the content for commands.
        if go_ahead.has_code(354) {
            Ok(())
        } else {
            Err(Failure::nonsense(Stage::Addressing, &go_ahead))
        }
    }

    /// Sends the content and its final dot if the lease still holds. Must not be called twice: once the
    /// content is on its way, only the server's answer says whether the mail was accepted.
    pub(super) async fn content(&mut self, letter: &Letter, lease: &LeaseCheck) -> Result<(), Failure> {
        lease.pass().map_err(Failure::LeaseOver)?;
        let answer = self.0.message(&letter.content).await;
        let answer = answer.map_err(|error| Failure::new(Stage::Content, &error))?;
        let taken = answer.code().severity == Severity::PositiveCompletion;
        if taken {
            Ok(())
        } else {
            Err(Failure::nonsense(Stage::Content, &answer))
        }
    }

    /// Says QUIT. The server's answer does not matter.
    pub(super) async fn quit(mut self) {
        let _ = self.0.quit().await;
    }
}
