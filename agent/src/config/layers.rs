//! The layers: built-in defaults < file < SSM parameter < environment. The names in a layer are checked
//! before its values are merged, so that a misspelt or misplaced key cannot hide or overwrite the value of
//! another layer.

use std::{io, path::Path};

use toml::{Table, Value};

use super::{
    ConfigProblem, Fetched, Source, Variables, Want,
    given::{self, Given, Merged},
    keys::{Declared, join},
    names::is_parameter_name,
    setting::{Form, Table as DeclaredTable},
};
use crate::foreign_file::{self, BY_HAND};

/// What settings in the environment begin with; `__` descends into a table.
const PREFIX: &str = "MECRIS__";

/// The parameter that `config.ssm_parameter` names, in the environment or else in the file. `None` if the
/// text is not the name of a parameter: validation reports that.
pub(super) fn parameter(file: Option<&Path>, variables: &Variables) -> Option<String> {
    let name = match variables.get("MECRIS__CONFIG__SSM_PARAMETER") {
        Some(name) => name.clone(),
        None => match parse_file(file?).ok()?.get("config")? {
            Value::Table(table) => table.get("ssm_parameter")?.as_str()?.to_owned(),
            _ => return None,
        },
    };
    is_parameter_name(&name).then_some(name)
}

/// Merges all layers. Unknown names are left out and reported.
///
/// # Errors
/// The file or the parameter cannot be read. The other settings are not checked then, because most of them
/// are in it.
pub(super) fn merge(
    declared: Declared,
    file: Option<&Path>,
    fetched: &Fetched,
    variables: &Variables,
) -> Result<(Merged, Vec<ConfigProblem>), Vec<ConfigProblem>> {
    merge_layers(declared, file, parameter(file, variables), fetched, variables)
}

/// As [`merge`], without the parameter.
pub(super) fn merge_local(
    declared: Declared,
    file: Option<&Path>,
    variables: &Variables,
) -> Result<(Merged, Vec<ConfigProblem>), Vec<ConfigProblem>> {
    merge_layers(declared, file, None, &Fetched::default(), variables)
}

fn merge_layers(
    declared: Declared,
    file: Option<&Path>,
    parameter: Option<String>,
    fetched: &Fetched,
    variables: &Variables,
) -> Result<(Merged, Vec<ConfigProblem>), Vec<ConfigProblem>> {
    let (mut layers, mut unreadable) = Layers::begin(declared, file);
    if let Some(name) = parameter {
        let text = fetched.get(&Want::Parameter(name.clone()));
        let source = Source::Parameter(name);
        match text.and_then(parse) {
            Ok(table) => layers.add_parameter(table, &source),
            Err(message) => {
                unreadable = unreadable.or(Some(problem("configuration", source, message)));
            }
        }
    }
    for (name, text) in variables {
        if let Some(rest) = name.strip_prefix(PREFIX) {
            layers.add_variable(name, rest, text);
        }
    }
    layers.finish(unreadable)
}

/// Merges a file, tables and single settings, each upon what is before it. Neither a parameter nor the
/// environment is read. Unknown names are left out and reported.
///
/// # Errors
/// The file cannot be read.
pub(super) fn merge_given(
    declared: Declared,
    file: Option<&Path>,
    tables: Vec<(Source, Table)>,
    options: &[(String, String)],
    option: &'static str,
) -> Result<(Merged, Vec<ConfigProblem>), Vec<ConfigProblem>> {
    let (mut layers, unreadable) = Layers::begin(declared, file);
    for (source, table) in tables {
        layers.add("", table, &source);
    }
    for (key, text) in options {
        layers.add_option(key, text, option);
    }
    layers.finish(unreadable)
}

/// The defaults of a table, if they hold.
fn fill(merged: &mut Merged, table: &DeclaredTable) {
    let holds = match table.form {
        Form::Always => true,
        Form::Optional => merged.has_table(table.name),
        Form::Lines => false,
    };
    for setting in table.settings.iter().filter(|_| holds) {
        // A test holds that every default is TOML.
        if let Some(default) = setting.default.and_then(given::value) {
            merged.fill(setting.key, default);
        }
    }
}

/// The layers merged so far, and what is wrong with their names.
struct Layers {
    merged: Merged,
    problems: Vec<ConfigProblem>,
}

impl Layers {
    /// With the file as the first layer, if there is one, and the problem if it cannot be read.
    fn begin(declared: Declared, file: Option<&Path>) -> (Self, Option<ConfigProblem>) {
        let mut layers = Self {
            merged: Merged::new(declared),
            problems: Vec::new(),
        };
        let Some(path) = file else {
            return (layers, None);
        };
        let source = Source::File(path.to_owned());
        match parse_file(path) {
            Ok(table) => {
                layers.add("", table, &source);
                (layers, None)
            }
            Err(message) => (layers, Some(problem("configuration", source, message))),
        }
    }

    /// A file, or one table of it.
    fn add(&mut self, table: &str, values: Table, source: &Source) {
        let declared = self.merged.declared;
        for (name, value) in values {
            let key = join(table, &name);
            let message = match value {
                // A quoted key with a dot in it would pass for a path.
                _ if name.contains('.') => declared.unknown(&key),
                Value::Table(inner) if declared.is_table(&key) => {
                    self.merged.open(&key);
                    self.add(&key, inner, source);
                    continue;
                }
                value if declared.is_setting(&key) => {
                    let source = source.clone();
                    self.merged.set(&key, Given { value, source });
                    continue;
                }
                _ if declared.is_table(&key) => "expected a table of settings".to_owned(),
                _ => declared.unknown(&key),
            };
            self.problems.push(problem(&key, source.clone(), message));
        }
    }

    /// A parameter, which must not name another one.
    fn add_parameter(&mut self, mut values: Table, source: &Source) {
        if let Some(Value::Table(table)) = values.get_mut("config")
            && table.remove("ssm_parameter").is_some()
        {
            let message =
                "a parameter cannot name a parameter: set it in the file or in the environment".to_owned();
            self.problems
                .push(problem("config.ssm_parameter", source.clone(), message));
        }
        self.add("", values, source);
    }

    /// The defaults below everything, unless a layer could not be read.
    fn finish(
        self,
        unreadable: Option<ConfigProblem>,
    ) -> Result<(Merged, Vec<ConfigProblem>), Vec<ConfigProblem>> {
        let Self {
            mut merged,
            mut problems,
        } = self;
        if let Some(problem) = unreadable {
            problems.insert(0, problem);
            return Err(problems);
        }
        for table in merged.declared.tables() {
            fill(&mut merged, table);
        }
        Ok((merged, problems))
    }

    /// A setting by its key, as an option of the command line gives it. Its value stays text, as that of a
    /// variable.
    fn add_option(&mut self, key: &str, text: &str, option: &'static str) {
        let declared = self.merged.declared;
        let source = Source::Option(option);
        let message = if declared.is_setting(key) {
            let value = Value::from(text);
            self.merged.set(key, Given { value, source });
            return;
        } else if declared.is_table(key) {
            format!("names a table, not a setting: add the setting's name, {key}.…")
        } else {
            declared.unknown(key)
        };
        self.problems.push(problem(key, source, message));
    }

    /// A variable; `rest` is its name without the prefix. Its value stays text: the type is known only where
    /// the setting is read.
    fn add_variable(&mut self, name: &str, rest: &str, text: &str) {
        let declared = self.merged.declared;
        let key = rest.to_ascii_lowercase().replace("__", ".");
        let source = Source::Variable(name.to_owned());
        let message = if !declared.is_setting(&key) && declared.is_table(&key) {
            format!("names a table, not a setting: add the setting's name, {name}__…")
        } else if !declared.is_setting(&key) {
            declared.unknown(&key)
        } else if rest != rest.to_ascii_uppercase() {
            format!(
                "variable names are in capitals, did you mean {}?",
                name.to_ascii_uppercase()
            )
        } else {
            let value = Value::from(text);
            self.merged.set(&key, Given { value, source });
            return;
        };
        self.problems.push(problem(&key, source, message));
    }
}

/// Without a value: the value of a key that should not be there may be a secret.
fn problem(key: &str, source: Source, message: String) -> ConfigProblem {
    ConfigProblem {
        key: key.to_owned(),
        value: None,
        source: Some(source),
        message,
    }
}

fn parse_file(path: &Path) -> Result<Table, String> {
    let text = foreign_file::read_text(path, BY_HAND).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::InvalidData => "is not UTF-8 text".to_owned(),
        _ => format!("cannot be read: {error}"),
    })?;
    parse(&text)
}

fn parse(text: &str) -> Result<Table, String> {
    text.parse().map_err(|error: toml::de::Error| {
        let span = error.span().unwrap_or_default();
        let line = text.get(..span.start).unwrap_or_default().matches('\n').count() + 1;
        let what = error.message().trim().replace('\n', ", ");
        // The parser does not name the key.
        let key = text.get(span).filter(|_| what == "duplicate key");
        let key = key.map(|key| format!(" `{key}`")).unwrap_or_default();
        format!("is not TOML, line {line}: {what}{key}")
    })
}
