//! Each channel alone against its fake, without the binary: the outcome of every answer, and of every missing
//! answer.
//!
//! The end-to-end tests (`e2e`) test what the outbox does with an outcome.

mod email;
mod lease;
mod slack;
mod telegram;

use std::{sync::Arc, time::Duration};

use mecris_agent::{
    clock::Clock,
    config::{Fetched, Inputs, load},
    notify::channels::{Channel, ChannelKind, LeaseCheck, Outcome, Outgoing},
    runtime,
};

/// The result of a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    Accepted,
    AcceptedElsewhere,
    RefusedForGood,
    RefusedForNow,
    NotSent,
    InDoubt,
}

const TEXT: &str = "Mecris: reading derails today #k7q2x9";
const TAG: &str = "#k7q2x9";

fn outgoing(text: &str) -> Outgoing<'_> {
    Outgoing {
        text,
        tag: TAG,
        validity: None,
        lease: LeaseCheck::new(|| true),
    }
}

/// The single channel of a configuration, assembled as in the agent.
fn channel(kind: &str, variables: &[(&str, &str)]) -> Result<Arc<dyn Channel>, String> {
    let missing = std::path::PathBuf::from("/nonexistent");
    let channels = format!("[{kind}]");
    let base = [
        ("MECRIS__TIME_ZONE", "UTC"),
        ("MECRIS__NOTIFY__CHANNELS", channels.as_str()),
        ("MECRIS__NOTIFY__LEASE", "3s"),
    ];
    let variables = base
        .iter()
        .chain(variables)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let inputs = Inputs {
        file: None,
        fallback_file: missing.clone(),
        variables,
        dotenv: missing,
        fetched: Fetched::default(),
    };
    let loaded = load(&inputs).map_err(|error| error.to_string())?;
    let channels = runtime::channels(&loaded.settings, &loaded.secrets, &Clock::system());
    channels
        .map_err(|error| error.to_string())?
        .into_iter()
        .next()
        .ok_or_else(|| "no channel".to_owned())
}

/// The name of an outcome, and its sentence.
fn came(outcome: &Outcome) -> (Came, String) {
    match outcome {
        Outcome::Accepted(id) => (Came::Accepted, id.clone()),
        Outcome::AcceptedElsewhere { why, .. } => (Came::AcceptedElsewhere, why.clone()),
        Outcome::Rejected {
            permanent: true, why, ..
        } => (Came::RefusedForGood, why.clone()),
        Outcome::Rejected {
            permanent: false,
            why,
            ..
        } => (Came::RefusedForNow, why.clone()),
        Outcome::NotSent { why } => (Came::NotSent, why.clone()),
        Outcome::Unknown { why } => (Came::InDoubt, why.clone()),
    }
}

/// Sends as the outbox does: opens the connection, then sends the message.
async fn send(channel: &dyn Channel, within: Duration) -> Outcome {
    let _ = channel.warm_up().await;
    channel.send(outgoing(TEXT), within).await
}

const WITHIN: Duration = Duration::from_secs(2);
