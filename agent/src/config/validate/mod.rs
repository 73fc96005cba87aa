//! From merged values to [`Settings`], one file for each concern, with the rules that span several settings.
//!
//! Every function reads all of its settings before it gives up on one, so that a person sees every problem at
//! once.

mod beeminder;
mod budget;
mod http;
mod notify;
mod operation;
mod schedule;
mod storage;
mod url;

use jiff::tz::TimeZone;

use super::{
    Secrets, keys,
    reader::Reader,
    settings::{Environment, SecretsSettings, Settings},
};

pub(super) use operation::journal;
pub(super) use storage::secrets;
pub(crate) use url::is_loopback;

/// Said of values that DESIGN names and a later release brings.
const NOT_YET: &str = "is not in this release yet";

/// Everything but `[secrets]`, which has to be read first. `None` if there is any problem.
///
/// `secrets` is `None` when they cannot be read: a setting that a secret could stand in for is not called
/// missing then.
pub(super) fn settings(
    reader: &mut Reader,
    secrets_from: Option<SecretsSettings>,
    secrets: Option<&Secrets>,
) -> Option<Settings> {
    let environment = reader.choice(
        "environment",
        &[
            ("development", Environment::Development),
            ("production", Environment::Production),
        ],
    );
    // What is allowed depends on it. An unreadable one is a problem already; the looser rules keep the others
    // from being untrue.
    let rules = environment.unwrap_or(Environment::Development);

    let time_zone = time_zone(reader);
    let window = schedule::window(reader);
    let window_grace = schedule::grace(reader);
    let http = http::http(reader, rules);
    let heuristic = schedule::heuristic(reader, rules);
    let policy = schedule::policy(reader);
    let beeminder = beeminder::beeminder(reader);
    let walk = schedule::walk(reader);
    let budget = budget::budget(reader);
    let notify = notify::notify(reader, rules, secrets);
    let state = storage::state(reader);
    storage::parameter(reader);
    let telemetry = operation::telemetry(reader, rules);
    let journal = operation::journal(reader);

    Some(Settings {
        environment: environment?,
        time_zone: time_zone?,
        window: window?,
        window_grace: window_grace?,
        http: http?,
        heuristic: heuristic?,
        policy: policy?,
        beeminder: beeminder?,
        walk: walk?,
        budget: budget?,
        notify: notify?,
        state: state?,
        secrets: secrets_from?,
        telemetry: telemetry?,
        journal: journal?,
    })
}

fn time_zone(reader: &mut Reader) -> Option<TimeZone> {
    const KEY: &str = "time_zone";
    const EXPECTED: &str = "an IANA time zone such as \"America/New_York\"";
    let name = reader.text(KEY, EXPECTED)?;
    match TimeZone::get(&name) {
        Ok(zone) if !zone.is_unknown() => return Some(zone),
        _ => {}
    }
    let hint = nearest_zone(&name)
        .map(|zone| format!(", did you mean {zone:?}?"))
        .unwrap_or_default();
    reader.expected(KEY, &format!("{EXPECTED}{hint}"))
}

fn nearest_zone(name: &str) -> Option<String> {
    let zones: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
    // The last part alone is what people remember: "New_York", "Berlin".
    let by_city = |zone: &&String| {
        zone.rsplit('/')
            .next()
            .is_some_and(|city| city.eq_ignore_ascii_case(name))
    };
    let city = zones.iter().find(by_city).cloned();
    city.or_else(|| keys::nearest(name, zones.iter().map(String::as_str)).map(str::to_owned))
}
