//! `ship-journal`: the journal of this machine to CloudWatch Logs.
//!
//! It has to go on where nothing else does. So `[journal]` is all that has to be right: while settings or
//! secrets cannot be read, which is what the log has to explain, lines go out with what looks like a secret
//! masked, and no process here knows a value to leak.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

use super::{Exit, context};
use crate::{
    cli::ShipJournalArgs,
    clock::Clock,
    cloud,
    config::{
        self, ConfigError, Inputs, JournalSettings, RenewableSecrets, Secrets,
        secrets::{Renew, RenewError, Renewal},
    },
    journal::{CloudWatch, Place, Shipper},
    runtime::{renewal, shutdown},
};

pub(super) async fn ship_journal(config: Option<&Path>, options: &ShipJournalArgs) -> anyhow::Result<Exit> {
    let folder = folder(options)?;
    let (settings, secrets) = settings(config).await?;
    let Some(group) = settings.log_group else {
        let message =
            "is required for ship-journal: expected the name of a log group such as \"/mecris/prod\"";
        return Err(ConfigError::one("journal.log_group", message).into());
    };
    let stream = match settings.log_stream {
        Some(stream) => stream,
        None => format!("{}/journal", cloud::instance_id().await?),
    };
    tracing::info!(group, stream, folder = %folder.display(), "shipping the journal");
    let place = CloudWatch::new(Place { group, stream }).await;
    let shipper = Shipper::new(
        Clock::system(),
        place,
        &folder,
        secrets.clone(),
        settings.max_bytes_per_day,
    )?;
    let stop = shutdown::on_signal()?;
    let (shipped, ()) = tokio::join!(
        ship(shipper, stop.clone()),
        renewal::renew_regularly(secrets, stop, || async {})
    );
    shipped?;
    Ok(Exit::Done)
}

/// Ends the other task too, however it ends.
async fn ship(shipper: Shipper, stop: CancellationToken) -> anyhow::Result<()> {
    let shipped = shipper.run(stop.clone()).await;
    stop.cancel();
    Ok(shipped?)
}

/// Where the position is kept: `--state-directory`, else what systemd's `StateDirectory=` made.
fn folder(options: &ShipJournalArgs) -> anyhow::Result<PathBuf> {
    let made = || std::env::var_os("STATE_DIRECTORY").map(PathBuf::from);
    let folder = options.state_directory.clone().or_else(made);
    folder.context("where to keep how far the journal was shipped is not known: set StateDirectory= in the unit, or --state-directory FOLDER")
}

/// `[journal]` and the secrets, or as much of them as can be had.
async fn settings(config: Option<&Path>) -> anyhow::Result<(JournalSettings, RenewableSecrets)> {
    let inputs = Inputs::of_process(config.map(Path::to_owned));
    let alone = config::load_journal(&inputs);
    let whole = context::load(config).await;
    match (whole, alone) {
        (Ok(loaded), _) => Ok((loaded.settings.journal, loaded.secrets)),
        (Err(error), Ok(journal)) if journal.log_group.is_some() => {
            tracing::error!(
                error = format!("{error:#}"),
                "not all settings and secrets can be read: shipping the journal all the same"
            );
            let secrets = match config::wanted(&inputs) {
                Some(_) => {
                    RenewableSecrets::with_source(Secrets::default(), Anew(config.map(Path::to_owned)))
                }
                None => RenewableSecrets::fixed(Secrets::default()),
            };
            Ok((journal, secrets))
        }
        (Err(error), _) => Err(error),
    }
}

/// Everything read again, because where the secrets are may be written in the parameter that could not be
/// read.
struct Anew(Option<PathBuf>);

impl Renew for Anew {
    fn renew(&self) -> Renewal<'_> {
        Box::pin(async move {
            let loaded = context::load(self.0.as_deref())
                .await
                .map_err(|error| RenewError::source(format!("{error:#}")))?;
            Ok(loaded.secrets.get().as_ref().clone())
        })
    }
}
