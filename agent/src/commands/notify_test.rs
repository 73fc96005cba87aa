//! `notify test`: sends a test message. The message skips the policy but goes through the outbox, so it is
//! delivered in the same way as every other message.

use std::{io::Write, path::Path, time::Duration};

use tokio::time::Instant;

use super::{Exit, context, send_alert};
use crate::{
    clock::Clock,
    domain::{ChannelKind, Severity, Subject},
    notify::{
        message::Text,
        outbox::{NewMessage, State},
    },
    runtime::Agent,
    store::tables::outbox::{self, Notification},
};

/// How long the command waits for the receipt.
const RECEIPT_TIMEOUT: Duration = Duration::from_secs(20);

/// How often the command checks whether the receipt has arrived. The outbox asks the provider at its own
/// pace.
const RECEIPT_POLL: Duration = Duration::from_secs(1);

pub(super) async fn notify_test(config: Option<&Path>, channel: Option<ChannelKind>) -> anyhow::Result<Exit> {
    let loaded = context::load(config).await?;
    if let Some(channel) = channel
        && !loaded.settings.notify.channels.contains(&channel)
    {
        anyhow::bail!(
            "{} is not in notify.channels: add it there first",
            channel.as_str()
        );
    }
    let agent = context::agent(&loaded, Clock::system(), context::REMOTE_TIMEOUT).await?;
    let message = NewMessage {
        run_id: None,
        severity: Severity::Safe,
        subjects: vec![Subject::run()],
        text: Text::alone("this is a test, all is well with this channel"),
        expires_at: None,
        channels: None,
        only: channel,
    };
    let outbox = agent.outbox.clone();
    let id = agent
        .store
        .write_and_copy(agent.lease, move |tx| outbox.insert(tx, message.clone()))
        .await?;
    agent.outbox.drain(agent.settle_time).await;
    await_receipt(&agent, &id).await?;
    agent.finish().await;
    let sent = agent.store.read(|connection| outbox::get(connection, &id))?;
    outcome(&mut std::io::stdout().lock(), sent.as_ref())
}

/// Waits for the receipt of an accepted message. In the US most refusals come from the carrier, seconds after
/// the provider accepted the message.
async fn await_receipt(agent: &Agent, id: &str) -> anyhow::Result<()> {
    let end = Instant::now() + RECEIPT_TIMEOUT;
    while Instant::now() < end {
        let message = agent.store.read(|connection| outbox::get(connection, id))?;
        if message.is_none_or(|message| message.state != State::Accepted || !message.channel.has_receipts()) {
            break;
        }
        tokio::time::sleep(RECEIPT_POLL).await;
        agent.outbox.work().await;
    }
    Ok(())
}

/// Prints the state of a message and returns the exit code of that state.
pub(super) fn outcome(out: &mut impl Write, message: Option<&Notification>) -> anyhow::Result<Exit> {
    let Some(message) = message else {
        anyhow::bail!("the message is not in the outbox any more")
    };
    let id = message
        .provider_id
        .as_deref()
        .unwrap_or("no id from the provider");
    writeln!(
        out,
        "{} by {}: {} ({id})",
        message.id,
        message.channel.as_str(),
        message.state.as_str()
    )?;
    if let Some(why) = &message.why {
        writeln!(out, "  {why}")?;
    }
    Ok(send_alert::exit(message.state))
}
