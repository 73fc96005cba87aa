//! What nearly every command needs first: checked settings and secrets, and the agent made from them.

use std::{path::Path, time::Duration};

use crate::{
    clock::Clock,
    cloud::{self, ManagedSecret, Trouble},
    config::{
        self, Auth, ConfigError, Inputs, Loaded, RenewableSecrets, Secrets, SecretsSettings, StateSettings,
        secrets::Renewable,
    },
    http::Tokens,
    runtime::{self, Agent},
    store::StoreError,
};

/// Reads settings and secrets from all their sources, AWS included. Logs the warnings.
///
/// # Errors
/// A [`ConfigError`] with every problem at once, or a [`cloud::CloudError`] if AWS gives no answer now.
pub(super) async fn load(config: Option<&Path>) -> anyhow::Result<Loaded> {
    let loaded = load_silently(config).await?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    Ok(loaded)
}

/// As [`load`], but without logging the warnings: the caller logs them.
pub(super) async fn load_silently(config: Option<&Path>) -> anyhow::Result<Loaded> {
    let mut inputs = Inputs::of_process(config.map(Path::to_owned));
    while let Some(want) = config::wanted(&inputs) {
        let fetched = match cloud::fetch(&want).await {
            Err(error) if error.trouble == Trouble::Passing => return Err(error.into()),
            fetched => fetched.map_err(|error| error.to_string()),
        };
        inputs.fetched.add(want, fetched);
    }
    let mut loaded = config::load(&inputs)?;
    if let SecretsSettings::SecretsManager(id) = &loaded.settings.secrets {
        loaded.secrets =
            RenewableSecrets::with_source(loaded.secrets.get().as_ref().clone(), ManagedSecret(id.clone()));
    }
    Ok(loaded)
}

/// Checks that the secrets of all configured upstreams and channels are present.
///
/// # Errors
/// One problem for each missing secret.
pub(super) fn require_secrets(loaded: &Loaded) -> Result<(), ConfigError> {
    ConfigError::of_secrets(loaded.secrets.get().missing_for(&loaded.settings))
}

/// How long a one-shot command waits for a remote that does not answer.
pub(super) const REMOTE_TIMEOUT: Duration = Duration::from_secs(10);

/// Opens the state and assembles the agent. If a copy off the machine is newer than the local file, the copy
/// replaces the file first.
///
/// # Errors
/// If a secret is missing. If the state is in use or cannot be opened. If the remote does not answer within
/// `remote_timeout` and the state cannot be used without its answer.
pub(super) async fn agent(loaded: &Loaded, clock: Clock, remote_timeout: Duration) -> anyhow::Result<Agent> {
    require_secrets(loaded)?;
    let store = runtime::state::open(&loaded.settings.state, &clock, remote_timeout)
        .await
        .map_err(|error| advise(&loaded.settings.state, error))?;
    Ok(Agent::assemble(&loaded.settings, &loaded.secrets, clock, store)?)
}

/// Adds to the error of a damaged state what the person can do next.
pub(super) fn advise(settings: &StateSettings, error: StoreError) -> anyhow::Error {
    if !error.is_damage() {
        return error.into();
    }
    anyhow::Error::new(error).context(format!(
        "the state cannot be relied on. {}",
        way_out_of_damage(settings)
    ))
}

/// What a person can do about a damaged state, as sentences without the last full stop.
pub(super) fn way_out_of_damage(settings: &StateSettings) -> String {
    if settings.remote.is_some() {
        return "`mecris-agent state verify --all` shows which copies are sound, `mecris-agent state restore --latest` goes \
                back to the newest sound copy"
            .to_owned();
    }
    format!(
        "state.remote is \"none\", so there is no copy off this machine: `mecris-agent state restore FILE` goes back to a \
         backup of yours. Without one move {} away: the next pass begins an empty state, and may say again what was said \
         today",
        settings.path.display()
    )
}

/// The tokens of the callers that may use the endpoints. They follow every rotation of the secrets.
///
/// # Errors
/// If a token is required and missing, is too short, or its name appears twice.
pub(super) fn tokens(loaded: &Loaded) -> Result<Renewable<Tokens>, ConfigError> {
    ConfigError::of_secrets(loaded.secrets.get().missing_for_endpoints(&loaded.settings))?;
    let needed = loaded.settings.http.auth == Auth::Token;
    let tokens = move |secrets: &Secrets| match secrets.api_tokens() {
        // A rotation without any token must not lock every caller out: the earlier tokens stay in force.
        Ok(tokens) if tokens.is_empty() && needed => Err("MECRIS_API_TOKENS is missing".to_owned()),
        Ok(tokens) => Ok(Tokens::new(&tokens)),
        Err(error) => Err(error.to_string()),
    };
    Renewable::new(&loaded.secrets, tokens).map_err(|error| ConfigError::one("secrets", error))
}
