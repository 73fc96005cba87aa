//! The binaries that tests put into the bucket or directly onto a disk.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::{region::workspace, run::run};

/// `uname -m` of this machine, and so of its containers.
pub(crate) const ARCH: &str = std::env::consts::ARCH;

/// The shipped binary: `MECRIS_RELEASE_BIN`, else an unoptimised build by `scripts/build-release --quick`.
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

/// The binary with failpoints. It needs the libraries of this machine, which the root has too.
pub(crate) fn with_failpoints() -> &'static Artifact {
    static ARTIFACT: OnceLock<Artifact> = OnceLock::new();
    ARTIFACT.get_or_init(|| Artifact::read(mecris_tests::agent::failpoints_binary()))
}

/// A binary and its checksum.
pub(crate) struct Artifact {
    pub(crate) bytes: Bytes,
    pub(crate) sha256: String,
}

impl Artifact {
    fn read(path: &Path) -> Self {
        let bytes =
            Bytes::from(std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
        let sha256 = hex::encode(Sha256::digest(&bytes));
        Self { bytes, sha256 }
    }
}
