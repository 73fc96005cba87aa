//! All settings, after validation: a [`Settings`] has no invalid value. The file of a concern reads and
//! checks its settings; here they come together.
//!
//! Every function reads all of its settings before it returns `None`, so that a person sees every problem at
//! once.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use super::{
    BeeminderSettings, BudgetSettings, Environment, GoalRule, HeuristicSettings, HttpSettings,
    JournalSettings, NotifySettings, PolicySettings, Role, Secrets, SecretsSettings, StateSettings,
    TelemetrySettings, WalkSettings, WindowSettings, beeminder, budget, general, goal, http, keys::Declared,
    notify, operation, reader::Reader, schedule, setting::Section, storage, window,
};
use crate::domain::Slug;

/// Every setting, in the order in which the documentation and `examples/full.toml` show them.
pub(super) const DECLARED: Declared = Declared(&[
    Section {
        title: "General",
        tables: &[general::TABLE, window::WINDOW],
    },
    Section {
        title: "HTTP",
        tables: &[http::TABLE],
    },
    Section {
        title: "When to look, when to speak",
        tables: &[schedule::HEURISTIC, schedule::POLICY],
    },
    Section {
        title: "Beeminder and the walk",
        tables: &[beeminder::TABLE, schedule::WALK, goal::TABLE],
    },
    Section {
        title: "Budgets",
        tables: &[
            budget::TABLE,
            budget::THRESHOLDS,
            budget::price::TABLE,
            budget::ANTHROPIC,
            budget::GROQ,
        ],
    },
    Section {
        title: "Messages",
        tables: &[
            notify::TABLE,
            notify::twilio::SMS,
            notify::whatsapp::TABLE,
            notify::twilio::VOICE,
            notify::telegram::TABLE,
            notify::slack::TABLE,
            notify::email::TABLE,
        ],
    },
    Section {
        title: "State, secrets, later layers",
        tables: &[storage::STATE, storage::SECRETS, storage::CONFIG],
    },
    Section {
        title: "Metrics and the journal",
        tables: &[operation::TELEMETRY, operation::JOURNAL],
    },
]);

/// Everything that is configured, except secrets.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where this runs.
    pub environment: Environment,
    /// Which of several installations for one person this is.
    pub role: Role,
    /// The person's zone: local days, quiet hours, the walk, the window.
    pub time_zone: TimeZone,
    /// When the machine runs.
    pub window: WindowSettings,
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
    /// What is different for single goals, by slug.
    pub goals: HashMap<Slug, GoalRule>,
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

/// Reads all settings but `[secrets]`, which has to be read first. `None` if there is a problem.
///
/// `secrets` is `None` when the secrets cannot be read. Then a setting that a secret could stand in for is
/// not called missing.
pub(super) fn read(
    reader: &mut Reader,
    secrets_from: Option<SecretsSettings>,
    secrets: Option<&Secrets>,
) -> Option<Settings> {
    let environment = general::environment(reader);
    // The rules depend on the environment. If it is invalid, the looser rules apply, so that no untrue
    // problem is reported.
    let rules = environment.unwrap_or(Environment::Development);

    let role = general::role(reader);
    let time_zone = general::time_zone(reader);
    let window = window::read(reader);
    let http = http::read(reader, rules);
    let heuristic = schedule::heuristic(reader, rules);
    let policy = schedule::policy(reader);
    let beeminder = beeminder::read(reader);
    let walk = schedule::walk(reader);
    let budget = budget::read(reader);
    let notify = notify::read(reader, rules, secrets);
    let configured = notify.as_ref().map(|notify| notify.channels.as_slice());
    let goals = goal::rules(reader, configured);
    let state = storage::state(reader);
    storage::parameter(reader);
    let telemetry = operation::telemetry(reader, rules);
    let journal = operation::journal(reader);

    Some(Settings {
        environment: environment?,
        role: role?,
        time_zone: time_zone?,
        window: window?,
        http: http?,
        heuristic: heuristic?,
        policy: policy?,
        beeminder: beeminder?,
        walk: walk?,
        goals: goals?,
        budget: budget?,
        notify: notify?,
        state: state?,
        secrets: secrets_from?,
        telemetry: telemetry?,
        journal: journal?,
    })
}
