//! How `serve` waits for settings and secrets that are in AWS.
//!
//! What is wrong there is put right by somebody else while the agent starts: a role gets its permission (IAM
//! takes seconds to tell everybody), a person corrects the secret, the network comes up. So a start tries
//! again for a while and says why, in the status of the unit and in the log, instead of using up the few
//! starts that systemd allows. What is wrong on this machine fails at once.

use std::{path::Path, time::Duration};

use tokio::time::{Instant, sleep, timeout_at};

use super::context;
use crate::{
    cloud::{CloudError, Trouble},
    config::{self, ConfigError, Inputs, Loaded, secrets::Renewable},
    http::Tokens,
    runtime::systemd::Notifier,
};

/// How long one start tries. Five of them, and what else a start takes, are within the unit's
/// StartLimitIntervalSec=: it gives up.
const PATIENCE: Duration = Duration::from_secs(45);

/// Between two tries.
const PAUSE: Duration = Duration::from_secs(3);

/// What systemd allows the start beyond [`PATIENCE`], until it hears of the next step.
const MARGIN: Duration = Duration::from_secs(15);

/// Settings, secrets and tokens, all that is needed of them.
///
/// # Errors
/// With what was wrong last.
pub(super) async fn load(
    config: Option<&Path>,
    notifier: &Notifier,
) -> anyhow::Result<(Loaded, Renewable<Tokens>)> {
    let end = Instant::now() + PATIENCE;
    notifier.extend_timeout(PATIENCE + MARGIN);
    let mut last = silence();
    let mut warned = Vec::new();
    loop {
        let error = match timeout_at(end, complete(config, &mut warned)).await {
            Ok(Ok(complete)) => return Ok(complete),
            Ok(Err(error)) => error,
            Err(_) => return Err(last),
        };
        if Instant::now() + PAUSE >= end || !may_heal(config, &error) {
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

fn silence() -> anyhow::Error {
    let sentence = format!("AWS did not give settings and secrets within {PATIENCE:?}");
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

/// Whether somebody elsewhere can put it right: AWS does not answer or refuses, or has something that is
/// wrong.
fn may_heal(config: Option<&Path>, error: &anyhow::Error) -> bool {
    let in_aws = || {
        let inputs = Inputs::of_process(config.map(Path::to_owned));
        config::wanted(&inputs).is_some() && config::load_here(&inputs).is_ok()
    };
    error.is::<CloudError>() || (error.is::<ConfigError>() && in_aws())
}
