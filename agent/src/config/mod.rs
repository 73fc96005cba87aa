//! What Mecris is told: settings by concern, loaded in layers, validated all at once; and secrets, which come from elsewhere.

pub mod secrets;
pub mod settings;

pub use secrets::{SecretName, SecretSource, Secrets};
pub use settings::Settings;
