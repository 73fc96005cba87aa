//! The assembled agent that `run`, `serve` and `send-alert` work with.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, tz::TimeZone};
use tokio::time::timeout;

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
        outbox::{Outbox, longest_settle},
    },
    outbound::Outbound,
    store::Store,
};

/// The time for the last copy of the state before the process ends.
const LAST_COPY_TIMEOUT: Duration = Duration::from_secs(4);

/// The time for moving everything into the file of the state. A disk that does not answer must not keep the process
/// from ending. Nothing is lost then: SQLite's log beside the file has it.
const GATHERING: Duration = Duration::from_secs(8);

/// A one-shot command prunes only if there are more copies than this. A daemon prunes every hour.
const MANY_COPIES: usize = 120;

/// The time for pruning at the end of a one-shot command.
const PRUNE_TIMEOUT: Duration = Duration::from_secs(5);

/// How much longer than leases and settle times a one-shot command waits: a message in doubt can then be
/// reconciled and sent once more, and a message whose settle time is the longest can be reconciled.
const SETTLE_MARGIN: Duration = Duration::from_secs(10);

/// The most time that a channel gets to open its connection before a send. A failure must not use up the
/// lease.
const WARM_UP: Duration = Duration::from_secs(5);

/// The parts of a working agent. Cheap to clone.
#[derive(Clone)]
pub struct Agent {
    /// The database.
    pub store: Store,
    /// The source of the present time.
    pub clock: Clock,
    /// The person's zone.
    pub zone: TimeZone,
    /// Observes, assesses, decides and records.
    pub heuristic: Heuristic,
    /// Delivers.
    pub outbox: Outbox,
    /// The LLM budgets.
    pub budget: BudgetArm,
    /// `notify.lease`: the longest time of an attempt.
    pub lease: Duration,
    /// `state.retention_days`: rows that are older are deleted.
    pub retention: SignedDuration,
    /// How long a one-shot command lets the outbox work: enough for one message in doubt and one more
    /// attempt.
    pub settle_time: Duration,
}

impl Agent {
    /// Assembles the agent from settings and secrets. Opens no connection.
    ///
    /// # Errors
    /// If the credentials of a channel are missing or malformed.
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
        Ok(Self {
            store,
            clock,
            zone: settings.time_zone.clone(),
            heuristic,
            outbox,
            budget,
            lease: settings.notify.lease,
            retention: SignedDuration::from_hours(24 * i64::from(settings.state.retention_days)),
            settle_time: settle_time(&settings.notify),
        })
    }

    /// Copies the state off the machine one last time, and leaves all of it in its file. Every process calls this at
    /// its end.
    pub async fn finish(&self) {
        failpoint!("finish.begun");
        self.store.save(LAST_COPY_TIMEOUT).await;
        failpoint!("finish.saved");
        if timeout(GATHERING, self.store.gather()).await.is_err() {
            tracing::warn!(after = ?GATHERING, "the newest part of the state is still in the file -wal beside it");
        }
    }

    /// Deletes copies of the state that no rule keeps, if there are more than `MANY_COPIES`.
    pub async fn prune_if_many(&self) {
        if let Err(error) = self.store.prune(MANY_COPIES, PRUNE_TIMEOUT).await {
            tracing::warn!(%error, "cannot delete old copies of the state");
        }
    }

    /// Decides with this agent's heuristic about the alerts that wait beside its database.
    pub fn pickup(&self) -> Pickup {
        Pickup::new(
            &self.store,
            self.heuristic.clone(),
            self.budget.clone(),
            self.clock.clone(),
            self.zone.clone(),
            self.lease,
        )
    }
}

/// The configured channels, in the order of `notify.channels`.
///
/// # Errors
/// If the credentials of a channel are missing or malformed.
pub fn channels(
    settings: &Settings,
    secrets: &RenewableSecrets,
    clock: &Clock,
) -> Result<Vec<Arc<dyn Channel>>, ConfigError> {
    settings
        .notify
        .channels
        .iter()
        .map(|kind| renewable(*kind, &settings.notify, secrets, clock))
        .collect()
}

/// A channel that is made again when its secrets are replaced. Its connections and its circuit breaker stay.
fn renewable(
    kind: ChannelKind,
    notify: &NotifySettings,
    secrets: &RenewableSecrets,
    clock: &Clock,
) -> Result<Arc<dyn Channel>, ConfigError> {
    let outbound = Outbound::new(upstream(kind), clock.clone());
    let notify = notify.clone();
    let clock = clock.clone();
    let shared = outbound.clone();
    let made = RenewableChannel::new(secrets, outbound, move |secrets| {
        channel(kind, &notify, secrets, &clock, &shared)
    })?;
    Ok(Arc::new(made))
}

/// The name of a channel's provider in errors.
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

/// The problem of a secret that is present but cannot be used.
fn unusable(error: impl std::error::Error) -> ConfigError {
    ConfigError::one("secrets", error)
}

fn settle_time(notify: &NotifySettings) -> Duration {
    2 * notify.lease + notify.settle + longest_settle(notify.settle) + SETTLE_MARGIN
}
