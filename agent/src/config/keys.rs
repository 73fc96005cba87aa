//! The names of all settings, and the name that a person may have meant.

use super::setting::{Form, Section, Setting, Table};

/// Every declared setting. A name that is not here, and is no table of a setting that is, is a mistake.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declared(pub(super) &'static [Section]);

impl Declared {
    /// The tables, in the order of the declarations.
    pub(super) fn tables(self) -> impl Iterator<Item = &'static Table> {
        self.0.iter().flat_map(|section| section.tables)
    }

    /// The keys of all settings, in the order of the declarations.
    pub(super) fn keys(self) -> impl Iterator<Item = &'static str> {
        self.tables().flat_map(|table| {
            let (list, settings) = match table.form {
                Form::Lines => (Some(table.name), &[][..]),
                Form::Always | Form::Optional => (None, table.settings),
            };
            list.into_iter().chain(settings.iter().map(|setting| setting.key))
        })
    }

    /// The declaration of a setting; `None` for a list of tables.
    pub(super) fn get(self, key: &str) -> Option<&'static Setting> {
        let mut settings = self
            .tables()
            .filter(|table| table.form != Form::Lines)
            .flat_map(|table| table.settings);
        settings.find(|setting| setting.key == key)
    }

    /// Whether this is the name of a setting.
    pub(super) fn is_setting(self, path: &str) -> bool {
        self.keys().any(|key| key == path)
    }

    /// Whether this is the name of a table of settings.
    pub(super) fn is_table(self, path: &str) -> bool {
        self.keys().any(|key| is_inside(key, path))
    }

    /// Whether the value must not be shown.
    pub(super) fn is_private(self, path: &str) -> bool {
        self.get(path).is_some_and(|setting| setting.private)
    }

    /// What to say about an unknown name: what replaces it, if it was a setting once; the nearest known name;
    /// else the known names beside it.
    pub(super) fn unknown(self, path: &str) -> String {
        if let Some((_, instead)) = RETIRED.iter().find(|(retired, _)| *retired == path) {
            return format!("is no setting any more: {instead}");
        }
        if let Some(known) = self.nearest_setting(path) {
            return format!("no such setting, did you mean {known}?");
        }
        let leaf = leaf(path);
        if ["token", "secret", "password", "api_key"]
            .iter()
            .any(|word| leaf.contains(word))
        {
            return "no such setting; a secret belongs in the environment, see docs/CONFIGURATION.md"
                .to_owned();
        }
        format!("no such setting; known here: {}", self.siblings(path).join(", "))
    }

    /// In the same table first; then the same last name in another table; then the whole path, if its table
    /// is misspelt.
    fn nearest_setting(self, path: &str) -> Option<String> {
        let table = table(path);
        if let Some(name) = nearest(leaf(path), self.siblings(path)) {
            return Some(join(table, name));
        }
        let elsewhere = self.keys().find(|key| leaf(key) == leaf(path));
        let anywhere = || {
            if self.is_table(table) {
                None
            } else {
                nearest(path, self.keys())
            }
        };
        elsewhere.or_else(anywhere).map(str::to_owned)
    }

    /// The names inside the table that `path` is in, settings and tables alike.
    fn siblings(self, path: &str) -> Vec<&'static str> {
        let table = table(path);
        let mut names: Vec<&str> = self
            .keys()
            .filter(|key| table.is_empty() || is_inside(key, table))
            .map(|key| {
                if table.is_empty() {
                    key
                } else {
                    &key[table.len() + 1..]
                }
            })
            .map(|rest| rest.split('.').next().unwrap_or(rest))
            .collect();
        names.dedup();
        names
    }
}

/// Settings that there once were, and what to write instead.
const RETIRED: [(&str, &str); 1] = [(
    "heuristic.notify_at",
    "each kind has its own threshold now. For goals set heuristic.lead_days (0: on the last day only) or a \
     [[goal]] table, for budgets [budget.thresholds]",
)];

/// The best of `candidates`, if it is near enough to be a slip of the pen.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const NEAR_ENOUGH: f64 = 0.8;
    // Longer than three times the longest name. To compare takes a time that grows with the length.
    const LONGEST: usize = 200;
    candidates
        .into_iter()
        .filter(|_| name.len() <= LONGEST)
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= NEAR_ENOUGH)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Whether the key is in the table, at any depth.
pub(super) fn is_inside(key: &str, table: &str) -> bool {
    key.strip_prefix(table).is_some_and(|rest| rest.starts_with('.'))
}

fn table(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(table, _)| table)
}

fn leaf(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, leaf)| leaf)
}

/// `table.name`, or `name` at the top.
pub(super) fn join(table: &str, name: &str) -> String {
    if table.is_empty() {
        name.to_owned()
    } else {
        format!("{table}.{name}")
    }
}

#[cfg(test)]
mod tests {
    use crate::config::settings::DECLARED;

    #[test]
    fn the_nearest_name_is_suggested_wherever_the_slip_is() {
        for (slip, meant) in [
            ("timezone", "time_zone"),
            ("htpp", "http"),
            ("http.lisen", "http.listen"),
            ("listen", "http.listen"),
            ("http.deadline", "heuristic.deadline"),
            ("notify.sms.messaging_sid", "notify.sms.messaging_service_sid"),
            ("budget.antropic", "budget.anthropic"),
            ("budget.groq.limit", "budget.groq.limit_usd"),
        ] {
            assert_eq!(
                DECLARED.unknown(slip),
                format!("no such setting, did you mean {meant}?")
            );
        }
    }

    #[test]
    fn without_a_near_name_the_known_ones_are_listed() {
        assert_eq!(
            DECLARED.unknown("window.zzz"),
            "no such setting; known here: mode, start, hours, days, passes, grace"
        );
        assert!(
            DECLARED
                .unknown("qqq")
                .contains("environment, role, time_zone, window, http")
        );
    }

    #[test]
    fn a_setting_that_went_away_is_told_what_replaces_it() {
        let message = DECLARED.unknown("heuristic.notify_at");
        assert!(message.starts_with("is no setting any more: "), "{message}");
        for name in ["heuristic.lead_days", "budget.thresholds"] {
            assert!(message.contains(name), "{message}");
            assert!(DECLARED.is_setting(name) || DECLARED.is_table(name), "{name}");
        }
    }

    #[test]
    fn a_secret_among_the_settings_is_told_where_to_go() {
        assert!(
            DECLARED
                .unknown("beeminder.auth_token")
                .contains("a secret belongs in the environment")
        );
    }
}
