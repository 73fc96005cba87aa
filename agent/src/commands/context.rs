//! What nearly every command needs first: settings and secrets, both checked.

use std::{path::Path, time::Duration};

use crate::{
    clock::Clock,
    cloud::{self, ManagedSecret, Trouble},
    config::{
        self, Auth, ConfigError, Inputs, Loaded, RenewableSecrets, Secrets, SecretsSettings,
        secrets::Renewable,
    },
    http::Tokens,
    runtime::{self, Agent},
    store::StoreError,
};

/// Reads settings and secrets from everywhere they may be, AWS included.
///
/// # Errors
/// With every problem at once; with a [`cloud::CloudError`] if AWS cannot be asked now.
pub(super) async fn load(config: Option<&Path>) -> anyhow::Result<Loaded> {
    let loaded = load_silently(config).await?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    Ok(loaded)
}

/// As [`load`], with the warnings left to whoever calls.
pub(super) async fn load_silently(config: Option<&Path>) -> anyhow::Result<Loaded> {
    let mut inputs = Inputs::of_process(config.map(Path::to_owned));
    while let Some(want) = config::wanted(&inputs) {
        let came = match cloud::fetch(&want).await {
            Err(error) if error.trouble == Trouble::Passing => return Err(error.into()),
            came => came.map_err(|error| error.to_string()),
        };
        inputs.fetched.add(want, came);
    }
    let mut loaded = config::load(&inputs)?;
    if let SecretsSettings::SecretsManager(id) = &loaded.settings.secrets {
        loaded.secrets =
            RenewableSecrets::with_source(loaded.secrets.get().as_ref().clone(), ManagedSecret(id.clone()));
    }
    Ok(loaded)
}

/// Refuses to go on without the secrets of the configured upstreams and channels.
///
/// # Errors
/// With one problem for each secret.
pub(super) fn require_secrets(loaded: &Loaded) -> Result<(), ConfigError> {
    ConfigError::of_secrets(loaded.secrets.get().missing_for(&loaded.settings))
}

/// What a command that ends waits for a remote that does not answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Opens the state, from its copies if they are newer, and puts the agent together.
///
/// # Errors
/// If a secret is missing, or the state is in use or cannot be opened, or not restored within `patience`.
pub(super) async fn agent(loaded: &Loaded, clock: Clock, patience: Duration) -> anyhow::Result<Agent> {
    require_secrets(loaded)?;
    let store = runtime::state::open(&loaded.settings.state, &clock, patience)
        .await
        .map_err(advise)?;
    Ok(Agent::assemble(&loaded.settings, &loaded.secrets, clock, store)?)
}

/// Adds what helps against a damaged state.
fn advise(error: StoreError) -> anyhow::Error {
    if !error.is_damage() {
        return error.into();
    }
    anyhow::Error::new(error).context(
        "the state cannot be relied on. `mecris-agent state verify --all` says what is sound, `mecris-agent state restore --latest` \
         goes back to the newest that is",
    )
}

/// Who may call the endpoints.
///
/// # Errors
/// If a token is needed and missing, too short, or named twice.
pub(super) fn tokens(loaded: &Loaded) -> Result<Renewable<Tokens>, ConfigError> {
    ConfigError::of_secrets(loaded.secrets.get().missing_for_endpoints(&loaded.settings))?;
    let needed = loaded.settings.http.auth == Auth::Token;
    let tokens = move |secrets: &Secrets| match secrets.api_tokens() {
        // A rotation that loses them must not lock everybody out.
        Ok(tokens) if tokens.is_empty() && needed => Err("MECRIS_API_TOKENS is missing".to_owned()),
        Ok(tokens) => Ok(Tokens::new(&tokens)),
        Err(error) => Err(error.to_string()),
    };
    Renewable::new(&loaded.secrets, tokens).map_err(|error| ConfigError::one("secrets", error))
}
