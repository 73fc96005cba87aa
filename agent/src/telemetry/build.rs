use serde::Serialize;

/// What this binary is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct BuildInfo {
    /// The crate's version.
    pub version: &'static str,
    /// The commit it was built from, or `unknown`.
    pub commit: &'static str,
    /// The target triple.
    pub target: &'static str,
    /// Extra features of the build: `failpoints` in a binary for tests, empty in a released one.
    pub features: &'static [&'static str],
}

const FEATURES: &[&str] = if cfg!(feature = "failpoints") {
    &["failpoints"]
} else {
    &[]
};

/// The build of this binary.
pub const fn build_info() -> BuildInfo {
    BuildInfo {
        version: env!("CARGO_PKG_VERSION"),
        commit: env!("MECRIS_COMMIT"),
        target: env!("MECRIS_TARGET"),
        features: FEATURES,
    }
}
