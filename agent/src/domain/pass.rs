use serde::{Deserialize, Serialize};

use super::word::word;

/// Who asked for a pass.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::VariantArray,
    utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Trigger {
    /// `mecris-agent run`.
    Cli,
    /// The daemon's scheduler.
    Schedule,
    /// An endpoint.
    Http,
}

word!(Trigger, "a trigger");

/// How a pass ended.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::VariantArray,
    utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum RunOutcome {
    /// Everything that the pass needs could be read.
    Done,
    /// Something could not be read.
    Unknown,
    /// The pass itself failed and was not recorded.
    Failed,
}

word!(RunOutcome, "an outcome of a pass");
