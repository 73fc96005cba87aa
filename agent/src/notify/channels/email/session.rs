//! One conversation with a mail server, step by step, so that it is known how far it came.

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
use crate::notify::channels::{LeaseCheck, LeaseOver};

/// How far a conversation came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Connection, greeting, TLS.
    Connecting,
    /// User and password.
    LoggingIn,
    /// Sender, recipient, announcement of the content. Nothing is sent yet.
    Addressing,
    /// The content and its final dot are on their way.
    Content,
}

/// Why it came no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The server said no.
    Refused {
        stage: Stage,
        code: u16,
        permanent: bool,
        words: String,
    },
    /// The server cannot do what is needed.
    Unable { stage: Stage },
    /// The lease was over before the content was sent.
    LeaseOver(LeaseOver),
    /// The connection, the time or the sense was lost.
    Lost { stage: Stage, why: String },
}

impl Failure {
    /// It took too long.
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
                why: root(error),
            },
        }
    }

    /// An answer that is no answer to this.
    fn nonsense(stage: Stage, response: &Response) -> Self {
        Self::Lost {
            stage,
            why: format!(
                "the server answered {}, which makes no sense there",
                response.code()
            ),
        }
    }
}

/// What went wrong in the end, without lettre's own layers above it.
fn root(error: &Error) -> String {
    let mut root: &dyn std::error::Error = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}

/// An open connection, past the login.
pub(super) struct Session(AsyncSmtpConnection);

impl Session {
    /// Connects, makes it private, logs in. The caller sets the time limit.
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

    /// Whether the server still listens.
    pub(super) async fn is_alive(&mut self) -> bool {
        self.0.test_connected().await
    }

    /// Everything before the content.
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
        // Anything else, and the content would be taken for commands.
        if go_ahead.has_code(354) {
            Ok(())
        } else {
            Err(Failure::nonsense(Stage::Addressing, &go_ahead))
        }
    }

    /// The content and its final dot, as long as the lease holds. Not to be repeated: once the content is on
    /// its way, only the server's answer says whether the mail was accepted.
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

    /// Says goodbye; it does not matter whether anybody hears it.
    pub(super) async fn quit(mut self) {
        let _ = self.0.quit().await;
    }
}
