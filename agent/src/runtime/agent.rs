//! Puts the parts together: what `run`, `serve` and the alerts all work with.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, tz::TimeZone};

use crate::{
    alerts::Pickup,
    arms::beeminder::BeeminderArm,
    budget::BudgetArm,
    clock::Clock,
    config::{ConfigError, NotifySettings, RenewableSecrets, Secrets, Settings},
    domain::ChannelKind,
    failpoint,
    heuristic::Heuristic,
    notify::{
        channels::{
            Channel,
            console::Console,
            email::{Email, MailServer},
            renewable::RenewableChannel,
            slack::{Slack, Webhook},
            telegram::{BotToken, Telegram},
            twilio::{Calls, Credentials, Messages},
        },
        outbox::Outbox,
    },
    outbound::Outbound,
    store::Store,
};

/// The time for the last copy of the state before the process ends.
const LAST_COPY: Duration = Duration::from_secs(4);

/// A process that ends deletes old copies of the state only if there are more than this. A daemon does it
/// every hour.
const MANY_COPIES: usize = 120;

/// The time for deleting old copies.
const PRUNE: Duration = Duration::from_secs(5);

/// How long a one-shot command waits beyond lease and settle time, so that a message in doubt can be settled
/// and tried once more.
const SLACK: Duration = Duration::from_secs(10);

/// The most time that a channel gets to open its connection before a send. A failure must not use up the
/// lease.
const WARM_UP: Duration = Duration::from_secs(5);

/// The parts of a working agent. Cheap to clone.
#[derive(Clone)]
pub struct Agent {
    /// The state.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// The person's zone.
    pub zone: TimeZone,
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
    /// How long a one-shot command lets the outbox work: long enough for one doubt and one more attempt.
    pub settle_time: Duration,
}

impl Agent {
    /// From settings and secrets. Opens no connection.
    ///
    /// # Errors
    /// If a channel's credentials are missing or malformed.
    pub fn assemble(
        settings: &Settings,
        secrets: &RenewableSecrets,
        clock: Clock,
        store: Store,
    ) -> Result<Self, ConfigError> {
        let channels = channels(settings, secrets, &clock)?;
        let outbox = Outbox::new(store.clone(), clock.clone(), &settings.notify, channels);
        let beeminder = BeeminderArm::new(
            &settings.beeminder,
            secrets,
            Outbound::new("beeminder", clock.clone()),
        );
        let budget = BudgetArm::new(&settings.budget, &settings.time_zone, store.clone());
        let heuristic = Heuristic::new(
            settings,
            clock.clone(),
            store.clone(),
            outbox.clone(),
            beeminder,
            budget.clone(),
        );
        let (lease, settle_time) = (settings.notify.lease, settle_time(&settings.notify));
        let zone = settings.time_zone.clone();
        let retention = SignedDuration::from_hours(24 * i64::from(settings.state.retention_days));
        Ok(Self {
            store,
            clock,
            zone,
            heuristic,
            outbox,
            budget,
            lease,
            retention,
            settle_time,
        })
    }

    /// Copies the state off the machine, as far as the remote allows. Call this last in a process.
    pub async fn finish(&self) {
        failpoint!("finish.begun");
        self.store.save(LAST_COPY).await;
        failpoint!("finish.saved");
    }

    /// Deletes old copies of the state that are no longer needed, if there are many.
    pub async fn tidy(&self) {
        if let Err(error) = self.store.prune(MANY_COPIES, PRUNE).await {
            tracing::warn!(%error, "cannot delete old copies of the state");
        }
    }

    /// The alerts that wait beside the state, and this agent's heuristic to decide about them.
    pub fn pickup(&self) -> Pickup {
        Pickup::new(
            &self.store,
            self.heuristic.clone(),
            self.clock.clone(),
            self.zone.clone(),
        )
    }
}

/// The configured channels, in the order in which they are tried.
///
/// # Errors
/// If a channel's credentials are missing or malformed.
pub fn channels(
    settings: &Settings,
    secrets: &RenewableSecrets,
    clock: &Clock,
) -> Result<Vec<Arc<dyn Channel>>, ConfigError> {
    let kinds = settings.notify.channels.iter();
    kinds
        .map(|kind| renewable(*kind, &settings.notify, secrets, clock))
        .collect()
}

/// A channel that is built again when its secrets are replaced. Its connections and its circuit breaker stay.
fn renewable(
    kind: ChannelKind,
    notify: &NotifySettings,
    secrets: &RenewableSecrets,
    clock: &Clock,
) -> Result<Arc<dyn Channel>, ConfigError> {
    let outbound = Outbound::new(upstream(kind), clock.clone());
    let (notify, clock, by) = (notify.clone(), clock.clone(), outbound.clone());
    let made = RenewableChannel::new(secrets, outbound, move |secrets| {
        channel(kind, &notify, secrets, &clock, &by)
    })?;
    Ok(Arc::new(made))
}

/// The channel's upstream, as errors and metrics name it.
fn upstream(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Sms | ChannelKind::WhatsApp | ChannelKind::Voice => "twilio",
        ChannelKind::Telegram => "telegram",
        ChannelKind::Slack => "slack",
        ChannelKind::Email => "mail",
        ChannelKind::Console => "console",
    }
}

fn channel(
    kind: ChannelKind,
    notify: &NotifySettings,
    secrets: &Secrets,
    clock: &Clock,
    outbound: &Outbound,
) -> Result<Arc<dyn Channel>, ConfigError> {
    let missing = || ConfigError::one(&format!("notify.{}", kind.as_str()), "is missing");
    let twilio = || Credentials::from_secrets(secrets).map_err(unusable);
    let outbound = outbound.clone();
    let warm_up_timeout = WARM_UP.min(notify.lease / 4);
    Ok(match kind {
        ChannelKind::Console => Arc::new(Console::default()),
        ChannelKind::Sms => Arc::new(Messages::sms(
            notify.sms.as_ref().ok_or_else(missing)?,
            twilio()?,
            outbound,
        )),
        ChannelKind::WhatsApp => Arc::new(Messages::whatsapp(
            notify.whatsapp.as_ref().ok_or_else(missing)?,
            twilio()?,
            outbound,
        )),
        ChannelKind::Voice => Arc::new(Calls::new(
            notify.voice.as_ref().ok_or_else(missing)?,
            twilio()?,
            outbound,
        )),
        ChannelKind::Telegram => {
            let settings = notify.telegram.as_ref().ok_or_else(missing)?;
            let token = BotToken::from_secrets(secrets).map_err(unusable)?;
            Arc::new(Telegram::new(settings, token, warm_up_timeout, outbound))
        }
        ChannelKind::Slack => {
            let settings = notify.slack.as_ref().ok_or_else(missing)?;
            let webhook = Webhook::from_secrets(secrets).map_err(unusable)?;
            Arc::new(Slack::new(settings, webhook, warm_up_timeout, outbound))
        }
        ChannelKind::Email => {
            let settings = notify.email.as_ref().ok_or_else(missing)?;
            let server = MailServer::from_secrets(secrets).map_err(unusable)?;
            Arc::new(Email::new(settings, server, warm_up_timeout, clock.clone()))
        }
    })
}

/// The error for a secret that is missing or malformed.
fn unusable(error: impl std::error::Error) -> ConfigError {
    ConfigError::one("secrets", error)
}

fn settle_time(notify: &NotifySettings) -> Duration {
    2 * (notify.lease + notify.settle) + SLACK
}
