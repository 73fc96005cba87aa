//! Where the agent's binaries are.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The binary: `MECRIS_AGENT_BIN`, else this workspace's debug build, which is brought up to date once per
/// test binary.
///
/// # Panics
/// If it cannot be built.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| given_or_built("MECRIS_AGENT_BIN", &["--bin", "mecris-agent"]))
}

/// The binary that can be killed at a named place: `MECRIS_AGENT_FAILPOINTS_BIN`, else a debug build of it,
/// likewise.
///
/// # Panics
/// If it cannot be built.
pub fn failpoints_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    let what = ["--features", "failpoints", "--bin", "mecris-agent-failpoints"];
    BINARY.get_or_init(|| given_or_built("MECRIS_AGENT_FAILPOINTS_BIN", &what))
}

/// `cargo test --workspace` builds the agent's binary only for the agent's own tests, so ask cargo; it is
/// quick when nothing changed.
fn given_or_built(variable: &str, what: &[&str]) -> PathBuf {
    if let Some(path) = std::env::var_os(variable) {
        return PathBuf::from(path);
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate is in a workspace");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "build",
            "--quiet",
            "--package",
            "mecris-agent",
            "--message-format=json",
        ])
        .args(what)
        .current_dir(workspace)
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "the agent does not build:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo names the executable it built")
}
