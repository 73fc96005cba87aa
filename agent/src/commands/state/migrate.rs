//! `state migrate`: brings the file to the schema of this release.

use std::{io::Write as _, path::Path};

use crate::{
    cli::JsonArgs,
    commands::{Exit, context},
    store::Store,
};

pub(super) async fn migrate(config: Option<&Path>, options: &JsonArgs) -> anyhow::Result<Exit> {
    let path = context::load(config).await?.settings.state.path;
    let migrated = Store::migrate(&path)?;
    let mut out = std::io::stdout().lock();
    match migrated {
        migrated if options.json => writeln!(out, "{}", serde_json::json!({ "migrated": migrated }))?,
        Some(done) => {
            writeln!(
                out,
                "{}: from schema version {} to {}; the older file is {}",
                path.display(),
                done.from,
                done.to,
                done.backup.display()
            )?;
        }
        None => writeln!(out, "{}: already has the schema of this release", path.display())?,
    }
    Ok(Exit::Done)
}
