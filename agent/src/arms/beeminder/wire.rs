//! The fields of Beeminder's JSON that Mecris reads. `tests/recorded.rs` lists the known fields that it does
//! not read.

use serde::Deserialize;

use super::lenient::{Lenient, Object, Whole};

/// `users/{u}.json`. Its `goals` (slugs, or objects with `diff_since`) are not read: `goals.json` says more.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct User {
    pub(super) timezone: Lenient<String>,
    pub(super) deadbeat: Lenient<bool>,
}

/// An element of `users/{u}/goals.json`, asked for with `emaciated=true`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct Goal {
    pub(super) slug: Lenient<String>,
    pub(super) id: Lenient<String>,
    pub(super) title: Lenient<String>,
    pub(super) frozen: Lenient<bool>,
    pub(super) won: Lenient<bool>,
    pub(super) archivedate: Lenient<Whole>,
    pub(super) queued: Lenient<bool>,
    pub(super) safebuf: Lenient<Whole>,
    pub(super) losedate: Lenient<Whole>,
    pub(super) deadline: Lenient<Whole>,
    pub(super) pledge: Lenient<f64>,
    pub(super) curval: Lenient<f64>,
    pub(super) goalval: Lenient<f64>,
    pub(super) rate: Lenient<f64>,
    pub(super) runits: Lenient<String>,
    pub(super) safesum: Lenient<String>,
    pub(super) limsum: Lenient<String>,
    pub(super) baremin: Lenient<String>,
    pub(super) todayta: Lenient<bool>,
    pub(super) last_datapoint: Lenient<Object<Datapoint>>,
    pub(super) recent_data: Lenient<Vec<Lenient<Object<Datapoint>>>>,
    pub(super) datapoints: Lenient<Vec<Lenient<Object<Datapoint>>>>,
}

/// A datapoint, embedded in a goal or from `datapoints.json`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct Datapoint {
    pub(super) id: Lenient<String>,
    pub(super) daystamp: Lenient<String>,
    pub(super) value: Lenient<f64>,
    pub(super) is_dummy: Lenient<bool>,
    pub(super) is_initial: Lenient<bool>,
    pub(super) updated_at: Lenient<Whole>,
}
