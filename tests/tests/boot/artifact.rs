//! The binaries that are put into the bucket, or straight onto a disk.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::{region::workspace, run::run};

/// `uname -m` of this machine, and so of its containers.
pub(crate) const ARCH: &str = std::env::consts::ARCH;

/// What is shipped: `MECRIS_RELEASE_BIN`, else the same without its optimisation, as `scripts/build-release
/// --quick` makes it.
pub(crate) fn release() -> &'static Artifact {
    static ARTIFACT: OnceLock<Artifact> = OnceLock::new();
    ARTIFACT.get_or_init(|| {
        let given = std::env::var_os("MECRIS_RELEASE_BIN").map(PathBuf::from);
        let built = || {
            let script = workspace().join("scripts/build-release").display().to_string();
            PathBuf::from(run(&script, &["--quick", ARCH]).trim())
        };
        Artifact::read(&given.unwrap_or_else(built))
    })
}

/// The one that can be stopped at a named place; it needs the libraries of this machine, which the root has
/// too.
pub(crate) fn with_failpoints() -> &'static Artifact {
    static ARTIFACT: OnceLock<Artifact> = OnceLock::new();
    ARTIFACT.get_or_init(|| Artifact::read(mecris_tests::agent::failpoints_binary()))
}

/// A binary and what it is known by.
pub(crate) struct Artifact {
    pub(crate) bytes: Bytes,
    pub(crate) sha256: String,
}

impl Artifact {
    fn read(path: &Path) -> Self {
        let bytes =
            Bytes::from(std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
        let sha256 = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self { bytes, sha256 }
    }
}
