//! The configuration: settings by concern, loaded in layers and validated all at once, and secrets, which are
//! not settings.
//!
//! [`load`] is the whole story: layers (`layers`) → typed reads that collect every problem (`reader`) →
//! validated [`Settings`] (`settings`, which calls the file of each concern). Only [`Inputs::of_process`]
//! reads the process environment. Nothing here opens a connection: [`wanted`] says what has to be fetched
//! from AWS first.

mod beeminder;
mod budget;
mod fetched;
mod general;
mod given;
mod goal;
pub mod handwritten;
mod http;
mod keys;
mod layers;
mod lines;
mod load;
mod names;
mod notify;
mod operation;
mod problem;
mod reader;
mod schedule;
pub mod secrets;
mod setting;
mod settings;
mod show;
mod storage;
mod urls;
mod window;

#[cfg(test)]
pub(crate) mod tests;

pub use beeminder::{BeeminderSettings, BeeminderSource};
pub use budget::{BudgetPeriod, BudgetSettings, BudgetSource, BudgetThresholds, Price, ProviderBudget, Rate};
pub use fetched::{Fetched, Want};
pub use general::{Environment, Role};
pub use goal::{GoalRule, LeadDays};
pub use http::{Auth, HttpSettings};
pub(crate) use keys::nearest;
pub use load::{DEFAULT_FILE, Inputs, Loaded, load, load_given, load_here, load_journal, wanted};
pub use notify::{
    ContentTemplate, EmailSettings, NotifySettings, Sender, SlackSettings, SmsSettings, TelegramChat,
    TelegramSettings, VoiceSettings, WhatsAppSettings,
};
pub use operation::{JournalSettings, TelemetrySettings};
pub use problem::{ConfigError, ConfigProblem, EffectiveSetting, Source};
pub use schedule::{HeuristicSettings, PolicySettings, WalkSettings};
pub use secrets::{RenewableSecrets, SecretName, SecretSource, Secrets};
pub use settings::Settings;
pub use storage::{SecretsSettings, StateSettings};
pub(crate) use urls::is_loopback;
pub use window::WindowSettings;

/// Environment variables by name.
pub type Variables = std::collections::BTreeMap<String, String>;
