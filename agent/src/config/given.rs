//! Settings with their sources, and how a later layer covers an earlier one.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::{
    Source,
    keys::{Declared, is_inside},
};

/// A value and its source.
#[derive(Clone, Debug)]
pub(super) struct Given {
    /// TOML from a file or a parameter; text from the environment and from an option.
    pub(super) value: Value,
    pub(super) source: Source,
}

impl Given {
    /// The text of an environment variable or an option: its type is known only where the setting is read.
    pub(super) fn variable(&self) -> Option<&str> {
        match &self.source {
            Source::Variable(_) | Source::Option(_) => self.value.as_str(),
            _ => None,
        }
    }

    /// The list. A variable holds TOML, or words without quotes: `["a", "b"]`, `[a, b]`.
    pub(super) fn list(&self) -> Option<Vec<Value>> {
        let value = match self.variable() {
            Some(text) => return words(text).or_else(|| list(value(text)?)),
            None => self.value.clone(),
        };
        list(value)
    }

    /// The table. A variable holds TOML: `{ "1" = "a" }`.
    pub(super) fn table(&self) -> Option<Table> {
        let value = match self.variable() {
            Some(text) => value(text)?,
            None => self.value.clone(),
        };
        match value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }
}

/// A text; a date or a time of TOML counts as the text it was written as.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Datetime(datetime) => Some(datetime.to_string()),
        _ => None,
    }
}

/// A number, with a decimal point or without.
pub(super) fn number(value: &Value) -> Option<f64> {
    value
        .as_float()
        .or_else(|| value.as_integer().map(|number| number as f64))
}

/// Without quotes everything is text, `007` and `true` too.
fn words(text: &str) -> Option<Vec<Value>> {
    let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    if inner.contains(['"', '\'', '[', '{']) {
        return None;
    }
    let words = inner.split(',').map(str::trim).filter(|word| !word.is_empty());
    Some(words.map(Value::from).collect())
}

fn list(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(items) => Some(items),
        _ => None,
    }
}

/// One value as TOML spells it.
pub(super) fn value(text: &str) -> Option<Value> {
    const KEY: &str = "value";
    let mut document: Table = format!("{KEY} = {text}").parse().ok()?;
    document.remove(KEY)
}

/// Every setting that has a value, by key, and every table that some layer has, even without a setting in it.
#[derive(Debug)]
pub(super) struct Merged {
    /// What may have a value.
    pub(super) declared: Declared,
    settings: BTreeMap<String, Given>,
    tables: BTreeSet<String>,
}

impl Merged {
    /// Without any value.
    pub(super) fn new(declared: Declared) -> Self {
        Self {
            declared,
            settings: BTreeMap::new(),
            tables: BTreeSet::new(),
        }
    }

    /// The value of a setting.
    pub(super) fn get(&self, key: &str) -> Option<&Given> {
        self.settings.get(key)
    }

    /// Whether the setting has a value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.settings.contains_key(key)
    }

    /// Whether any setting of the table has a value.
    pub(super) fn has_inside(&self, table: &str) -> bool {
        self.settings.keys().any(|key| is_inside(key, table))
    }

    /// Whether some layer has the table.
    pub(super) fn has_table(&self, table: &str) -> bool {
        self.tables.contains(table) || self.has_inside(table)
    }

    /// Every setting with its value, by key.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Given)> {
        self.settings.iter()
    }

    /// A later layer has the table: a value of the same name ends, and what is in the table stays.
    pub(super) fn open(&mut self, table: &str) {
        self.settings.remove(table);
        self.tables.insert(table.to_owned());
    }

    /// A later layer has the setting. Its value replaces the earlier one; two tables of texts are merged. It
    /// also replaces a table of the same name, or a value where the setting's table should be:
    /// `budget.groq.period` is either one word or a table of settings.
    pub(super) fn set(&mut self, key: &str, mut given: Given) {
        self.tables.retain(|table| table != key && !is_inside(table, key));
        self.settings
            .retain(|other, _| !is_inside(other, key) && !is_inside(key, other));
        if let (Some(Value::Table(earlier)), Value::Table(later)) = (
            self.settings.get(key).map(|earlier| &earlier.value),
            &mut given.value,
        ) {
            for (name, value) in earlier {
                later.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        self.settings.insert(key.to_owned(), given);
    }

    /// The setting's default, for when no layer has the setting, a table of its name or a value in place of
    /// its table.
    pub(super) fn fill(&mut self, key: &str, default: Value) {
        let covered = self.has_table(key) || self.settings.keys().any(|other| is_inside(key, other));
        if !covered {
            let given = Given {
                value: default,
                source: Source::Default,
            };
            self.settings.entry(key.to_owned()).or_insert(given);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(settings: &[(&str, &str)]) -> Merged {
        let mut merged = Merged::new(Declared(&[]));
        for (key, toml) in settings {
            let source = Source::Variable(format!("{key} = {toml}"));
            let value = value(toml).unwrap();
            merged.set(key, Given { value, source });
        }
        merged
    }

    fn keys(merged: &Merged) -> Vec<&str> {
        merged.iter().map(|(key, _)| key.as_str()).collect()
    }

    #[test]
    fn a_word_and_a_table_of_one_name_replace_each_other() {
        let (word, ends) = (("groq.period", "\"monthly\""), ("groq.period.ends", "2026-11-30"));
        assert_eq!(keys(&merged(&[word, ends])), ["groq.period.ends"]);
        assert_eq!(keys(&merged(&[ends, word])), ["groq.period"]);
        assert_eq!(
            keys(&merged(&[("groq.period2", "1"), word])),
            ["groq.period", "groq.period2"]
        );
    }

    #[test]
    fn tables_of_texts_are_merged_and_the_later_text_wins() {
        let merged = merged(&[
            ("variables", "{ 1 = 'a', 2 = 'b' }"),
            ("variables", "{ 2 = 'c' }"),
        ]);
        let table = merged.get("variables").unwrap().value.as_table().unwrap();
        assert_eq!((table["1"].as_str(), table["2"].as_str()), (Some("a"), Some("c")));
    }

    #[test]
    fn a_default_does_not_replace_what_a_layer_has() {
        let mut merged = merged(&[("groq.period.ends", "2026-11-30"), ("hours", "3")]);
        merged.open("empty");
        for key in ["groq.period", "hours", "hours.inside", "empty", "start"] {
            merged.fill(key, Value::Integer(5));
        }
        assert_eq!(keys(&merged), ["groq.period.ends", "hours", "start"]);
        assert_eq!(merged.get("hours").unwrap().value, Value::Integer(3));
        assert_eq!(merged.get("start").unwrap().source, Source::Default);
    }
}
