//! Renews the secrets regularly, so that a rotation is known before an upstream refuses the old secrets.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Agent;
use crate::config::RenewableSecrets;

/// How long secrets are used before they are read again: five minutes, $0.003 a month at five hours a day.
const FRESH: Duration = Duration::from_secs(300);
/// The same while no secrets could be read yet.
const WHILE_NONE: Duration = Duration::from_secs(30);

/// Renews the secrets until `stop` is cancelled; returns at once if they cannot be renewed. Calls `replaced`
/// after each change, even if a refusal caused the renewal.
pub async fn renew_regularly<R>(secrets: RenewableSecrets, stop: CancellationToken, replaced: impl Fn() -> R)
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
        secrets.renew().await;
        let edition = secrets.edition();
        if std::mem::replace(&mut known, edition) != edition {
            replaced().await;
        }
    }
}

/// [`renew_regularly`] for the agent: new secrets give a broken channel a new chance.
pub async fn of_agent(secrets: RenewableSecrets, agent: Agent, stop: CancellationToken) {
    let outbox = &agent.outbox;
    let try_again = || async move {
        if let Err(error) = outbox.retry_broken_channels().await {
            tracing::warn!(%error, "broken channels get no new chance now");
        }
    };
    renew_regularly(secrets, stop, try_again).await;
}
