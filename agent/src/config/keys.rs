//! The names of all settings, and which one a person may have meant.

use super::given::is_inside;

/// Every setting. A name that is not here, and is no table of one that is, is a mistake.
pub(super) const KEYS: &[&str] = &[
    "environment",
    "time_zone",
    "window.start",
    "window.hours",
    "window.grace",
    "http.listen",
    "http.auth",
    "http.requests_per_minute",
    "heuristic.interval",
    "heuristic.notify_at",
    "heuristic.deadline",
    "policy.max_messages_per_hour",
    "policy.max_messages_per_day",
    "policy.quiet_hours",
    "policy.escalate",
    "beeminder.source",
    "beeminder.base_url",
    "beeminder.username",
    "beeminder.ignore",
    "walk.goal",
    "walk.from",
    "walk.until",
    "budget.ttl",
    "budget.thresholds.warning_share",
    "budget.thresholds.critical_share",
    "budget.thresholds.warning_days_short",
    "budget.thresholds.critical_days_left",
    "budget.thresholds.burn_days",
    "budget.thresholds.reading_max_age_days",
    "budget.price",
    "budget.anthropic.source",
    "budget.anthropic.limit_usd",
    "budget.anthropic.period",
    "budget.anthropic.period.starts",
    "budget.anthropic.period.ends",
    "budget.anthropic.period.rolls",
    "budget.groq.source",
    "budget.groq.limit_usd",
    "budget.groq.period",
    "budget.groq.period.starts",
    "budget.groq.period.ends",
    "budget.groq.period.rolls",
    "notify.channels",
    "notify.lease",
    "notify.settle",
    "notify.sms.base_url",
    "notify.sms.to",
    "notify.sms.from",
    "notify.sms.messaging_service_sid",
    "notify.whatsapp.base_url",
    "notify.whatsapp.to",
    "notify.whatsapp.from",
    "notify.whatsapp.messaging_service_sid",
    "notify.whatsapp.content_sid",
    "notify.whatsapp.variables",
    "notify.voice.base_url",
    "notify.voice.to",
    "notify.voice.from",
    "notify.voice.voice",
    "notify.voice.language",
    "notify.telegram.base_url",
    "notify.telegram.chat_id",
    "notify.telegram.on_doubt",
    "notify.slack.on_doubt",
    "notify.email.from",
    "notify.email.to",
    "notify.email.subject",
    "notify.email.on_doubt",
    "state.path",
    "state.remote",
    "state.retention_days",
    "secrets.source",
    "config.ssm_parameter",
    "telemetry.emf",
    "telemetry.environment",
    "journal.log_group",
    "journal.log_stream",
    "journal.max_bytes_per_day",
];

/// The settings of one line of `[[budget.price]]`.
pub(super) const PRICE_KEYS: &[&str] = &[
    "provider",
    "model",
    "from",
    "input_usd_per_mtok",
    "output_usd_per_mtok",
];

/// Whether this is the name of a setting.
pub(super) fn is_setting(path: &str) -> bool {
    KEYS.contains(&path)
}

/// Whether this is the name of a table of settings.
pub(super) fn is_table(path: &str) -> bool {
    KEYS.iter().any(|key| is_inside(key, path))
}

/// Whether the value must not be shown: where the person can be reached, and the place where an account token
/// is pasted by mistake.
pub(super) fn is_private(path: &str) -> bool {
    PRIVATE.contains(&path)
}

const PRIVATE: &[&str] = &[
    "notify.sms.to",
    "notify.sms.from",
    "notify.sms.messaging_service_sid",
    "notify.whatsapp.to",
    "notify.whatsapp.from",
    "notify.whatsapp.messaging_service_sid",
    "notify.whatsapp.content_sid",
    "notify.voice.to",
    "notify.voice.from",
    "notify.telegram.chat_id",
    "notify.email.from",
    "notify.email.to",
];

/// What to say about a name that nobody knows: the nearest known one, else the known names beside it.
pub(super) fn unknown(path: &str) -> String {
    if let Some(known) = nearest_setting(path) {
        return format!("no such setting, did you mean {known}?");
    }
    let leaf = leaf(path);
    if ["token", "secret", "password", "api_key"]
        .iter()
        .any(|word| leaf.contains(word))
    {
        return "no such setting; a secret belongs in the environment, see docs/CONFIGURATION.md".to_owned();
    }
    format!("no such setting; known here: {}", siblings(path).join(", "))
}

/// The best of `candidates`, if it is near enough to be a slip of the pen.
pub(super) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const NEAR_ENOUGH: f64 = 0.8;
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= NEAR_ENOUGH)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// In the same table first; then the same last name in another table; then the whole path, if its table is
/// misspelt.
fn nearest_setting(path: &str) -> Option<String> {
    let table = table(path);
    if let Some(name) = nearest(leaf(path), siblings(path)) {
        return Some(join(table, name));
    }
    let elsewhere = KEYS.iter().copied().find(|key| leaf(key) == leaf(path));
    let anywhere = || {
        if is_table(table) {
            None
        } else {
            nearest(path, KEYS.iter().copied())
        }
    };
    elsewhere.or_else(anywhere).map(str::to_owned)
}

/// The names inside the table that `path` is in, settings and tables alike.
fn siblings(path: &str) -> Vec<&'static str> {
    let table = table(path);
    let mut names: Vec<&str> = KEYS
        .iter()
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
    use super::*;

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
            assert_eq!(unknown(slip), format!("no such setting, did you mean {meant}?"));
        }
    }

    #[test]
    fn without_a_near_name_the_known_ones_are_listed() {
        assert_eq!(
            unknown("window.zzz"),
            "no such setting; known here: start, hours, grace"
        );
        assert!(unknown("qqq").contains("environment, time_zone, window, http"));
    }

    #[test]
    fn a_secret_among_the_settings_is_told_where_to_go() {
        assert!(unknown("beeminder.auth_token").contains("a secret belongs in the environment"));
    }
}
