//! `state …`: the subcommands that look after the state, one file each. `store` does the work on the
//! database.

mod backup;
mod export;
mod import;
mod list;
mod migrate;
mod restore;
mod verify;

use std::path::Path;

use anyhow::Context as _;

use super::Exit;
use crate::{cli::StateCommand, config::StateSettings, store::replica::remote::Remote};

pub(super) async fn execute(config: Option<&Path>, command: StateCommand) -> anyhow::Result<Exit> {
    match command {
        StateCommand::Backup(options) => backup::backup(config, &options).await,
        StateCommand::List(options) => list::list(config, &options).await,
        StateCommand::Verify(options) => verify::verify(config, &options).await,
        StateCommand::Restore(options) => restore::restore(config, options).await,
        StateCommand::Export(options) => export::export(config, &options).await,
        StateCommand::Migrate(options) => migrate::migrate(config, &options).await,
        StateCommand::Import(options) => import::import(config, options).await,
    }
}

/// The remote that holds the copies off this machine; `None` if `state.remote` is "none".
fn remote(settings: &StateSettings) -> anyhow::Result<Option<Remote>> {
    Ok(settings.remote.as_ref().map(Remote::open).transpose()?)
}

/// As [`remote`], for subcommands that need a remote.
fn required_remote(settings: &StateSettings) -> anyhow::Result<Remote> {
    remote(settings)?.context(
        "state.remote is \"none\": there are no copies off this machine. Set state.remote to keep some; `state verify` and \
         `state restore` also take a FILE that `state backup` made",
    )
}
