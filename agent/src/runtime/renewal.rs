//! Reads the secrets again now and then, so that a rotation is known before an upstream refuses the old ones.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Agent;
use crate::config::LiveSecrets;

/// For so long secrets are used as they were read: five minutes, $0.003 a month at five hours a day.
const FRESH: Duration = Duration::from_secs(300);
/// And so long it takes to ask again where none could be read yet.
const WHILE_NONE: Duration = Duration::from_secs(30);

/// Until it is cancelled; for secrets that can be read again. Calls `replaced` when others are there, whoever
/// has read them.
pub async fn keep_fresh<R>(secrets: LiveSecrets, stop: CancellationToken, replaced: impl Fn() -> R)
where
    R: Future<Output = ()>,
{
    let mut known = secrets.edition();
    while secrets.is_renewable() {
        let wait = if secrets.get().is_empty() {
            WHILE_NONE
        } else {
            FRESH
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        secrets.refresh().await;
        let edition = secrets.edition();
        if std::mem::replace(&mut known, edition) != edition {
            replaced().await;
        }
    }
}

/// [`keep_fresh`] for the agent: a channel that was broken gets a new chance with new secrets.
pub async fn of_agent(secrets: LiveSecrets, agent: Agent, stop: CancellationToken) {
    let outbox = &agent.outbox;
    let try_again = || async move {
        if let Err(error) = outbox.retry_broken_channels().await {
            tracing::warn!(%error, "broken channels get no new chance now");
        }
    };
    keep_fresh(secrets, stop, try_again).await;
}
