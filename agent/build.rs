//! Writes what this binary is into it: the commit (from `MECRIS_COMMIT`, else from git, else `unknown`) and
//! the target.

use std::{path::Path, process::Command};

fn main() {
    println!("cargo:rerun-if-env-changed=MECRIS_COMMIT");
    let given = std::env::var("MECRIS_COMMIT")
        .ok()
        .filter(|commit| !commit.is_empty());
    let commit = given.or_else(|| {
        // In a worktree, `.git` is a file. A file that is not there would count as changed in every build.
        for file in ["HEAD", "logs/HEAD"] {
            let path = git(&["rev-parse", "--git-path", file]);
            if let Some(path) = path.filter(|path| Path::new(path).exists()) {
                println!("cargo:rerun-if-changed={path}");
            }
        }
        git(&["rev-parse", "--short=12", "HEAD"])
    });
    println!(
        "cargo:rustc-env=MECRIS_COMMIT={}",
        commit.as_deref().unwrap_or("unknown")
    );
    println!(
        "cargo:rustc-env=MECRIS_TARGET={}",
        std::env::var("TARGET").unwrap_or_default()
    );
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
