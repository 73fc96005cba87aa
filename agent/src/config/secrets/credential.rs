//! `secrets.source = "credential"`: what systemd's `LoadCredential=` put into `$CREDENTIALS_DIRECTORY`, for a
//! machine without AWS.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use super::{FoundSecrets, Notes, SecretProblem, SecretSource, SecretsError, json, names::pick};
use crate::foreign_file::{self, BY_HAND};

/// The whole object in one credential.
const FILE: &str = "secrets.json";

/// The folder of credentials of this unit: `secrets.json`, a file for each secret named like it, or both. A
/// file of its own wins.
#[derive(Debug)]
pub struct CredentialSecrets {
    folder: Option<PathBuf>,
}

impl CredentialSecrets {
    /// From the folder that `$CREDENTIALS_DIRECTORY` names.
    pub fn new(folder: Option<&Path>) -> Self {
        Self {
            folder: folder.map(Path::to_owned),
        }
    }
}

impl SecretSource for CredentialSecrets {
    fn load(&self) -> Result<FoundSecrets, SecretsError> {
        let folder = self.folder.as_deref().ok_or(SecretProblem::NoCredentials)?;
        let place = folder.display().to_string();
        let mut notes = Notes::default();
        let mut texts = BTreeMap::new();
        for name in json::spellings() {
            match read(&folder.join(name)) {
                Ok(text) => texts.extend(text.map(|text| (name, text))),
                Err(problem) => notes.problems.push(problem),
            }
        }
        // An editor ends a file with a line break: that is no reason for a warning.
        let get = |name: &str| texts.get(name).map(|text| text.trim_end_matches(['\r', '\n']));
        let mut found = pick(&place, get, &mut notes);
        let whole = match read(&folder.join(FILE)) {
            Ok(Some(text)) => json::parse(&folder.join(FILE).display().to_string(), &text).map(Some),
            Ok(None) => Ok(None),
            Err(problem) => Err(problem.into()),
        };
        match whole {
            Err(error) => notes.problems.extend(error.0),
            Ok(Some(whole)) => {
                notes.warnings.extend(whole.warnings);
                found = found.or(whole.secrets);
            }
            Ok(None) if found.is_empty() && notes.problems.is_empty() => {
                notes.problems.push(SecretProblem::NoSecrets { folder: place });
            }
            Ok(None) => {}
        }
        notes.found(found)
    }
}

/// The text of a credential; `None` if there is no such file.
fn read(path: &Path) -> Result<Option<String>, SecretProblem> {
    match foreign_file::read_text(path, BY_HAND) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(SecretProblem::Unreadable {
            file: path.display().to_string(),
            why,
        }),
    }
}
