//! Reads the secrets again now and then, so that a rotation is known before an upstream refuses the old ones.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Agent;
use crate::config::LiveSecrets;

/// For so long secrets are used as they were read: five minutes, $0.003 a month at five hours a day.
const FRESH: Duration = Duration::from_secs(300);

/// Until it is cancelled. A channel that was broken gets a new chance with new secrets.
pub async fn keep_fresh(secrets: LiveSecrets, agent: Agent, stop: CancellationToken) {
    if !secrets.is_renewable() {
        return;
    }
    let mut known = secrets.edition();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(FRESH) => {}
        }
        secrets.refresh().await;
        let edition = secrets.edition();
        if std::mem::replace(&mut known, edition) != edition
            && let Err(error) = agent.outbox.retry_broken_channels().await
        {
            tracing::warn!(%error, "broken channels get no new chance now");
        }
    }
}
