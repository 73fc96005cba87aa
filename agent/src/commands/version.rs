//! `version`: prints version, commit and target of this binary.

use std::io::Write as _;

use super::Exit;
use crate::cli::JsonArgs;

pub(super) fn version(options: &JsonArgs) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    let info = crate::telemetry::build_info();
    if options.json {
        writeln!(out, "{}", serde_json::to_string(&info)?)?;
    } else {
        writeln!(
            out,
            "mecris-agent {} ({}, {})",
            info.version, info.commit, info.target
        )?;
    }
    Ok(Exit::Done)
}
