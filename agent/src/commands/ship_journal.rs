//! `ship-journal`: sends the journal of this machine to CloudWatch Logs.
//!
//! The shipped log has to explain why another unit fails, so this command needs only `[journal]`. It goes on
//! while other settings or the secrets cannot be read. Then no secret's value is known to be masked, so
//! everything that looks like a secret is masked.

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

/// Ships until `stop` is cancelled or an error occurs. Cancels `stop` at the end, so that the task that
/// renews the secrets ends too.
async fn ship(shipper: Shipper, stop: CancellationToken) -> anyhow::Result<()> {
    let shipped = shipper.run(stop.clone()).await;
    stop.cancel();
    Ok(shipped?)
}

/// The folder of the position file: `--state-directory`, else the folder of systemd's `StateDirectory=`.
fn folder(options: &ShipJournalArgs) -> anyhow::Result<PathBuf> {
    let of_systemd = || std::env::var_os("STATE_DIRECTORY").map(PathBuf::from);
    let folder = options.state_directory.clone().or_else(of_systemd);
    folder.context(
        "no folder for the shipping position: set StateDirectory= in the unit, or --state-directory FOLDER",
    )
}

/// `[journal]` and the secrets. If secrets or other settings cannot be read, `[journal]` alone, without any
/// secret yet.
async fn settings(config: Option<&Path>) -> anyhow::Result<(JournalSettings, RenewableSecrets)> {
    let inputs = Inputs::of_process(config.map(Path::to_owned));
    let alone = config::load_journal(&inputs);
    let whole = context::load(config).await;
    match (whole, alone) {
        (Ok(loaded), _) => Ok((loaded.settings.journal, loaded.secrets)),
        (Err(error), Ok(journal)) if journal.log_group.is_some() => {
            tracing::error!(
                error = format!("{error:#}"),
                "some settings or secrets cannot be read: shipping the journal without them"
            );
            let secrets = match config::wanted(&inputs) {
                Some(_) => {
                    RenewableSecrets::with_source(Secrets::default(), ReadAgain(config.map(Path::to_owned)))
                }
                None => RenewableSecrets::fixed(Secrets::default()),
            };
            Ok((journal, secrets))
        }
        (Err(error), _) => Err(error),
    }
}

/// Reads settings and secrets again. Both are read, because the parameter that could not be read may say
/// where the secrets are.
struct ReadAgain(Option<PathBuf>);

impl Renew for ReadAgain {
    fn renew(&self) -> Renewal<'_> {
        Box::pin(async move {
            let loaded = context::load(self.0.as_deref())
                .await
                .map_err(|error| RenewError::source(format!("{error:#}")))?;
            Ok(loaded.secrets.get().as_ref().clone())
        })
    }
}
