//! What Mecris is told: settings by concern, loaded in layers, validated all at once; and secrets, which come from elsewhere.
//!
//! [`load`] is the whole story: layers (`layers`) → typed reads that collect every problem (`reader`) → validated
//! [`Settings`] (`validate`). Nothing here reads the process environment except [`Inputs::of_process`], and nothing here
//! opens a connection.

mod keys;
mod layers;
mod load;
mod problem;
mod reader;
pub mod secrets;
pub mod settings;
mod show;
mod validate;

#[cfg(test)]
mod tests;

pub use load::{DEFAULT_FILE, Inputs, Loaded, load};
pub use problem::{ConfigError, ConfigProblem, EffectiveSetting, Source};
pub use secrets::{SecretName, SecretSource, Secrets};
pub use settings::Settings;
pub(crate) use validate::is_loopback;

/// Environment variables by name.
pub type Variables = std::collections::BTreeMap<String, String>;
