//! `secrets.source = "env"`: the environment, then a `.env` file for the secrets that the environment lacks.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use super::{
    FoundSecrets, Notes, SecretProblem, SecretSource, SecretsError,
    dotenv::{Statement, statements},
    json,
    names::pick,
    permissions::readable_by_others,
};
use crate::{
    config::{Variables, show},
    foreign_file::{self, BY_HAND},
};

/// The environment and a `.env` file. A secret in the environment wins, even if the file has the secret under
/// another of its names.
#[derive(Debug)]
pub struct EnvSecrets {
    variables: Variables,
    dotenv: Option<PathBuf>,
}

impl EnvSecrets {
    /// From these variables and this file. The file need not exist.
    pub fn new(variables: &Variables, dotenv: Option<&Path>) -> Self {
        Self {
            variables: variables.clone(),
            dotenv: dotenv.map(Path::to_owned),
        }
    }
}

impl SecretSource for EnvSecrets {
    fn load(&self) -> Result<FoundSecrets, SecretsError> {
        let mut notes = Notes::default();
        let get = |name: &str| self.variables.get(name).map(String::as_str);
        let mut secrets = pick("environment", get, &mut notes);
        if let Some(path) = &self.dotenv {
            let file = path.display().to_string();
            let variables = read(path, &file, &mut notes);
            let get = |name: &str| variables.get(name).map(String::as_str);
            let found = pick(&file, get, &mut notes);
            if !found.is_empty() {
                notes.warnings.extend(readable_by_others(path, &file));
            }
            secrets = secrets.or(found);
        }
        notes.found(secrets)
    }
}

/// The secrets in a `.env` file; none if there is no file. Other lines may belong to other programs, so they
/// cause warnings at most.
fn read(path: &Path, file: &str, notes: &mut Notes) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    let bytes = match foreign_file::read(path, BY_HAND) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return variables,
        Err(why) => {
            let file = file.to_owned();
            notes.problems.push(SecretProblem::Unreadable { file, why });
            return variables;
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    let mut warn = |sentence: String| notes.warnings.push(format!("{file}{sentence}"));
    if matches!(text, Cow::Owned(_)) {
        warn(" is not UTF-8 text: what cannot be read is left out".to_owned());
    }
    for Statement { line, name, value } in statements(text.trim_start_matches('\u{feff}')) {
        let is_secret = json::spellings().any(|spelling| spelling == name);
        match value.filter(|value| !(is_secret && value.contains(char::REPLACEMENT_CHARACTER))) {
            None if is_secret => notes.problems.push(SecretProblem::Malformed {
                file: file.to_owned(),
                line,
                expected: "NAME=value in UTF-8, and nothing but a comment behind a value in quotes",
            }),
            None => warn(format!(
                ", line {line}: expected NAME=value; the line is left out"
            )),
            Some(_) if name.starts_with("MECRIS__") => warn(format!(
                ": {} has no effect, only secrets are read here: set it in the environment",
                show::name(name)
            )),
            Some(_) if !is_secret => {}
            Some(value) => {
                if value.find("${").is_some_and(|at| value[at..].contains('}')) {
                    warn(format!(
                        ", line {line}: {name} is taken as it is, no ${{...}} is replaced"
                    ));
                }
                if variables.get(name).is_some_and(|earlier| *earlier != value) {
                    warn(format!(
                        ", line {line}: {name} is set a second time, the last value counts"
                    ));
                }
                variables.insert(name.to_owned(), value);
            }
        }
    }
    variables
}
