//! `secrets.source = "env"`: the environment, then a `.env` file for what it lacks.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::{FoundSecrets, SecretProblem, SecretSource, SecretsError, names::pick};
use crate::config::Variables;

/// The environment and a `.env` file. A secret in the environment wins, whichever of its names it goes by.
#[derive(Debug)]
pub struct EnvSecrets {
    variables: Variables,
    dotenv: Option<PathBuf>,
}

impl EnvSecrets {
    /// From these variables and this file, which need not exist.
    pub fn new(variables: &Variables, dotenv: Option<&Path>) -> Self {
        Self {
            variables: variables.clone(),
            dotenv: dotenv.map(Path::to_owned),
        }
    }
}

impl SecretSource for EnvSecrets {
    fn load(&self) -> Result<FoundSecrets, SecretsError> {
        let mut problems = Vec::new();
        let mut warnings = Vec::new();
        let mut secrets = pick(
            "environment",
            |name| self.variables.get(name).map(String::as_str),
            &mut problems,
        );
        if let Some(path) = &self.dotenv {
            let file = path.display().to_string();
            match read(path, &file) {
                Ok(variables) => {
                    secrets = secrets.or(pick(
                        &file,
                        |name| variables.get(name).map(String::as_str),
                        &mut problems,
                    ));
                    warnings.extend(variables.keys().filter(|name| name.starts_with("MECRIS__")).map(|name| {
                        format!("{file}: {name} has no effect, only secrets are read here: set it in the environment")
                    }));
                }
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() {
            Ok(FoundSecrets { secrets, warnings })
        } else {
            Err(SecretsError(problems))
        }
    }
}

/// The lines of a `.env` file; none if there is no file.
fn read(path: &Path, file: &str) -> Result<BTreeMap<String, String>, SecretProblem> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(why) => {
            return Err(SecretProblem::Unreadable {
                file: file.to_owned(),
                why,
            });
        }
    };
    let text = text.trim_start_matches('\u{feff}');
    dotenvy::Iter::new(text.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| SecretProblem::Malformed {
            file: file.to_owned(),
            line: line_of(&error, text),
            expected: "NAME=value, with the value in single quotes if it has spaces, quotes, '$' or '#'",
        })
}

/// dotenvy's error has the whole line, which holds the secret; only its number leaves this function.
fn line_of(error: &dotenvy::Error, text: &str) -> usize {
    let dotenvy::Error::LineParse(wrong, _) = error else {
        return 1;
    };
    let before = text
        .find(wrong.as_str())
        .and_then(|at| text.get(..at))
        .unwrap_or_default();
    before.matches('\n').count() + 1
}
