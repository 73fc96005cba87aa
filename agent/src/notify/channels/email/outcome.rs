//! What the end of a conversation means. Before the content every failure is a definite no. After the content
//! only the server's answer is definite.

use secrecy::ExposeSecret as _;

use super::{
    server::MailServer,
    session::{Failure, Stage},
};
use crate::{
    config::EmailSettings,
    notify::{
        channels::{Outcome, Scope},
        message::plain,
    },
    outbound::redact,
};

/// At most so many characters of the server's own words are shown.
const WORDS: usize = 160;

/// The outcome of a conversation that failed. `why` comes from [`describe`].
pub(super) fn of(failure: &Failure, why: String) -> Outcome {
    let (permanent, code) = match failure {
        Failure::Lost {
            stage: Stage::Content,
            ..
        } => return Outcome::Unknown { why },
        Failure::Unable {
            stage: Stage::Content,
        } => return Outcome::Unknown { why },
        Failure::LeaseOver(_) => return Outcome::NotSent { why },
        // 4xx may pass, 5xx lasts: RFC 5321, 4.2.1.
        Failure::Refused { permanent, code, .. } => (*permanent, Some(code.to_string())),
        Failure::Unable { .. } => (true, None),
        Failure::Lost { .. } => (false, None),
    };
    // Until the content is sent, the server's answers concern the account and its addresses. They would be
    // the same for every other mail.
    let about_the_mail = matches!(
        failure,
        Failure::Refused {
            stage: Stage::Content,
            ..
        } | Failure::Unable {
            stage: Stage::Addressing
        }
    );
    let scope = if permanent && !about_the_mail {
        Scope::Channel
    } else {
        Scope::Message
    };
    Outcome::Rejected {
        permanent,
        scope,
        retry_after: None,
        code,
        why,
    }
}

/// What happened and what to do, without secrets and addresses.
pub(super) fn describe(failure: &Failure, server: &MailServer, settings: &EmailSettings) -> String {
    let shown = |words: &str| shown(words, server, settings);
    let place = server.place();
    match failure {
        // Here the server's words may quote user and password, so they are left out.
        Failure::Refused {
            stage: Stage::LoggingIn,
            code,
            ..
        } => format!("{place} refused the login ({code}); check user and password in SMTP_URL"),
        Failure::Refused {
            stage,
            code,
            words,
            permanent,
        } => {
            let what = refusal(*stage, *permanent);
            format!("{place} {what} (SMTP {code}: {})", shown(words))
        }
        Failure::Unable { stage } => match stage {
            Stage::Connecting => {
                format!("{place} offers no STARTTLS, so nothing was said to it; try smtps:// in SMTP_URL")
            }
            Stage::LoggingIn => {
                format!("{place} offers no login that Mecris knows (PLAIN, LOGIN); check SMTP_URL")
            }
            Stage::Addressing | Stage::Content => format!("{place} cannot take this mail"),
        },
        Failure::LeaseOver(over) => format!("{place}: {over}"),
        Failure::Lost { stage, why } => match stage {
            Stage::LoggingIn => format!("{place} broke off during the login"),
            Stage::Connecting => format!("cannot connect to {place}: {}", shown(why)),
            Stage::Addressing => format!("{place} broke off before the mail was sent: {}", shown(why)),
            Stage::Content => format!("{place} broke off after the mail was sent: {}", shown(why)),
        },
    }
}

/// What the server refused, and what to check.
fn refusal(stage: Stage, permanent: bool) -> &'static str {
    match stage {
        Stage::Connecting | Stage::LoggingIn => "does not want to talk",
        Stage::Addressing if !permanent => "does not take mail from or for these addresses now",
        Stage::Addressing => "refused sender or recipient; check notify.email.from and notify.email.to",
        Stage::Content => "refused the mail",
    }
}

/// A user name of fewer characters stands in ordinary words. Masked there, it would be given away by the gaps.
const SHORTEST_USER: usize = 4;

/// The server's words as they may be kept: short, on one line, without addresses, user and password.
fn shown(words: &str, server: &MailServer, settings: &EmailSettings) -> String {
    let addresses = [&settings.from, &settings.to].map(|mailbox| mailbox.email.to_string().into());
    let mut hidden: Vec<_> = addresses.iter().collect();
    if let Some((user, password)) = &server.login {
        hidden.push(password);
        hidden.extend(Some(user).filter(|user| user.expose_secret().len() >= SHORTEST_USER));
    }
    plain(&redact::text(words, &hidden)).chars().take(WORDS).collect()
}
