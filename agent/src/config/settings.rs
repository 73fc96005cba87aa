//! The settings after validation: what is here cannot be wrong any more.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use jiff::{civil::Date, tz::TimeZone};
use url::Url;

use crate::{
    clock::{DailyRange, Window},
    domain::{Money, PhoneNumber, Provider, Severity, Slug},
};

/// Everything that is configured, except secrets.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where this runs.
    pub environment: Environment,
    /// The person's zone: local days, quiet hours, the walk, the window.
    pub time_zone: TimeZone,
    /// When the instance exists.
    pub window: Window,
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
}

/// `environment`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// A laptop or a test.
    Development,
    /// For real: refuses console delivery, `--at` and `auth = "none"`.
    Production,
}

/// `[http]`.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Who may call.
    pub auth: Auth,
    /// Requests per minute for each token.
    pub requests_per_minute: u32,
}

/// `http.auth`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Bearer tokens from `MECRIS_API_TOKENS`.
    Token,
    /// Nobody asks; only on loopback, never in production.
    None,
}

/// `[heuristic]`.
#[derive(Clone, Copy, Debug)]
pub struct HeuristicSettings {
    /// Between two passes of `serve`.
    pub interval: Duration,
    /// The least severity that is worth a message.
    pub notify_at: Severity,
    /// For one whole pass; what has not answered by then is unknown.
    pub deadline: Duration,
}

/// `[policy]`.
#[derive(Clone, Copy, Debug)]
pub struct PolicySettings {
    /// Over all channels, any 60 minutes.
    pub max_messages_per_hour: u32,
    /// Over all channels, one local day.
    pub max_messages_per_day: u32,
    /// When nothing is sent.
    pub quiet_hours: Option<DailyRange>,
    /// Whether WARNING turning CRITICAL on the same day may speak again.
    pub escalate: bool,
}

/// `[beeminder]`.
#[derive(Clone, Debug)]
pub struct BeeminderSettings {
    /// API or file.
    pub source: BeeminderSource,
    /// Goals that are not looked at.
    pub ignore: Vec<Slug>,
}

/// Where goals are read.
#[derive(Clone, Debug)]
pub enum BeeminderSource {
    /// The API, with `BEEMINDER_AUTH_TOKEN`.
    Api {
        /// Ends in `/`; `https://www.beeminder.com/api/v1/`.
        base_url: Url,
        /// The account, or `me`.
        username: String,
    },
    /// The JSON of `goals.json` (an array) or `{"user": …, "goals": […]}` on disk.
    File(PathBuf),
}

/// `[walk]`.
#[derive(Clone, Debug)]
pub struct WalkSettings {
    /// The goal whose datapoints are walks.
    pub goal: Slug,
    /// When a missing walk is worth a reminder.
    pub hours: DailyRange,
}

/// `[budget]`.
#[derive(Clone, Debug)]
pub struct BudgetSettings {
    /// How old a budget row may get before it is stale.
    pub ttl: Duration,
    /// The one set of thresholds.
    pub thresholds: BudgetThresholds,
    /// `[[budget.price]]`: what tokens cost, by model and date.
    pub prices: Vec<Price>,
    /// One entry for each configured provider.
    pub providers: Vec<ProviderBudget>,
}

/// `[budget.thresholds]`: when a budget is WARNING or CRITICAL.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BudgetThresholds {
    /// Share of the limit used, 0.75.
    pub warning_share: f64,
    /// Share of the limit used, 0.95.
    pub critical_share: f64,
    /// WARNING when, at the present burn rate, the money ends this many days or more before the period does, 1.0.
    pub warning_days_short: f64,
    /// CRITICAL when the money lasts less than this many days at the present burn rate and ends before the period does, 1.0.
    pub critical_days_left: f64,
    /// Days over which the burn rate is taken, 7.
    pub burn_days: u32,
    /// Days after which an odometer reading is stale, 7.
    pub reading_max_age_days: u32,
}

/// One line of the dated price table: US dollars for a million tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// Who bills.
    pub provider: Provider,
    /// The model id, or `*` for any other model of the provider.
    pub model: String,
    /// First day (UTC) on which it holds.
    pub from: Date,
    /// Dollars for a million input tokens.
    pub input_usd_per_mtok: Money,
    /// Dollars for a million output tokens.
    pub output_usd_per_mtok: Money,
}

/// `[budget.anthropic]` or `[budget.groq]`.
#[derive(Clone, Debug)]
pub struct ProviderBudget {
    /// Whose.
    pub provider: Provider,
    /// How spending is known.
    pub source: BudgetSource,
    /// The limit of one period.
    pub limit: Money,
    /// Which period.
    pub period: BudgetPeriod,
}

/// `budget.*.source`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BudgetSource {
    /// Sessions recorded through `POST /usage/record`, priced by the table.
    Ledger,
    /// Month-to-date readings of the provider's console.
    Odometer,
}

/// `budget.*.period`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetPeriod {
    /// The calendar month of the configured zone.
    Monthly,
    /// From `starts` to `ends`, both inclusive, local days.
    Fixed {
        /// First day.
        starts: Date,
        /// Last day.
        ends: Date,
        /// Whether a period of the same length follows, or the budget says that it ended.
        rolls: bool,
    },
}

/// `[notify]`.
#[derive(Clone, Debug)]
pub struct NotifySettings {
    /// The order in which channels are tried.
    pub channels: Vec<ChannelKind>,
    /// How long one attempt owns its message.
    pub lease: Duration,
    /// How long after doubt the provider is given to list what it accepted.
    pub settle: Duration,
    /// `[notify.sms]`, present if `sms` is a channel.
    pub sms: Option<SmsSettings>,
}

/// A way to reach the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelKind {
    /// Standard output; development only.
    Console,
    /// A text message by Twilio.
    Sms,
}

/// `[notify.sms]`.
#[derive(Clone, Debug)]
pub struct SmsSettings {
    /// `https://api.twilio.com`.
    pub base_url: Url,
    /// The person (`notify.sms.to` or `TWILIO_TO_NUMBER`).
    pub to: PhoneNumber,
    /// Who it comes from.
    pub sender: SmsSender,
}

/// Who a text message comes from.
#[derive(Clone, Debug)]
pub enum SmsSender {
    /// `MG…`.
    MessagingService(String),
    /// `notify.sms.from` or `TWILIO_FROM_NUMBER`.
    Number(PhoneNumber),
}

/// `[state]`.
#[derive(Clone, Debug)]
pub struct StateSettings {
    /// The SQLite file.
    pub path: PathBuf,
    /// Where copies go, if anywhere.
    pub remote: Option<Url>,
}

/// `[secrets]`.
#[derive(Clone, Debug)]
pub enum SecretsSettings {
    /// The environment, then a `.env` file in the working directory.
    Env,
    /// One JSON object `{NAME: value}` in a file.
    File(PathBuf),
}
