//! Lists of tables, such as `[[budget.price]]` and `[[goal]]`: one setting whose value has lines.

use toml::{Table, Value};

use super::{ConfigProblem, keys, reader::Reader, setting::Table as Declared, show};

/// One line of a list, and what is wrong with it.
pub(super) struct Line<'a> {
    values: &'a Table,
    wrong: Vec<Wrong>,
}

/// A name in a line, and the problem with its value.
type Wrong = (String, String);

/// Reads the lines of a list. A list that nobody gave is empty. Every problem of every line is reported.
pub(super) fn read<T>(
    reader: &mut Reader,
    declared: &'static Declared,
    read_line: impl Fn(&mut Line<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let key = declared.name;
    if !reader.has(key) {
        return Some(Vec::new());
    }
    let expected = format!("a list of tables, [[{key}]]");
    let given = reader.given(key, &expected)?;
    let Some(items) = given.list() else {
        return reader.expected(key, &expected);
    };
    let mut lines = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let Some(values) = item.as_table() else {
            return reader.expected(key, &expected);
        };
        let (line, wrong) = one(values, declared, &read_line);
        for (name, message) in wrong {
            let known = is_known(declared, &name);
            reader.report(ConfigProblem {
                key: format!("{key}[{index}].{name}"),
                value: values
                    .get(&name)
                    .filter(|_| known)
                    .map(|value| show::value(false, value)),
                source: Some(given.source.clone()),
                message,
            });
        }
        lines.push(line);
    }
    lines.into_iter().collect()
}

/// One line, and everything that is wrong with it. The line is `None` if anything is.
pub(super) fn one<T>(
    values: &Table,
    declared: &'static Declared,
    read_line: impl Fn(&mut Line<'_>) -> Option<T>,
) -> (Option<T>, Vec<Wrong>) {
    let strangers = values.keys().filter(|name| !is_known(declared, name));
    let mut line = Line {
        values,
        wrong: strangers
            .map(|name| (name.clone(), unknown(declared, name)))
            .collect(),
    };
    let read = read_line(&mut line);
    (read.filter(|_| line.wrong.is_empty()), line.wrong)
}

impl Line<'_> {
    /// A value that every line must have.
    pub(super) fn required<T>(
        &mut self,
        name: &str,
        expected: &str,
        parse: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        if !self.values.contains_key(name) {
            self.refuse(name, format!("is required: expected {expected}"));
            return None;
        }
        self.optional(name, expected, parse)?
    }

    /// A value that may be missing. The outer `None` is a problem, the inner `None` a missing value.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        expected: &str,
        parse: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<Option<T>> {
        let Some(value) = self.values.get(name) else {
            return Some(None);
        };
        let parsed = parse(value);
        if parsed.is_none() {
            self.refuse(name, format!("expected {expected}"));
        }
        parsed.map(Some)
    }

    /// Records that a value of this line is wrong.
    pub(super) fn refuse(&mut self, name: &str, message: String) {
        self.wrong.push((name.to_owned(), message));
    }
}

fn names(declared: &'static Declared) -> impl Iterator<Item = &'static str> {
    declared.settings.iter().map(|setting| setting.key)
}

fn is_known(declared: &'static Declared, name: &str) -> bool {
    names(declared).any(|known| known == name)
}

fn unknown(declared: &'static Declared, name: &str) -> String {
    match keys::nearest(name, names(declared)) {
        Some(name) => format!("no such setting, did you mean {name}?"),
        None => format!(
            "no such setting; known here: {}",
            names(declared).collect::<Vec<_>>().join(", ")
        ),
    }
}
