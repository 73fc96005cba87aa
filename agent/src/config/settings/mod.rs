//! The settings after validation, one file for each concern: what is here cannot be wrong any more. How it is
//! checked is in `validate`.

mod beeminder;
mod budget;
mod http;
mod notify;
mod operation;
mod schedule;
mod storage;

use jiff::tz::TimeZone;

pub use beeminder::{BeeminderSettings, BeeminderSource};
pub use budget::{BudgetPeriod, BudgetSettings, BudgetSource, BudgetThresholds, Price, ProviderBudget};
pub use http::{Auth, HttpSettings};
pub use notify::{
    ContentTemplate, EmailSettings, NotifySettings, Sender, SlackSettings, SmsSettings, TelegramChat,
    TelegramSettings, VoiceSettings, WhatsAppSettings,
};
pub use operation::{JournalSettings, TelemetrySettings};
pub use schedule::{HeuristicSettings, PolicySettings, WalkSettings};
pub use storage::{SecretsSettings, StateSettings};

use crate::clock::Window;

/// Everything that is configured, except secrets.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where this runs.
    pub environment: Environment,
    /// The person's zone: local days, quiet hours, the walk, the window.
    pub time_zone: TimeZone,
    /// When the instance exists.
    pub window: Window,
    /// `window.grace`: how long before and after the window the agent may run without saying so.
    pub window_grace: std::time::Duration,
    /// The endpoints.
    pub http: HttpSettings,
    /// When to look, and from which severity to speak.
    pub heuristic: HeuristicSettings,
    /// How often and when to speak at most.
    pub policy: PolicySettings,
    /// Where goals come from.
    pub beeminder: BeeminderSettings,
    /// The daily walk, if there is one.
    pub walk: Option<WalkSettings>,
    /// LLM budgets.
    pub budget: BudgetSettings,
    /// How to reach the person.
    pub notify: NotifySettings,
    /// Where state lives.
    pub state: StateSettings,
    /// Where secrets come from.
    pub secrets: SecretsSettings,
    /// Metrics in the log.
    pub telemetry: TelemetrySettings,
    /// The journal off the machine.
    pub journal: JournalSettings,
}

/// `environment`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// A laptop or a test.
    Development,
    /// For real: refuses console delivery, `--at` and `auth = "none"`.
    Production,
}

impl Environment {
    /// As it is configured.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }
}
