//! Loading as a whole: layers, sentences, rules, examples.

mod declared;
mod examples;
mod layering;
mod mistakes;
mod properties;
mod rules;

use std::path::PathBuf;

use tempfile::TempDir;

use super::{Fetched, Inputs, Loaded, Settings, Source, Variables, load, load_given};

/// The least that is valid without any secret.
const VALID: &str = "time_zone = \"America/New_York\"\nnotify.channels = [\"console\"]\n";

/// The settings of somebody in New York, for tests elsewhere: the defaults, but for what `more` has.
pub(crate) fn in_new_york(more: &str) -> Settings {
    let table = toml::from_str(&format!("{VALID}state.path = \"none\"\n{more}\n")).unwrap();
    load_given(None, vec![(Source::File("test.toml".into()), table)], &[]).unwrap()
}

/// A folder with a configuration, and an environment.
struct Case {
    folder: TempDir,
    inputs: Inputs,
}

impl Case {
    fn new(toml: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.toml");
        std::fs::write(&file, toml).unwrap();
        let inputs = Inputs {
            file: Some(file),
            fallback_file: PathBuf::from("/nonexistent/agent.toml"),
            variables: environment(variables),
            dotenv: folder.path().join(".env"),
            fetched: Fetched::default(),
        };
        Self { folder, inputs }
    }

    fn load(&self) -> Result<Loaded, String> {
        load(&self.inputs).map_err(|error| {
            assert!(!error.0.is_empty(), "an error without a problem");
            error
                .to_string()
                .replace(&format!("{}/", self.folder.path().display()), "")
        })
    }
}

fn environment(variables: &[(&str, &str)]) -> Variables {
    variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn loaded(toml: &str, variables: &[(&str, &str)]) -> Loaded {
    Case::new(toml, variables).load().unwrap()
}

/// The sentences of a configuration that is wrong.
fn problems(toml: &str, variables: &[(&str, &str)]) -> String {
    Case::new(toml, variables)
        .load()
        .map(|loaded| format!("{loaded:?}"))
        .unwrap_err()
}
