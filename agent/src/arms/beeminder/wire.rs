//! The fields of Beeminder's JSON that Mecris reads. `tests/recorded.rs` lists the known fields that Mecris
//! does not read.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::lenient::{Lenient, Nullable, Object, Whole};

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
    pub(super) leadtime: Lenient<Whole>,
    pub(super) alertstart: Lenient<Whole>,
    pub(super) autodata: Nullable<String>,
    pub(super) lost: Lenient<bool>,
    pub(super) contract: Lenient<Object<Contract>>,
    pub(super) yaw: Lenient<Whole>,
    pub(super) dir: Lenient<Whole>,
    pub(super) delta: Lenient<f64>,
    pub(super) safebump: Lenient<f64>,
    pub(super) dueby: Lenient<BTreeMap<String, Lenient<Object<Due>>>>,
    pub(super) aggday: Lenient<String>,
    pub(super) kyoom: Lenient<bool>,
    pub(super) odom: Lenient<bool>,
    pub(super) timey: Lenient<bool>,
    pub(super) hhmmformat: Lenient<bool>,
    pub(super) integery: Lenient<bool>,
    pub(super) gunits: Lenient<String>,
    pub(super) gunits_singular: Lenient<String>,
    pub(super) last_datapoint: Lenient<Object<Datapoint>>,
    pub(super) recent_data: Lenient<Vec<Lenient<Object<Datapoint>>>>,
    pub(super) datapoints: Lenient<Vec<Lenient<Object<Datapoint>>>>,
}

/// What a derailment costs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct Contract {
    pub(super) amount: Lenient<f64>,
    pub(super) stepdown_at: Lenient<Whole>,
    pub(super) pending_amount: Lenient<f64>,
    pub(super) pending_at: Lenient<Whole>,
}

/// One day of `dueby`, which maps daystamps to these values.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct Due {
    pub(super) delta: Lenient<f64>,
    pub(super) total: Lenient<f64>,
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
    pub(super) comment: Lenient<String>,
    pub(super) created_at: Lenient<String>,
    pub(super) updated_at: Lenient<Whole>,
}
