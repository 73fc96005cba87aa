//! The account and the key that Twilio is asked with.

use secrecy::{ExposeSecret, SecretString};

use crate::config::secrets::{SecretName, Secrets};

/// The credentials of a call to Twilio: an API key if there is one, because it can be revoked alone and may
/// have fewer permissions; else the account's own token.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `AC…`, in the path of every call.
    pub(super) account_sid: String,
    /// `SK…` or `AC…`.
    pub(super) user: String,
    /// The key's secret or the account's token.
    pub(super) password: SecretString,
}

/// Why there are no credentials. Never contains a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// The account SID is not set.
    #[error(
        "TWILIO_ACCOUNT_SID is missing: expected AC and 32 hexadecimal digits, as the Twilio console shows it"
    )]
    NoAccount,
    /// The account SID is malformed, so it must not become part of a path.
    #[error(
        "TWILIO_ACCOUNT_SID is not an account SID: expected AC and 32 hexadecimal digits, as the Twilio console shows it"
    )]
    BadAccount,
    /// There is neither a whole API key nor a token.
    #[error("Twilio needs TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET together, or TWILIO_AUTH_TOKEN")]
    NoPassword,
}

impl Credentials {
    /// Reads Twilio's credentials from the secrets.
    ///
    /// # Errors
    /// If a secret is missing or malformed.
    pub fn from_secrets(secrets: &Secrets) -> Result<Self, CredentialsError> {
        let account_sid = secrets
            .get(SecretName::TwilioAccountSid)
            .ok_or(CredentialsError::NoAccount)?;
        let account_sid = account_sid.expose_secret().to_owned();
        if !is_account_sid(&account_sid) {
            return Err(CredentialsError::BadAccount);
        }
        let key = (
            secrets.get(SecretName::TwilioApiKeySid),
            secrets.get(SecretName::TwilioApiKeySecret),
        );
        let (user, password) = match (key, secrets.get(SecretName::TwilioAuthToken)) {
            ((Some(sid), Some(secret)), _) => (sid.expose_secret().to_owned(), secret.clone()),
            (_, Some(token)) => (account_sid.clone(), token.clone()),
            _ => return Err(CredentialsError::NoPassword),
        };
        Ok(Self {
            account_sid,
            user,
            password,
        })
    }
}

fn is_account_sid(text: &str) -> bool {
    text.strip_prefix("AC")
        .is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(known: &[(SecretName, &str)]) -> Secrets {
        let mut secrets = Secrets::default();
        for (name, value) in known {
            secrets.insert(*name, SecretString::from(*value));
        }
        secrets
    }

    const ACCOUNT: (SecretName, &str) = (SecretName::TwilioAccountSid, "AC00000000000000000000000000000001");
    const TOKEN: (SecretName, &str) = (SecretName::TwilioAuthToken, "canary-token");
    const KEY: (SecretName, &str) = (SecretName::TwilioApiKeySid, "SK00000000000000000000000000000002");
    const KEY_SECRET: (SecretName, &str) = (SecretName::TwilioApiKeySecret, "canary-key");

    #[test]
    fn an_api_key_is_preferred_and_half_a_key_is_none() {
        let both = Credentials::from_secrets(&secrets(&[ACCOUNT, TOKEN, KEY, KEY_SECRET])).unwrap();
        assert_eq!(
            (both.user.as_str(), both.password.expose_secret()),
            (KEY.1, "canary-key")
        );
        let half = Credentials::from_secrets(&secrets(&[ACCOUNT, TOKEN, KEY])).unwrap();
        assert_eq!(
            (half.user.as_str(), half.password.expose_secret()),
            (ACCOUNT.1, "canary-token")
        );
        assert!(!format!("{both:?}").contains("canary"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = |known: &[_]| Credentials::from_secrets(&secrets(known)).unwrap_err();
        assert_eq!(error(&[TOKEN]), CredentialsError::NoAccount);
        assert_eq!(error(&[ACCOUNT, KEY]), CredentialsError::NoPassword);
        assert_eq!(
            error(&[(ACCOUNT.0, "AC../../x"), TOKEN]),
            CredentialsError::BadAccount
        );
    }
}
