//! Reads one parameter or one secret.

use secrecy::{ExposeSecret as _, SecretString};

use super::{CloudError, error::Asked, sdk};
use crate::config::{
    Want,
    secrets::{ManagedSecrets, Renew, RenewError, Renewal, SecretSource as _},
};

/// The label of a secret's current version. A rotation moves it.
const CURRENT: &str = "AWSCURRENT";

/// Fetches the parameter or secret that a configuration names.
///
/// # Errors
/// If it does not exist, reading is not allowed, or AWS cannot be reached.
pub async fn fetch(want: &Want) -> Result<SecretString, CloudError> {
    let what = want.to_string();
    match want {
        Want::Parameter(name) => parameter(name, &what).await,
        Want::Secret(id) => secret(id, &what).await,
    }
}

async fn parameter(name: &str, what: &str) -> Result<SecretString, CloudError> {
    let remedy = "create it with the settings in TOML, or change config.ssm_parameter";
    let asked = Asked {
        action: "ssm:GetParameter",
        what,
        remedy,
    };
    let client = aws_sdk_ssm::Client::new(sdk().await);
    let answer = client
        .get_parameter()
        .name(name)
        .with_decryption(true)
        .send()
        .await;
    let answer = answer.map_err(|error| CloudError::of(asked, &error))?;
    let text = answer.parameter.and_then(|parameter| parameter.value);
    text.map(SecretString::from)
        .ok_or_else(|| CloudError::lasting(format!("{what} is empty: {remedy}")))
}

async fn secret(id: &str, what: &str) -> Result<SecretString, CloudError> {
    let remedy = "create it with one JSON object, {\"NAME\": \"value\"}, or change secrets.source";
    let asked = Asked {
        action: "secretsmanager:GetSecretValue",
        what,
        remedy,
    };
    let client = aws_sdk_secretsmanager::Client::new(sdk().await);
    let answer = client
        .get_secret_value()
        .secret_id(id)
        .version_stage(CURRENT)
        .send()
        .await;
    let answer = answer.map_err(|error| CloudError::of(asked, &error))?;
    let no_text = || CloudError::lasting(format!("{what} has no text, only bytes or nothing: {remedy}"));
    answer.secret_string.map(SecretString::from).ok_or_else(no_text)
}

/// The id of a secret in Secrets Manager. The secret is read again when an upstream refuses its value.
#[derive(Clone, Debug)]
pub struct ManagedSecret(pub String);

impl Renew for ManagedSecret {
    fn renew(&self) -> Renewal<'_> {
        Box::pin(async move {
            let text = fetch(&Want::Secret(self.0.clone()))
                .await
                .map_err(RenewError::source)?;
            let found = ManagedSecrets::new(&self.0, Ok(text.expose_secret())).load();
            Ok(found?.secrets)
        })
    }
}
