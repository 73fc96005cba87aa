//! `state …`: looking after what Mecris remembers, one file a subcommand. What the words mean to the file is in `store`.

mod import;

use std::path::Path;

use super::Exit;
use crate::cli::StateCommand;

pub(super) async fn execute(config: Option<&Path>, command: StateCommand) -> anyhow::Result<Exit> {
    match command {
        StateCommand::Import(options) => import::import(config, options).await,
    }
}
