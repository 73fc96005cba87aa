//! Writes what this binary is into it: the commit (from `MECRIS_COMMIT`, else from git, else `unknown`) and
//! the target.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=MECRIS_COMMIT");
    println!("cargo:rerun-if-changed=../.git/HEAD");
    println!("cargo:rerun-if-changed=../.git/logs/HEAD");
    let commit = std::env::var("MECRIS_COMMIT")
        .ok()
        .filter(|commit| !commit.is_empty())
        .or_else(git);
    println!(
        "cargo:rustc-env=MECRIS_COMMIT={}",
        commit.as_deref().unwrap_or("unknown")
    );
    println!(
        "cargo:rustc-env=MECRIS_TARGET={}",
        std::env::var("TARGET").unwrap_or_default()
    );
}

fn git() -> Option<String> {
    let output = Command::new("git")
        .args(["rev-parse", "--short=12", "HEAD"])
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
