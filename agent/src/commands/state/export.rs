//! `state export`: prints every table as JSON.

use std::{collections::BTreeMap, io::Write as _, path::Path};

use serde::Serialize;

use crate::{
    cli::ExportArgs,
    commands::{Exit, context},
    store::{
        StoreError,
        file::{copies, verify},
        tables::export,
    },
};

#[derive(Serialize)]
struct Export {
    schema_version: i64,
    tables: BTreeMap<String, Vec<export::Row>>,
}

pub(super) async fn export(config: Option<&Path>, options: &ExportArgs) -> anyhow::Result<Exit> {
    let path = context::load(config).await?.settings.state.path;
    if !path.exists() {
        return Err(StoreError::Missing(path).into());
    }
    // A copy in memory: all tables are of the same instant.
    let state = copies::open(&path)?;
    let schema_version = verify::verify(&state, &path.display().to_string())?.schema_version;
    let tables = export::tables(&state)?;
    let mut out = std::io::stdout().lock();
    if let Some(table) = &options.table {
        if !tables.contains(table) {
            anyhow::bail!(
                "there is no table {table:?}: expected one of {}",
                tables.join(", ")
            );
        }
        for row in export::rows(&state, table)? {
            writeln!(out, "{}", serde_json::to_string(&row)?)?;
        }
        return Ok(Exit::Done);
    }
    let mut whole = Export {
        schema_version,
        tables: BTreeMap::new(),
    };
    for table in tables {
        let rows = export::rows(&state, &table)?;
        whole.tables.insert(table, rows);
    }
    serde_json::to_writer_pretty(&mut out, &whole)?;
    writeln!(out)?;
    Ok(Exit::Done)
}
