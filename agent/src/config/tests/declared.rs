//! What is made from the declarations of the settings, and whether the declarations are true.
//!
//! `UPDATE_SETTINGS=1 cargo test --workspace --lib config::tests::declared` writes `examples/full.toml`
//! and the tables of `docs/CONFIGURATION.md` anew.

use std::{fmt::Write as _, fs, path::Path};

use super::{VALID, problems};
use crate::config::{
    given::value,
    keys::is_inside,
    setting::{Form, Kind, Setting, Table},
    settings::DECLARED,
};

/// Compares the file with what the declarations make of it, or writes it when `UPDATE_SETTINGS` is set.
fn check(file: &str, make: impl FnOnce(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    let found = fs::read_to_string(&path).unwrap();
    let made = make(&found);
    if std::env::var_os("UPDATE_SETTINGS").is_some() {
        fs::write(&path, made).unwrap();
        return;
    }
    let differs = found
        .lines()
        .zip(made.lines())
        .find(|(found, made)| found != made);
    assert!(
        found == made,
        "{file} is not what the declarations make of it (first difference: {differs:?}): \
         run UPDATE_SETTINGS=1 cargo test --workspace --lib config::tests::declared"
    );
}

fn settings() -> impl Iterator<Item = &'static Setting> {
    DECLARED.tables().flat_map(|table| table.settings)
}

#[test]
fn the_full_example_is_made_from_the_declarations() {
    check("examples/full.toml", |_| full_example());
}

#[test]
fn the_tables_of_the_documentation_are_made_from_the_declarations() {
    check("docs/CONFIGURATION.md", |text| {
        let mut made = text.to_owned();
        for section in DECLARED.0 {
            let (lines, tables): (Vec<&Table>, Vec<&Table>) =
                section.tables.iter().partition(|table| table.form == Form::Lines);
            made = between(&made, section.title, &documentation(&tables));
            for table in lines {
                made = between(&made, table.name, &documentation_of_lines(table));
            }
        }
        made
    });
}

/// The text with `table` between the marks of `title`.
fn between(text: &str, title: &str, table: &str) -> String {
    let begin = format!("<!-- settings: {title} -->\n");
    const END: &str = "<!-- end of settings -->";
    let (before, rest) = text
        .split_once(&begin)
        .unwrap_or_else(|| panic!("docs/CONFIGURATION.md has no {begin}"));
    let (_, after) = rest
        .split_once(END)
        .unwrap_or_else(|| panic!("the settings of {title} have no end"));
    format!("{before}{begin}\n{table}\n{END}{after}")
}

/// `budget.*.source` for both providers.
fn shared(key: &str) -> String {
    key.replace("budget.anthropic.", "budget.*.")
        .replace("budget.groq.", "budget.*.")
}

fn default(setting: &Setting) -> String {
    setting
        .default
        .map_or(setting.without.to_owned(), |toml| format!("`{toml}`"))
}

fn allowed(setting: &Setting) -> String {
    match &setting.kind {
        Kind::Integer(bounds) => format!("{} to {}; {}", bounds.start(), bounds.end(), setting.doc),
        _ => setting.doc.to_owned(),
    }
}

fn documentation(tables: &[&Table]) -> String {
    let mut text = "| Key | Type | Default | Allowed |\n|---|---|---|---|\n".to_owned();
    let all: Vec<&Setting> = tables.iter().flat_map(|table| table.settings).collect();
    let mut shown = Vec::new();
    for setting in &all {
        let key = shared(setting.key);
        if shown.contains(&key) {
            continue;
        }
        let mut defaults: Vec<String> = all
            .iter()
            .filter(|twin| shared(twin.key) == key)
            .map(|twin| default(twin))
            .collect();
        defaults.dedup();
        let defaults = match defaults.as_slice() {
            [anthropic, groq] => format!("anthropic: {anthropic}, groq: {groq}"),
            _ => defaults.concat(),
        };
        let (kind, allowed) = (setting.kind.name(), allowed(setting));
        let _ = writeln!(text, "| `{key}` | {kind} | {defaults} | {allowed} |");
        shown.push(key);
    }
    text
}

fn documentation_of_lines(table: &Table) -> String {
    let mut text = "| Key | Type | Allowed |\n|---|---|---|\n".to_owned();
    for setting in table.settings {
        let (kind, allowed) = (setting.kind.name(), allowed(setting));
        let _ = writeln!(text, "| `{}` | {kind} | {allowed} |", setting.key);
    }
    text
}

const HEAD: &str = "\
# Every setting, with its default where it has one. Made from the declarations in agent/src/config: see
# setting.rs there. A setting can also come from the environment: MECRIS__HTTP__LISTEN=127.0.0.1:9000 wins.
# Secrets are not settings: see docs/CONFIGURATION.md.
";

fn full_example() -> String {
    let mut text = HEAD.to_owned();
    for table in DECLARED.tables() {
        text.push('\n');
        comment(&mut text, table.doc);
        let _ = match (table.form, table.name) {
            (_, "") => Ok(()),
            (Form::Lines, name) => writeln!(text, "[[{name}]]"),
            (_, name) => writeln!(text, "[{name}]"),
        };
        for setting in table.settings {
            // What is inside another setting is part of its value.
            if table
                .settings
                .iter()
                .any(|other| is_inside(setting.key, other.key))
            {
                continue;
            }
            comment(&mut text, &allowed(setting));
            let name = setting.key.rsplit('.').next().unwrap();
            let value = setting
                .example
                .or(setting.default)
                .unwrap_or_else(|| panic!("{} has neither a default nor an example", setting.key));
            let mark = if setting.commented { "# " } else { "" };
            let _ = writeln!(text, "{mark}{name} = {value}");
        }
    }
    text
}

/// The Markdown as comment lines of at most 110 columns.
fn comment(text: &mut String, markdown: &str) {
    let mut line = "#".to_owned();
    for word in markdown.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > 110 {
            let _ = writeln!(text, "{line}");
            line = "#".to_owned();
        }
        let _ = write!(line, " {word}");
    }
    if line != "#" {
        let _ = writeln!(text, "{line}");
    }
}

#[test]
fn every_default_and_every_example_is_toml() {
    for setting in settings() {
        for toml in [setting.default, setting.example].into_iter().flatten() {
            assert!(value(toml).is_some(), "{}: {toml}", setting.key);
        }
    }
}

#[test]
fn every_setting_is_declared_once_in_its_table() {
    let mut keys: Vec<&str> = DECLARED.keys().collect();
    for table in DECLARED.tables().filter(|table| table.form != Form::Lines) {
        for setting in table.settings {
            assert!(
                table.name.is_empty() || is_inside(setting.key, table.name),
                "{} is in [{}]",
                setting.key,
                table.name
            );
        }
    }
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count);
}

#[test]
fn every_declared_setting_is_read() {
    for key in DECLARED.keys() {
        // No setting is a list of lists.
        let valid = VALID
            .lines()
            .filter(|line| !line.starts_with(key))
            .fold(String::new(), |text, line| text + line + "\n");
        let text = problems(&format!("{valid}{key} = [[]]\n"), &[]);
        assert!(
            text.lines().any(|line| line.starts_with(&format!("{key} "))),
            "nothing reads {key}: {text}"
        );
    }
}
