//! Tests of [`BudgetArm`] through its public functions. Its store is on disk, and each call names its
//! instant.

mod ledger;
mod many;
mod odometer;
mod sessions;
mod update;

use std::{path::PathBuf, time::Duration};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use tempfile::TempDir;

use super::*;
use crate::{
    config::{BudgetPeriod, BudgetSettings, BudgetThresholds, Price, ProviderBudget, Rate},
    domain::{BudgetSource, Money, Observation, Provider, Share, Speed},
    store::{Store, StoreError},
};

/// The number of input tokens of the model `m` that cost a dollar.
pub(crate) const TOKENS_FOR_A_DOLLAR: u64 = 1_000_000;

pub(crate) struct BudgetOnDisk {
    _folder: TempDir,
    path: PathBuf,
    settings: BudgetSettings,
    pub(crate) arm: BudgetArm,
}

pub(crate) fn usd(amount: f64) -> Money {
    Money::from_usd(amount).unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

pub(crate) fn settings() -> BudgetSettings {
    let price = |provider| Price {
        provider,
        model: "m".to_owned(),
        from: Date::constant(2025, 1, 1),
        speed: Speed::Standard,
        above_prompt_tokens: 0,
        rate: Rate {
            input: usd(1.0),
            output: usd(10.0),
            cache_write: usd(1.25),
            cache_write_1h: usd(2.0),
            cache_read: usd(0.1),
        },
    };
    let budget = |provider, source, limit| ProviderBudget {
        provider,
        source,
        limit: usd(limit),
        period: BudgetPeriod::Monthly,
    };
    BudgetSettings {
        ttl: Duration::from_secs(15 * 60),
        thresholds: BudgetThresholds::DEFAULT,
        shares: [75, 95, 100]
            .map(|percent| Share::of_percent(percent).unwrap())
            .to_vec(),
        prices: vec![price(Provider::Anthropic), price(Provider::Groq)],
        providers: vec![
            budget(Provider::Anthropic, BudgetSource::Ledger, 25.0),
            budget(Provider::Groq, BudgetSource::Odometer, 5.0),
        ],
    }
}

impl BudgetOnDisk {
    pub(crate) fn new() -> Self {
        Self::with(settings())
    }

    fn with(settings: BudgetSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mecris.db");
        let arm = BudgetArm::new(&settings, &zone(), Store::open(&path).unwrap());
        Self {
            _folder: folder,
            path,
            settings,
            arm,
        }
    }

    /// Imitates a restart of the process: drops the arm and its store, then makes a new arm on the same file.
    async fn restart(self) -> Self {
        let Self {
            _folder,
            path,
            settings,
            arm,
        } = self;
        drop(arm);
        let store = loop {
            match Store::open(&path) {
                Err(StoreError::Locked { .. }) => tokio::task::yield_now().await,
                other => break other.unwrap(),
            }
        };
        let arm = BudgetArm::new(&settings, &zone(), store);
        Self {
            _folder,
            path,
            settings,
            arm,
        }
    }

    pub(crate) async fn session(&self, now: &str, input_tokens: u64) -> RecordedSession {
        self.arm
            .record_session(session(Provider::Anthropic, input_tokens), at(now))
            .await
            .unwrap()
    }

    pub(crate) async fn reading(&self, now: &str, value: f64) -> Result<RecordedReading, BudgetError> {
        self.arm
            .record_odometer(Provider::Groq, reading(value), at(now))
            .await
    }

    async fn observe(&self, provider: Provider, now: &str) -> Observation<Budget> {
        let all = self.arm.observe(at(now)).await.unwrap();
        all.into_iter().find(|(p, _)| *p == provider).unwrap().1
    }

    /// The row as it was last recorded. It is not computed anew.
    fn recorded(&self, provider: Provider, now: &str) -> Recorded {
        self.arm
            .budgets(at(now))
            .unwrap()
            .into_iter()
            .find(|r| r.budget.provider == provider)
            .unwrap()
    }
}

pub(crate) fn session(provider: Provider, input_tokens: u64) -> NewSession {
    NewSession::new(provider, "m", input_tokens, 0)
}

fn reading(value: f64) -> NewReading {
    NewReading {
        value: usd(value),
        month: None,
        notes: String::new(),
        correction: false,
    }
}

fn used(observation: &Observation<Budget>) -> Option<f64> {
    observation.value().and_then(|budget| budget.used).map(Money::usd)
}
