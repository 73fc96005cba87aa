//! How `serve` waits for settings and secrets that are in AWS.
//!
//! A problem in AWS is often mended while the agent starts: IAM takes seconds to publish a new permission, a
//! person corrects the secret, the network comes up. So a start tries again for a while and says why in the
//! log and in the status of the unit. Otherwise it would use up the few starts that systemd allows. A problem
//! on this machine fails at once.

use std::{path::Path, time::Duration};

use tokio::time::{Instant, sleep, timeout_at};

use super::context;
use crate::{
    cloud::{CloudError, Trouble},
    config::{self, ConfigError, Inputs, Loaded, secrets::Renewable},
    http::Tokens,
    runtime::systemd::Notifier,
};

/// How long one start keeps trying. Five starts of this length fit into the unit's StartLimitIntervalSec=, so
/// systemd gives up after the fifth.
const RETRY_FOR: Duration = Duration::from_secs(45);

/// The pause between two tries.
const PAUSE: Duration = Duration::from_secs(3);

/// How much longer than [`RETRY_FOR`] systemd waits before it stops the start.
const MARGIN: Duration = Duration::from_secs(15);

/// Loads settings, secrets and tokens, and checks that none is missing.
///
/// # Errors
/// The problem of the last try.
pub(super) async fn load(
    config: Option<&Path>,
    notifier: &Notifier,
) -> anyhow::Result<(Loaded, Renewable<Tokens>)> {
    let end = Instant::now() + RETRY_FOR;
    notifier.extend_timeout(RETRY_FOR + MARGIN);
    let mut last = no_answer();
    let mut warned = Vec::new();
    loop {
        let error = match timeout_at(end, complete(config, &mut warned)).await {
            Ok(Ok(complete)) => return Ok(complete),
            Ok(Err(error)) => error,
            Err(_) => return Err(last),
        };
        if Instant::now() + PAUSE >= end || !may_be_mended_in_aws(config, &error) {
            return Err(error);
        }
        let sentence = format!("{error:#}");
        if sentence != format!("{last:#}") {
            notifier.status(&format!("cannot start yet: {sentence}"));
            tracing::error!(error = sentence, every = ?PAUSE, "cannot start yet: trying again");
        }
        last = error;
        sleep(PAUSE).await;
    }
}

fn no_answer() -> anyhow::Error {
    let sentence = format!("AWS did not give settings and secrets within {RETRY_FOR:?}");
    CloudError {
        trouble: Trouble::Passing,
        sentence,
    }
    .into()
}

async fn complete(
    config: Option<&Path>,
    warned: &mut Vec<String>,
) -> anyhow::Result<(Loaded, Renewable<Tokens>)> {
    let loaded = context::load_silently(config).await?;
    for warning in &loaded.warnings {
        if !warned.contains(warning) {
            tracing::warn!("{warning}");
            warned.push(warning.clone());
        }
    }
    context::require_secrets(&loaded)?;
    let tokens = context::tokens(&loaded)?;
    Ok((loaded, tokens))
}

/// Whether a later try can succeed without a change on this machine: AWS does not answer, refuses, or holds a
/// wrong setting or secret.
fn may_be_mended_in_aws(config: Option<&Path>, error: &anyhow::Error) -> bool {
    if error.is::<CloudError>() {
        return true;
    }
    if !error.is::<ConfigError>() {
        return false;
    }
    let inputs = Inputs::of_process(config.map(Path::to_owned));
    config::wanted(&inputs).is_some() && config::load_here(&inputs).is_ok()
}
