//! Typed reads of merged settings. A read that fails records a problem and returns `None`, so that the reads
//! after it can report their problems too.

use std::{collections::BTreeMap, ops::RangeInclusive, str::FromStr, time::Duration};

use jiff::{
    SignedDuration,
    civil::{Date, Time},
};
use toml::Value;

use super::{
    ConfigProblem, Source,
    given::{self, Given, Merged},
    keys,
    setting::Kind,
    show,
};

/// Reads settings and collects their problems.
pub(super) struct Reader {
    merged: Merged,
    problems: Vec<ConfigProblem>,
}

impl Reader {
    pub(super) fn new(merged: Merged, problems: Vec<ConfigProblem>) -> Self {
        Self { merged, problems }
    }

    pub(super) fn into_parts(self) -> (Merged, Vec<ConfigProblem>) {
        (self.merged, self.problems)
    }

    /// Whether the setting has a value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.merged.has(key)
    }

    /// Whether a layer gives the setting, so that its value is not the default.
    pub(super) fn is_given(&self, key: &str) -> bool {
        let given = self.merged.get(key);
        given.is_some_and(|given| given.source != Source::Default)
    }

    /// Whether any setting of the table is set.
    pub(super) fn has_table(&self, table: &str) -> bool {
        self.merged.has_inside(table)
    }

    /// The value of the setting as it may be shown to the operator.
    pub(super) fn shown(&self, key: &str) -> String {
        self.merged
            .get(key)
            .map(|given| show::given(self.merged.declared.is_private(key), given))
            .unwrap_or_default()
    }

    /// Records that the setting is wrong, with its value and where it came from.
    pub(super) fn refuse(&mut self, key: &str, message: impl Into<String>) {
        let given = self.merged.get(key);
        let private = self.merged.declared.is_private(key);
        self.problems.push(ConfigProblem {
            key: key.to_owned(),
            value: given.map(|given| show::given(private, given)),
            source: given.map(|given| given.source.clone()),
            message: message.into(),
        });
    }

    /// Records a problem with something that is not a setting: a secret, or one line of a list.
    pub(super) fn report(&mut self, problem: ConfigProblem) {
        self.problems.push(problem);
    }

    /// The value, or a problem that says that it is missing.
    pub(super) fn given(&mut self, key: &str, expected: &str) -> Option<Given> {
        debug_assert!(self.merged.declared.is_setting(key), "{key} is not declared");
        let given = self.merged.get(key).cloned();
        if given.is_none() && !self.was_meant(key) {
            self.refuse(key, format!("is required: expected {expected}"));
        }
        given
    }

    /// Whether a reported problem already suggests this setting for a misspelt name. If so, to report the
    /// setting as missing would be noise.
    fn was_meant(&self, key: &str) -> bool {
        let hint = format!("did you mean {key}?");
        self.problems
            .iter()
            .any(|problem| problem.message.ends_with(&hint))
    }

    /// A text.
    pub(super) fn text(&mut self, key: &str, expected: &str) -> Option<String> {
        let value = self.given(key, expected)?.value;
        given::text(&value).or_else(|| self.expected(key, expected))
    }

    /// A text, or a whole number as text: for names that look like numbers.
    pub(super) fn text_or_number(&mut self, key: &str, expected: &str) -> Option<String> {
        let value = self.given(key, expected)?.value;
        let number = || value.as_integer().map(|number| number.to_string());
        let text = given::text(&value).or_else(number);
        text.or_else(|| self.expected(key, expected))
    }

    /// A text that `parse` understands.
    pub(super) fn parsed<T>(
        &mut self,
        key: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(key, expected)?;
        parse(&text).or_else(|| self.expected(key, expected))
    }

    /// A value of any type that `parse` understands. A variable is text.
    pub(super) fn value<T>(
        &mut self,
        key: &str,
        expected: &str,
        parse: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let given = self.given(key, expected)?;
        parse(&given.value).or_else(|| self.expected(key, expected))
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let expected = one_of(choices);
        let text = self.text(key, &expected)?;
        self.chosen(key, &text, choices)
    }

    /// A list of a few words.
    pub(super) fn choices<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<Vec<T>> {
        let texts = self.list(key, &format!("a list of: {}", names(choices)))?;
        // All texts are checked, so that every wrong text is reported.
        let chosen: Vec<Option<T>> = texts.iter().map(|text| self.chosen(key, text, choices)).collect();
        chosen.into_iter().collect()
    }

    fn chosen<T: Copy>(&mut self, key: &str, text: &str, choices: &[(&str, T)]) -> Option<T> {
        if let Some((_, value)) = choices.iter().find(|(name, _)| *name == text) {
            return Some(*value);
        }
        let hint = keys::nearest(text, choices.iter().map(|(name, _)| *name));
        let hint = hint
            .map(|name| format!(", did you mean {name:?}?"))
            .unwrap_or_default();
        self.expected(key, &format!("{}{hint}", one_of(choices)))
    }

    /// A list of texts. In the environment it is written as in TOML, `["a", "b"]`.
    pub(super) fn list(&mut self, key: &str, expected: &str) -> Option<Vec<String>> {
        let given = self.given(key, expected)?;
        let texts = given
            .list()
            .and_then(|items| items.iter().map(given::text).collect::<Option<Vec<String>>>());
        texts.or_else(|| self.expected(key, expected))
    }

    /// A list of numbers. In the environment it is written as in TOML, `[0.5, 1]`.
    pub(super) fn numbers(&mut self, key: &str, expected: &str) -> Option<Vec<f64>> {
        let given = self.given(key, expected)?;
        // Without quotes, the items of a variable are texts.
        let number = |value: &Value| given::number(value).or_else(|| value.as_str()?.parse().ok());
        let numbers = given
            .list()
            .and_then(|items| items.iter().map(number).collect::<Option<Vec<f64>>>());
        numbers.or_else(|| self.expected(key, expected))
    }

    /// A table of texts. In the environment it is written as in TOML, `{ "1" = "a" }`.
    pub(super) fn texts(&mut self, key: &str, expected: &str) -> Option<BTreeMap<String, String>> {
        let given = self.given(key, expected)?;
        let text = |(name, value): (String, Value)| Some((name, value.as_str()?.to_owned()));
        let texts = given
            .table()
            .and_then(|table| table.into_iter().map(text).collect::<Option<_>>());
        texts.or_else(|| self.expected(key, expected))
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        const EXPECTED: &str = "true or false";
        let given = self.given(key, EXPECTED)?;
        let flag = typed(&given, Value::as_bool);
        flag.or_else(|| self.expected(key, EXPECTED))
    }

    /// A whole number within the bounds of its declaration.
    pub(super) fn count(&mut self, key: &str) -> Option<u32> {
        let allowed = match self.merged.declared.get(key).map(|setting| &setting.kind) {
            Some(Kind::Integer(allowed)) => allowed.clone(),
            kind => {
                debug_assert!(false, "{key} is declared as {kind:?}");
                0..=u32::MAX
            }
        };
        let expected = format!("a whole number from {} to {}", allowed.start(), allowed.end());
        let given = self.given(key, &expected)?;
        let whole = |value: &Value| value.as_integer().and_then(|n| u32::try_from(n).ok());
        typed(&given, whole)
            .filter(|n| allowed.contains(n))
            .or_else(|| self.expected(key, &expected))
    }

    /// A number for which `allowed` holds.
    pub(super) fn number(
        &mut self,
        key: &str,
        expected: &str,
        allowed: impl FnOnce(f64) -> bool,
    ) -> Option<f64> {
        let given = self.given(key, expected)?;
        let number = typed(&given, given::number).filter(|n| n.is_finite());
        number
            .filter(|n| allowed(*n))
            .or_else(|| self.expected(key, expected))
    }

    /// A duration within bounds, for example `15m` or `1h 30m`.
    pub(super) fn duration(&mut self, key: &str, allowed: RangeInclusive<Duration>) -> Option<Duration> {
        let (least, most) = (friendly(*allowed.start()), friendly(*allowed.end()));
        let expected = format!("a duration from {least} to {most} such as \"90s\", \"15m\" or \"1h\"");
        self.parsed(key, &expected, |text| {
            let duration = Duration::try_from(text.parse::<SignedDuration>().ok()?).ok()?;
            allowed.contains(&duration).then_some(duration)
        })
    }

    /// A time of the local day.
    pub(super) fn time(&mut self, key: &str) -> Option<Time> {
        self.parsed(key, "a time such as \"13:00\"", time)
    }

    /// A day.
    pub(super) fn date(&mut self, key: &str) -> Option<Date> {
        self.parsed(key, "a day such as \"2026-11-01\"", |text| {
            Date::strptime("%Y-%m-%d", text).ok()
        })
    }

    /// Records what was expected instead of the value. Always returns `None`, so that a read can end with
    /// this call.
    pub(super) fn expected<T>(&mut self, key: &str, expected: &str) -> Option<T> {
        self.refuse(key, format!("expected {expected}"));
        None
    }
}

/// Reads `HH:MM`, and `HH:MM:SS` because TOML's own local times have seconds.
pub(super) fn time(text: &str) -> Option<Time> {
    Time::strptime("%H:%M", text)
        .or_else(|_| Time::strptime("%H:%M:%S", text))
        .ok()
}

/// Reads a number or a flag. A value from an environment variable is text and is parsed.
fn typed<T: FromStr>(given: &Given, of_toml: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
    match given.variable() {
        Some(text) => text.trim().parse().ok(),
        None => of_toml(&given.value),
    }
}

fn names<T>(choices: &[(&str, T)]) -> String {
    choices
        .iter()
        .map(|(name, _)| format!("{name:?}"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn one_of<T>(choices: &[(&str, T)]) -> String {
    if choices.len() == 1 {
        names(choices)
    } else {
        format!("one of: {}", names(choices))
    }
}

fn friendly(duration: Duration) -> String {
    SignedDuration::try_from(duration)
        .map_or_else(|_| format!("{duration:?}"), |duration| format!("{duration:#}"))
}
