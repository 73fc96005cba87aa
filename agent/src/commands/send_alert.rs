//! `send-alert`: a message that a person or a unit asks for, through the same ledger, limits and channels as everything else.

use std::{io::Write as _, path::Path};

use super::{Exit, context, text};
use crate::{
    cli::SendAlertArgs,
    clock::{self, Clock},
    domain::{Condition, Phrase, Reason},
    notify::outbox::State,
    store::outbox,
};

pub(super) async fn send_alert(config: Option<&Path>, options: &SendAlertArgs) -> anyhow::Result<Exit> {
    let loaded = context::load(config)?;
    let clock = Clock::system();
    let agent = context::agent(&loaded, clock.clone(), context::PATIENCE).await?;
    let condition = Condition {
        subject: options.subject.clone(),
        severity: options.severity,
        day: clock::local_day(clock.now(), &loaded.settings.time_zone),
        expires_at: None,
        evidence: "asked for by send-alert".to_owned(),
        phrase: Phrase { long: options.text.clone(), short: options.text.clone() },
    };
    let (decisions, message) = agent.heuristic.alert(vec![condition]).await?;
    agent.outbox.drain(agent.settle_time).await;
    agent.finish().await;

    let mut out = std::io::stdout().lock();
    let Some(id) = message else {
        let mut exit = Exit::Done;
        for decision in decisions {
            let zone = &loaded.settings.time_zone;
            let word =
                decision.word.as_ref().map(|word| text::word(&word.author, word.until, Some(&word.comment), zone));
            let (subject, reason) = (&decision.condition.subject, decision.reason);
            writeln!(out, "{subject}: not sent, {reason}{}", word.unwrap_or_default())?;
            // Nobody decides about this one again, so whoever asked has to.
            if matches!(decision.reason, Reason::QuietHours | Reason::RateLimited) {
                exit = Exit::TryAgain;
            }
        }
        return Ok(exit);
    };
    let sent = agent.store.read(|connection| outbox::get(connection, &id))?;
    super::notify_test::outcome(&mut out, sent.as_ref())
}

/// What the state of a message means for the exit code.
pub(super) fn exit(state: State) -> Exit {
    match state {
        State::Failed => Exit::Failed,
        state if state.is_unsettled() => Exit::Unknown,
        _ => Exit::Done,
    }
}
