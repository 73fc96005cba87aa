//! `secrets.source = "file:secrets.json"`: one JSON object, the shape that Secrets Manager holds too.

use std::path::{Path, PathBuf};

use serde_json::{Value, error::Category};

use super::{
    FoundSecrets, Notes, SecretName, SecretProblem, SecretSource, SecretsError, names::pick,
    permissions::readable_by_others,
};
use crate::{
    config::{handwritten, keys},
    foreign_file::{self, BY_HAND},
};

/// A file with one JSON object, `{"BEEMINDER_AUTH_TOKEN": "…"}`.
#[derive(Debug)]
pub struct JsonFileSecrets {
    path: PathBuf,
}

impl JsonFileSecrets {
    /// The file, which must exist.
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }
}

impl SecretSource for JsonFileSecrets {
    fn load(&self) -> Result<FoundSecrets, SecretsError> {
        let file = self.path.display().to_string();
        let text = foreign_file::read_text(&self.path, BY_HAND).map_err(|why| SecretProblem::Unreadable {
            file: file.clone(),
            why,
        })?;
        let mut found = parse(&file, &text)?;
        found.warnings.extend(readable_by_others(&self.path, &file));
        Ok(found)
    }
}

/// Reads secrets from one JSON object of names and values. `place` says in errors where the object is.
///
/// # Errors
/// If `text` is not such an object. No error text contains a value.
pub(super) fn parse(place: &str, text: &str) -> Result<FoundSecrets, SecretsError> {
    let malformed = |line, expected| SecretProblem::Malformed {
        file: place.to_owned(),
        line,
        expected,
    };
    let one_object = "one JSON object, {\"NAME\": \"value\"}";
    let value = handwritten::json(text.as_bytes()).map_err(|error| {
        let expected = match error.classify() {
            Category::Data => "each name only once",
            _ => one_object,
        };
        malformed(error.line(), expected)
    })?;
    let Value::Object(object) = value else {
        return Err(malformed(1, one_object).into());
    };

    let not_text = object
        .iter()
        .filter(|(name, value)| is_known(name) && !value.is_string() && !value.is_null());
    let mut notes = Notes::default();
    notes
        .problems
        .extend(not_text.map(|(name, _)| SecretProblem::NotText {
            file: place.to_owned(),
            name: name.clone(),
        }));
    let secrets = pick(place, |name| object.get(name).and_then(Value::as_str), &mut notes);
    let strangers = object.keys().filter(|name| !is_known(name));
    notes.warnings.extend(strangers.map(|name| unknown(place, name)));
    notes.found(secrets)
}

pub(super) fn spellings() -> impl Iterator<Item = &'static str> {
    SecretName::ALL.into_iter().flat_map(SecretName::spellings)
}

fn is_known(name: &str) -> bool {
    spellings().any(|spelling| spelling == name)
}

fn unknown(file: &str, name: &str) -> String {
    let hint = keys::nearest(name, spellings())
        .map(|known| format!(", did you mean {known}?"))
        .unwrap_or_default();
    format!("{file}: {name} is no secret that Mecris knows{hint}")
}
