//! `environment`, `role` and `time_zone`.

use jiff::tz::TimeZone;

use super::{
    keys,
    reader::Reader,
    setting::{Form, Kind, Setting, Table},
};
use crate::domain::word;

pub(super) const TABLE: Table = Table {
    name: "",
    doc: "",
    form: Form::Always,
    settings: &[
        Setting::new(
            "environment",
            Kind::Text,
            "`\"development\"` or `\"production\"`. Production refuses console delivery, `run --at` and \
             `http.auth = \"none\"`",
        )
        .default("\"development\"")
        .example("\"production\""),
        Setting::new(
            "role",
            Kind::Text,
            "what this installation says, if several installations serve one account and one number. \
             `\"main\"` says everything. `\"backup\"` says only `last_call`. `\"staging\"` says what is \
             wrong with itself, and nothing about goals, walk and budgets",
        )
        .default("\"main\""),
        Setting::new(
            "time_zone",
            Kind::Text,
            "an IANA name such as `\"America/New_York\"`: local days, quiet hours, the walk and the window \
             are in this zone",
        )
        .without("required")
        .example("\"America/New_York\""),
    ],
};

word! {
    /// `environment`.
    pub enum Environment: "an environment" in "lowercase" {
        /// A laptop or a test.
        Development,
        /// For real: refuses console delivery, `--at` and `auth = "none"`.
        Production,
    }
}

word! {
    /// `role`: which of several installations for one person this is.
    pub enum Role: "a role" in "lowercase" {
        /// Says everything.
        Main,
        /// Says only what another installation should have said already: `last_call`.
        Backup,
        /// Says nothing about promises.
        Staging,
    }
}

pub(super) fn environment(reader: &mut Reader) -> Option<Environment> {
    reader.choice("environment", &Environment::ALL.map(|word| (word.as_str(), word)))
}

pub(super) fn role(reader: &mut Reader) -> Option<Role> {
    reader.choice("role", &Role::ALL.map(|word| (word.as_str(), word)))
}

pub(super) fn time_zone(reader: &mut Reader) -> Option<TimeZone> {
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
