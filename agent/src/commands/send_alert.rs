//! `send-alert`: sends a message for a person or a unit. It passes the same ledger, limits and channels as
//! every other message. If the state cannot be opened, a CRITICAL alert is sent without it ([`unrecorded`]).

mod unrecorded;

use std::{io::Write as _, path::Path};

use super::{Exit, context, text};
use crate::{
    alerts::Spool,
    cli::SendAlertArgs,
    clock::{self, Clock},
    domain::{Condition, Money, Phrase},
    notify::{
        message::{Text, plain},
        outbox::State,
    },
    runtime::Agent,
    store::{StoreError, tables::outbox},
};

/// A text of which nothing would be left in a message.
#[derive(Debug, thiserror::Error)]
#[error("--text says nothing: expected a text with at least one letter, digit or sign that can be read")]
pub(super) struct NothingToSay;

pub(super) async fn send_alert(config: Option<&Path>, options: &SendAlertArgs) -> anyhow::Result<Exit> {
    if plain(&options.text).is_empty() {
        return Err(NothingToSay.into());
    }
    if Text::is_too_long(&options.text) {
        tracing::warn!("--text is longer than a message can be: its end is cut off");
    }
    let loaded = context::load(config).await?;
    let clock = Clock::system();
    let condition = Condition {
        subject: options.subject.clone(),
        severity: options.severity,
        day: clock::local_day(clock.now(), &loaded.settings.time_zone),
        expires_at: None,
        evidence: "asked for by send-alert".to_owned(),
        phrase: Phrase {
            long: options.text.clone(),
            short: options.text.clone(),
        },
        ask: None,
        stake: Some(Money::ZERO),
        heading: None,
    };
    let agent = match context::agent(&loaded, clock.clone(), context::REMOTE_TIMEOUT).await {
        Ok(agent) => agent,
        Err(error) if unrecorded::is_worth_it(&error, &condition) => {
            return unrecorded::send(&loaded, &clock, condition, error).await;
        }
        Err(error) => {
            return leave_for_daemon(&error, &loaded.settings.state.path, &condition, &clock).ok_or(error);
        }
    };
    deliver(&agent, condition).await
}

/// Decides, sends, and says what became of it.
async fn deliver(agent: &Agent, condition: Condition) -> anyhow::Result<Exit> {
    let (decisions, message) = agent.heuristic.alert(vec![condition]).await?;
    agent.outbox.drain(agent.settle_time).await;
    agent.finish().await;

    let mut out = std::io::stdout().lock();
    let Some(id) = message else {
        let mut exit = Exit::Done;
        for decision in decisions {
            let word = decision
                .word
                .as_ref()
                .map(|word| text::attribution(&word.author, word.until, Some(&word.comment), &agent.zone));
            let subject = &decision.condition.subject;
            let reason = decision.reason;
            writeln!(out, "{subject}: not sent, {reason}{}", word.unwrap_or_default())?;
            // The alert is only held back for now, and no later pass decides about it: the caller must retry.
            if decision.reason.is_for_now() {
                exit = Exit::TryAgain;
            }
        }
        return Ok(exit);
    };
    let sent = agent.store.read(|connection| outbox::get(connection, &id))?;
    super::notify_test::outcome(&mut out, sent.as_ref())
}

/// Leaves the alert for the process that has the state. `None` if `error` does not name such a process, or
/// the alert cannot be written.
fn leave_for_daemon(
    error: &anyhow::Error,
    database: &Path,
    condition: &Condition,
    clock: &Clock,
) -> Option<Exit> {
    let Some(StoreError::Locked { holder, .. }) = error.downcast_ref() else {
        return None;
    };
    let left = Spool::of(database).leave(&clock::time_ordered_id(clock.now()), condition);
    if let Err(error) = left {
        tracing::error!(%error, "cannot leave the alert for the daemon either");
        return None;
    }
    let subject = &condition.subject;
    println!(
        "{subject}: left for the mecris-agent that has the state (process {holder}); that process or its successor decides and sends"
    );
    Some(Exit::Done)
}

/// The exit code of a message's state.
pub(super) fn exit(state: State) -> Exit {
    match state {
        State::Failed => Exit::Failed,
        state if state.is_unsettled() => Exit::Unknown,
        _ => Exit::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Severity, Subject};

    #[tokio::test]
    async fn a_text_that_says_nothing_is_a_mistake_of_the_caller() {
        for text in [
            " ",
            "\u{200b}\u{feff}",
            "\u{200d}",
            "\r\n\t",
            "\u{202e}",
            "\u{e000}",
        ] {
            let options = SendAlertArgs {
                subject: Subject::run(),
                text: text.to_owned(),
                severity: Severity::Critical,
            };
            let error = send_alert(Some(Path::new("/nonexistent")), &options)
                .await
                .unwrap_err();
            assert!(
                error.to_string().contains("--text says nothing"),
                "{text:?}: {error}"
            );
            assert_eq!(Exit::of(&error), Exit::Usage, "{text:?}");
        }
    }
}
