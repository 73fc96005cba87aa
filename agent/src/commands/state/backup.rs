//! `state backup`: writes a consistent copy to a file.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::{
    cli::BackupArgs,
    clock::Clock,
    commands::{Exit, context, text},
    store::{
        StoreError,
        file::{copies, verify},
    },
};

#[derive(Serialize)]
struct Backup {
    file: PathBuf,
    bytes: u64,
    schema_version: i64,
}

pub(super) async fn backup(config: Option<&Path>, options: &BackupArgs) -> anyhow::Result<Exit> {
    let state = context::load(config).await?.settings.state.path;
    if !state.exists() {
        return Err(StoreError::Missing(state).into());
    }
    let file = options.file.clone().unwrap_or_else(|| {
        let mut name = state.clone().into_os_string();
        name.push(
            Clock::system()
                .now()
                .strftime(".backup-%Y%m%dT%H%M%SZ")
                .to_string(),
        );
        name.into()
    });
    let bytes = copies::write_new(&file, &copies::read(&state)?)?;
    let sound = verify::verify(&copies::open(&file)?, &file.display().to_string())?;
    let backup = Backup {
        file,
        bytes,
        schema_version: sound.schema_version,
    };
    let mut out = std::io::stdout().lock();
    if options.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&backup)?)?;
    } else {
        writeln!(
            out,
            "{}: {}, schema version {}, read back and sound",
            backup.file.display(),
            text::size(backup.bytes),
            backup.schema_version
        )?;
    }
    Ok(Exit::Done)
}
