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
/// If the binary cannot be built.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| given_or_built("MECRIS_AGENT_BIN", "mecris-agent", &AS_TESTED))
}

/// The binary with failpoints: `MECRIS_AGENT_FAILPOINTS_BIN`, else a debug build, which is also brought up to
/// date once per test binary.
///
/// # Panics
/// If the binary cannot be built.
pub fn failpoints_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    let features = ["--features", "mecris-agent/failpoints"];
    BINARY.get_or_init(|| {
        given_or_built(
            "MECRIS_AGENT_FAILPOINTS_BIN",
            "mecris-agent-failpoints",
            &[AS_TESTED.as_slice(), &features].concat(),
        )
    })
}

/// An optimised binary, for what takes an hour without: `MECRIS_AGENT_OPTIMISED_BIN`, else a build in profile
/// `soak`, which is also brought up to date once per test binary.
///
/// # Panics
/// If the binary cannot be built.
pub fn optimised_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    let selection = ["--profile", "soak", "--package", "mecris-agent"];
    BINARY.get_or_init(|| given_or_built("MECRIS_AGENT_OPTIMISED_BIN", "mecris-agent", &selection))
}

/// Cargo compiles a dependency once for each set of features. `--workspace` and an example select the same
/// features as `cargo test --workspace`, so that no dependency is compiled twice. An example starts no build
/// of other binaries, as a test target would.
const AS_TESTED: [&str; 3] = ["--workspace", "--example", "demo"];

/// `cargo test` builds the agent's binary only for the agent's own tests, so ask cargo; it is quick when
/// nothing changed.
fn given_or_built(variable: &str, name: &str, selection: &[&str]) -> PathBuf {
    if let Some(path) = std::env::var_os(variable) {
        return PathBuf::from(path);
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate is in a workspace");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    // `cargo test` sets these for the test. The build script of ring would take them for a change, and ring
    // and everything above it would be compiled again, here and in the next `cargo test`.
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            build.env_remove(&variable);
        }
    }
    let output = build
        .args(["build", "--quiet", "--message-format=json", "--bin", name])
        .args(selection)
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
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo names the executable it built")
}
