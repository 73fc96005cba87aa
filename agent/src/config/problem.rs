//! Problems of a configuration, and the sources of settings.

use std::{fmt, path::PathBuf};

use serde::{Serialize, Serializer};

use super::show;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Built in.
    Default,
    /// A TOML file.
    File(PathBuf),
    /// A parameter of SSM, by its name.
    Parameter(String),
    /// An environment variable, by its name.
    Variable(String),
    /// An option of the command line, by its name.
    Option(&'static str),
    /// A secret that stands in for a setting, by its name.
    Secret(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Parameter(name) => write!(f, "SSM parameter {name}"),
            Self::Variable(name) => write!(f, "environment variable {}", show::name(name)),
            Self::Option(name) => f.write_str(name),
            Self::Secret(name) => write!(f, "secret {name}"),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A problem. Its `Display` is one sentence on one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigProblem {
    /// The setting, `http.listen`.
    pub key: String,
    /// The value, masked if it is private; `None` if there is no value, or if the key is not a setting.
    pub value: Option<String>,
    /// Where the value came from; `None` if there is no value.
    pub source: Option<Source>,
    /// What is wrong and what is allowed, without a full stop.
    pub message: String,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&show::name(&self.key))?;
        if let Some(value) = &self.value {
            write!(f, " = {value}")?;
        }
        if let Some(source) = &self.source {
            write!(f, " ({source})")?;
        }
        let end = if self.message.ends_with('?') { "" } else { "." };
        write!(f, ": {}{end}", self.message)
    }
}

/// All problems of the configuration, in the order in which they were found: layers first, then by section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(pub Vec<ConfigProblem>);

impl std::error::Error for ConfigError {}

impl ConfigError {
    /// One problem, without a value.
    pub fn one(key: &str, message: impl fmt::Display) -> Self {
        Self(vec![ConfigProblem {
            key: key.to_owned(),
            value: None,
            source: None,
            message: message.to_string(),
        }])
    }

    /// Problems with secrets; `Ok` if there are none.
    ///
    /// # Errors
    /// With one problem for each sentence.
    pub fn of_secrets(sentences: Vec<String>) -> Result<(), Self> {
        let problems: Vec<_> = sentences
            .into_iter()
            .flat_map(|sentence| Self::one("secrets", sentence).0)
            .collect();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Self(problems))
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let line_break = if index == 0 { "" } else { "\n" };
            write!(f, "{line_break}{problem}")?;
        }
        Ok(())
    }
}

/// A setting as it is in force, for `check`. Private values are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EffectiveSetting {
    /// `http.listen`.
    pub key: String,
    /// As TOML would spell it.
    pub value: String,
    /// Where the value came from.
    pub source: Source,
}
