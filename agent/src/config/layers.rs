//! The layers: built-in defaults < file < SSM parameter < environment. Each is checked for names before it is
//! merged, so that a misspelt or misplaced key cannot hide or overwrite another layer's value.

use std::{collections::BTreeMap, fs, io, path::Path};

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format, Toml},
    value::{Dict, Map, Value},
};

use super::{ConfigProblem, Fetched, Source, Variables, Want, keys, validate};

const DEFAULTS: &str = include_str!("defaults.toml");

/// Defaults of tables that exist only where somebody mentions them.
const OPTIONAL: &[(&str, &str)] = &[
    ("walk", "[walk]\nfrom = \"14:00\"\nuntil = \"18:00\""),
    (
        "budget.anthropic",
        "[budget.anthropic]\nsource = \"ledger\"\nperiod = \"monthly\"",
    ),
    (
        "budget.groq",
        "[budget.groq]\nsource = \"odometer\"\nperiod = \"monthly\"",
    ),
];

/// What settings in the environment begin with; `__` descends into a table.
const PREFIX: &str = "MECRIS__";

/// What figment calls the layer of an SSM parameter.
const PARAMETER: &str = "SSM parameter";

/// The key under which the TOML parser hides an unquoted date or time.
const TOML_DATETIME: &str = "$__toml_private_datetime";

/// A value and who set it.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) value: Value,
    pub(super) source: Source,
}

/// Every setting that has a value, by key.
pub(super) type Merged = BTreeMap<String, Given>;

/// The parameter that `config.ssm_parameter` names, in the environment or else in the file. What is no name
/// of a parameter is none: validation says so.
pub(super) fn parameter(file: Option<&Path>, variables: &Variables) -> Option<String> {
    let name = match variables.get("MECRIS__CONFIG__SSM_PARAMETER") {
        Some(name) => name.clone(),
        None => match parse_file(file?).ok()?.get("config")? {
            Value::Dict(_, table) => table.get("ssm_parameter")?.as_str()?.to_owned(),
            _ => return None,
        },
    };
    validate::is_parameter_name(&name).then_some(name)
}

/// Merges all layers. Names that nobody knows are left out and reported.
///
/// # Errors
/// The file or the parameter cannot be read: what is wrong with the other settings cannot be said, because
/// most of them are in it.
pub(super) fn merge(
    file: Option<&Path>,
    fetched: &Fetched,
    variables: &Variables,
) -> Result<(Merged, Vec<ConfigProblem>), Vec<ConfigProblem>> {
    merge_layers(file, parameter(file, variables), fetched, variables)
}

/// As [`merge`], without the parameter.
pub(super) fn merge_local(
    file: Option<&Path>,
    variables: &Variables,
) -> Result<(Merged, Vec<ConfigProblem>), Vec<ConfigProblem>> {
    merge_layers(file, None, &Fetched::default(), variables)
}

fn merge_layers(
    file: Option<&Path>,
    parameter: Option<String>,
    fetched: &Fetched,
    variables: &Variables,
) -> Result<(Merged, Vec<ConfigProblem>), Vec<ConfigProblem>> {
    let mut problems = Vec::new();
    let mut figment = Figment::new();
    let mut unreadable = None;
    if let Some(path) = file {
        match parse_file(path) {
            Ok(dict) => figment = figment.merge(layer(Source::File(path.to_owned()), dict, &mut problems)),
            Err(message) => unreadable = Some(unreadable_layer(Source::File(path.to_owned()), message)),
        }
    }
    if let Some(name) = parameter {
        let source = Source::Parameter(name);
        match parse_parameter(&source, fetched) {
            Ok(dict) => figment = figment.merge(layer(source, dict, &mut problems)),
            Err(message) => unreadable = unreadable.or(Some(unreadable_layer(source, message))),
        }
    }
    for (name, text) in variables {
        if let Some(layer) = variable_layer(name, text, &mut problems) {
            figment = figment.merge(layer);
        }
    }
    if let Some(problem) = unreadable {
        problems.insert(0, problem);
        return Err(problems);
    }
    for (table, defaults) in OPTIONAL {
        if figment.contains(table) {
            figment = figment.join(Toml::string(defaults));
        }
    }
    figment = figment.join(Toml::string(DEFAULTS));

    let mut merged = Merged::new();
    if let Ok(Value::Dict(_, dict)) = figment.find_value("") {
        flatten(&figment, "", dict, &mut merged);
    }
    Ok((merged, problems))
}

/// One layer: values and who set them.
struct Layer {
    source: Source,
    dict: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        match &self.source {
            Source::File(path) => Metadata::from("file", path.as_path()),
            Source::Parameter(name) => Metadata::from(PARAMETER, name.as_str()),
            Source::Variable(name) => Metadata::from("environment variable", name.as_str()),
            Source::Default | Source::Secret(_) => Metadata::named("default"),
        }
    }

    fn data(&self) -> figment::error::Result<Map<Profile, Dict>> {
        Ok(Profile::Default.collect(self.dict.clone()))
    }
}

fn layer(source: Source, mut dict: Dict, problems: &mut Vec<ConfigProblem>) -> Layer {
    if let (Source::Parameter(_), Some(Value::Dict(_, table))) = (&source, dict.get_mut("config"))
        && table.remove("ssm_parameter").is_some()
    {
        let message =
            "a parameter cannot name a parameter: set it in the file or in the environment".to_owned();
        let key = "config.ssm_parameter".to_owned();
        problems.push(ConfigProblem {
            key,
            value: None,
            source: Some(source.clone()),
            message,
        });
    }
    let dict = known_only("", dict, &source, problems);
    Layer { source, dict }
}

fn unreadable_layer(source: Source, message: String) -> ConfigProblem {
    ConfigProblem {
        key: "configuration".to_owned(),
        value: None,
        source: Some(source),
        message,
    }
}

fn parse_parameter(source: &Source, fetched: &Fetched) -> Result<Dict, String> {
    let Source::Parameter(name) = source else {
        return Ok(Dict::new());
    };
    parse(fetched.get(&Want::Parameter(name.clone()))?)
}

fn parse_file(path: &Path) -> Result<Dict, String> {
    let text = fs::read_to_string(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::InvalidData => "is not UTF-8 text".to_owned(),
        _ => format!("cannot be read: {error}"),
    })?;
    parse(&text)
}

fn parse(text: &str) -> Result<Dict, String> {
    <Toml as Format>::from_str::<Dict>(text).map_err(|error| {
        let before = error
            .span()
            .and_then(|span| text.get(..span.start))
            .unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        format!(
            "is not TOML, line {line}: {}",
            error.message().trim().replace('\n', ", ")
        )
    })
}

/// The dictionary without what is no setting; each of those is a problem.
fn known_only(table: &str, dict: Dict, source: &Source, problems: &mut Vec<ConfigProblem>) -> Dict {
    let mut known = Dict::new();
    for (name, value) in dict {
        let path = keys::join(table, &name);
        let value = plain(value);
        let message = match value {
            // A quoted key with a dot in it would pass for a path.
            _ if name.contains('.') => keys::unknown(&path),
            Value::Dict(_, inner) if keys::is_table(&path) => {
                known.insert(name, known_only(&path, inner, source, problems).into());
                continue;
            }
            value if keys::is_setting(&path) => {
                known.insert(name, value);
                continue;
            }
            _ if keys::is_table(&path) => "expected a table of settings".to_owned(),
            _ => keys::unknown(&path),
        };
        // The value of a key that should not be there may be a secret: it is not shown.
        problems.push(ConfigProblem {
            key: path,
            value: None,
            source: Some(source.clone()),
            message,
        });
    }
    known
}

/// TOML's dates and times as the text they were written as.
pub(super) fn plain(value: Value) -> Value {
    match value {
        Value::Dict(tag, mut dict) => match dict.remove(TOML_DATETIME) {
            Some(text) => text,
            None => Value::Dict(tag, dict),
        },
        Value::Array(tag, items) => Value::Array(
            tag,
            items
                .into_iter()
                .map(|item| match plain(item) {
                    Value::Dict(tag, dict) => Value::Dict(
                        tag,
                        dict.into_iter().map(|(key, value)| (key, plain(value))).collect(),
                    ),
                    item => item,
                })
                .collect(),
        ),
        value => value,
    }
}

/// A variable's value stays text: which type it should be is known only where it is read.
fn variable_layer(name: &str, text: &str, problems: &mut Vec<ConfigProblem>) -> Option<Layer> {
    let rest = name.strip_prefix(PREFIX)?;
    let path = rest.to_ascii_lowercase().replace("__", ".");
    let source = Source::Variable(name.to_owned());
    if !keys::is_setting(&path) || rest != rest.to_ascii_uppercase() {
        let message = if keys::is_setting(&path) {
            format!(
                "variable names are in capitals, did you mean {}?",
                name.to_ascii_uppercase()
            )
        } else if keys::is_table(&path) {
            format!("names a table, not a setting: add the setting's name, {name}__…")
        } else {
            keys::unknown(&path)
        };
        problems.push(ConfigProblem {
            key: path,
            value: None,
            source: Some(source),
            message,
        });
        return None;
    }
    let mut segments = path.rsplit('.');
    let leaf = segments.next().unwrap_or_default().to_owned();
    let innermost = Dict::from([(leaf, Value::from(text))]);
    let dict = segments.fold(innermost, |inner, table| {
        Dict::from([(table.to_owned(), inner.into())])
    });
    Some(Layer { source, dict })
}

fn flatten(figment: &Figment, table: &str, dict: Dict, merged: &mut Merged) {
    for (name, value) in dict {
        let path = keys::join(table, &name);
        match value {
            Value::Dict(_, inner) if keys::is_table(&path) => flatten(figment, &path, inner, merged),
            value => {
                let source = source_of(figment, &value);
                merged.insert(path, Given { value, source });
            }
        }
    }
}

fn source_of(figment: &Figment, value: &Value) -> Source {
    let Some(metadata) = figment.get_metadata(value.tag()) else {
        return Source::Default;
    };
    match &metadata.source {
        Some(figment::Source::File(path)) => Source::File(path.clone()),
        Some(figment::Source::Custom(name)) if metadata.name == PARAMETER => Source::Parameter(name.clone()),
        Some(figment::Source::Custom(name)) => Source::Variable(name.clone()),
        _ => Source::Default,
    }
}
