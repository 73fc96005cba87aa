//! What Mecris is told: settings by concern, loaded in layers, validated all at once; and secrets, which come
//! from elsewhere.
//!
//! [`load`] is the whole story: layers (`layers`) → typed reads that collect every problem (`reader`) →
//! validated [`Settings`] (`validate`). Nothing here reads the process environment except
//! [`Inputs::of_process`], and nothing here opens a connection: [`wanted`] says what has to be brought from
//! AWS first.

mod fetched;
mod given;
mod keys;
mod layers;
mod load;
mod names;
mod problem;
mod reader;
pub mod secrets;
pub mod settings;
mod show;
mod validate;

#[cfg(test)]
mod tests;

pub use fetched::{Fetched, Want};
pub use load::{DEFAULT_FILE, Inputs, Loaded, load, load_here, load_journal, wanted};
pub use problem::{ConfigError, ConfigProblem, EffectiveSetting, Source};
pub use secrets::{LiveSecrets, SecretName, SecretSource, Secrets};
pub use settings::Settings;
pub(crate) use validate::is_loopback;

/// Environment variables by name.
pub type Variables = std::collections::BTreeMap<String, String>;
