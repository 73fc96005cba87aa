//! Puts the parts together: what `run`, `serve` and the alerts all work with.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;

use crate::{
    arms::{beeminder::BeeminderArm, budget::BudgetArm},
    clock::Clock,
    config::{
        ConfigError, Secrets, Settings,
        settings::{ChannelKind, NotifySettings},
    },
    heuristic::Heuristic,
    notify::{
        channels::{
            Channel,
            console::Console,
            twilio::{Credentials, Twilio},
        },
        outbox::Outbox,
    },
    outbound::Outbound,
    store::Store,
};

/// For the last copy of the state before the process ends.
const LAST_COPY: Duration = Duration::from_secs(4);

/// What a one-shot command waits for beyond lease and settle time, so that a doubt can be settled and tried once more.
const SLACK: Duration = Duration::from_secs(10);

/// The parts of a working agent. Cheap to clone.
#[derive(Clone)]
pub struct Agent {
    /// The state.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Observe, assess, decide, record.
    pub heuristic: Heuristic,
    /// Deliver.
    pub outbox: Outbox,
    /// LLM budgets.
    pub budget: BudgetArm,
    /// `notify.lease`: how long one attempt may take.
    pub lease: Duration,
    /// `state.retention_days`.
    pub retention: SignedDuration,
    /// How long a one-shot command lets the outbox work: one doubt and one more attempt.
    pub settle_time: Duration,
}

impl Agent {
    /// From settings and secrets. Opens no connection.
    ///
    /// # Errors
    /// If a channel's credentials are missing or malformed.
    pub fn assemble(settings: &Settings, secrets: &Secrets, clock: Clock, store: Store) -> Result<Self, ConfigError> {
        let channels = channels(settings, secrets, &clock)?;
        let outbox = Outbox::new(store.clone(), clock.clone(), &settings.notify, channels);
        let beeminder = BeeminderArm::new(&settings.beeminder, secrets, Outbound::new("beeminder", clock.clone()));
        let budget = BudgetArm::new(&settings.budget, &settings.time_zone, store.clone());
        let heuristic =
            Heuristic::new(settings, clock.clone(), store.clone(), outbox.clone(), beeminder, budget.clone());
        let (lease, settle_time) = (settings.notify.lease, settle_time(&settings.notify));
        let retention = SignedDuration::from_hours(24 * i64::from(settings.state.retention_days));
        Ok(Self { store, clock, heuristic, outbox, budget, lease, retention, settle_time })
    }

    /// What a process does last: nothing that it wrote is left on this machine alone, as far as the remote allows.
    pub async fn finish(&self) {
        self.store.save(LAST_COPY).await;
    }
}

/// The configured channels, in the order in which they are tried.
///
/// # Errors
/// If a channel's credentials are missing or malformed.
pub fn channels(settings: &Settings, secrets: &Secrets, clock: &Clock) -> Result<Vec<Arc<dyn Channel>>, ConfigError> {
    let mut channels: Vec<Arc<dyn Channel>> = Vec::new();
    for kind in &settings.notify.channels {
        match (kind, &settings.notify.sms) {
            (ChannelKind::Console, _) => channels.push(Arc::new(Console::default())),
            (ChannelKind::Sms, Some(sms)) => {
                let credentials = Credentials::from_secrets(secrets);
                let credentials = credentials.map_err(|error| ConfigError::one("secrets", error))?;
                channels.push(Arc::new(Twilio::new(sms, credentials, Outbound::new("twilio", clock.clone()))));
            }
            (ChannelKind::Sms, None) => return Err(ConfigError::one("notify.sms", "is missing")),
        }
    }
    Ok(channels)
}

fn settle_time(notify: &NotifySettings) -> Duration {
    2 * (notify.lease + notify.settle) + SLACK
}
