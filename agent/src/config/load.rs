//! From a file and an environment to settings and secrets, or to the list of everything that is wrong.

use std::path::{Path, PathBuf};

use super::{
    ConfigError, ConfigProblem, EffectiveSetting, Fetched, JournalSettings, RenewableSecrets, SecretName,
    SecretSource, SecretsSettings, Sender, Settings, Source, Variables, Want, budget,
    given::Merged,
    layers, operation,
    reader::Reader,
    secrets::{CredentialSecrets, EnvSecrets, FoundSecrets, JsonFileSecrets, ManagedSecrets},
    settings::{self, DECLARED},
    show, storage,
};
use crate::domain::PhoneNumber;

/// The configuration file when none is named; it need not exist.
pub const DEFAULT_FILE: &str = "/etc/mecris/agent.toml";

/// What loading looks at.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The file; a problem if it is not there.
    pub file: Option<PathBuf>,
    /// Read instead when no file is named and this one exists.
    pub fallback_file: PathBuf,
    /// Settings (`MECRIS__…`) and secrets.
    pub variables: Variables,
    /// Secrets that the environment does not have; it need not exist.
    pub dotenv: PathBuf,
    /// What [`wanted`] asked for.
    pub fetched: Fetched,
}

/// A configuration that can be used.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// The secrets that were found. [`super::Secrets::missing_for`] says which are missing.
    pub secrets: RenewableSecrets,
    /// Every setting in force with its source, by key.
    pub effective: Vec<EffectiveSetting>,
    /// Warnings for the log, a sentence each.
    pub warnings: Vec<String>,
}

impl Inputs {
    /// What this process was started with: `--config`, the environment, `.env` in the working directory.
    pub fn of_process(file: Option<PathBuf>) -> Self {
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        Self {
            file,
            fallback_file: PathBuf::from(DEFAULT_FILE),
            variables: std::env::vars_os()
                .map(|(name, value)| (text(name), text(value)))
                .collect(),
            dotenv: PathBuf::from(".env"),
            fetched: Fetched::default(),
        }
    }

    /// The file that is read.
    pub fn chosen_file(&self) -> Option<&Path> {
        // A file that cannot be looked at is not missing: reading it says why.
        let fallback = || {
            self.fallback_file
                .try_exists()
                .unwrap_or(true)
                .then_some(self.fallback_file.as_path())
        };
        self.file.as_deref().or_else(fallback)
    }
}

/// What has to be fetched from AWS before [`load`] can be called: one thing at a time, because the parameter
/// may say where the secrets are. `None` when nothing more has to be fetched.
pub fn wanted(inputs: &Inputs) -> Option<Want> {
    let parameter = layers::parameter(inputs.chosen_file(), &inputs.variables).map(Want::Parameter);
    if let Some(parameter) = parameter.filter(|want| !inputs.fetched.has(want)) {
        return Some(parameter);
    }
    let (merged, problems) =
        layers::merge(DECLARED, inputs.chosen_file(), &inputs.fetched, &inputs.variables).ok()?;
    let SecretsSettings::SecretsManager(id) = storage::secrets(&mut Reader::new(merged, problems))? else {
        return None;
    };
    Some(Want::Secret(id)).filter(|want| !inputs.fetched.has(want))
}

/// What can be said without AWS while [`wanted`] wants something: the settings, if no parameter can change
/// them.
///
/// # Errors
/// With what is wrong whatever AWS has.
pub fn load_here(inputs: &Inputs) -> Result<Option<Settings>, ConfigError> {
    let (merged, problems) =
        layers::merge_local(DECLARED, inputs.chosen_file(), &inputs.variables).map_err(ConfigError)?;
    if layers::parameter(inputs.chosen_file(), &inputs.variables).is_some() {
        // The parameter may bring what is missing here, and set what a rule of several settings looks at.
        // Syntax and names are certain.
        return if problems.is_empty() {
            Ok(None)
        } else {
            Err(ConfigError(problems))
        };
    }
    without_secrets(merged, problems).map(Some)
}

/// `[journal]` of the file and the environment alone, whatever is wrong with the rest: the log that explains
/// why nothing starts must go out all the same. Neither parameter nor secrets are read.
///
/// # Errors
/// If the file cannot be read, or `[journal]` itself is wrong.
pub fn load_journal(inputs: &Inputs) -> Result<JournalSettings, ConfigError> {
    let (merged, _) =
        layers::merge_local(DECLARED, inputs.chosen_file(), &inputs.variables).map_err(ConfigError)?;
    let mut reader = Reader::new(merged, Vec::new());
    let journal = operation::journal(&mut reader);
    journal.ok_or_else(|| ConfigError(reader.into_parts().1))
}

/// Settings from a file, tables and single settings (key and text), each upon what is before it. Neither the
/// environment nor AWS is read, and no secret is needed: for a simulation.
///
/// # Errors
/// With everything that is wrong.
pub fn load_given(
    file: Option<&Path>,
    tables: Vec<(Source, toml::Table)>,
    options: &[(String, String)],
) -> Result<Settings, ConfigError> {
    let (merged, problems) =
        layers::merge_given(DECLARED, file, tables, options, "--set").map_err(ConfigError)?;
    without_secrets(merged, problems)
}

/// The settings of merged layers, where a secret that is missing is no problem.
fn without_secrets(merged: Merged, problems: Vec<ConfigProblem>) -> Result<Settings, ConfigError> {
    let mut reader = Reader::new(merged, problems);
    let secrets = storage::secrets(&mut reader);
    let settings = settings::read(&mut reader, secrets, None);
    let mut problems = reader.into_parts().1;
    if settings.is_none() && problems.is_empty() {
        problems.push(ConfigProblem {
            key: "notify.channels".to_owned(),
            value: None,
            source: None,
            message: "a channel needs a number or an address that the settings do not have, and secrets are not read \
                      here: set it, or use \"console\""
                .to_owned(),
        });
    }
    settings
        .filter(|_| problems.is_empty())
        .ok_or(ConfigError(problems))
}

/// Reads everything and validates it; all problems come back at once.
///
/// # Errors
/// [`ConfigError`] with at least one problem. The process should end with exit code 78 (`EX_CONFIG`).
pub fn load(inputs: &Inputs) -> Result<Loaded, ConfigError> {
    let (merged, problems) =
        layers::merge(DECLARED, inputs.chosen_file(), &inputs.fetched, &inputs.variables)
            .map_err(ConfigError)?;
    let mut reader = Reader::new(merged, problems);

    let secrets_settings = storage::secrets(&mut reader);
    let found = secrets_settings
        .as_ref()
        .and_then(|settings| read_secrets(settings, inputs, &mut reader));
    let settings = settings::read(
        &mut reader,
        secrets_settings,
        found.as_ref().map(|found| &found.secrets),
    );

    match (settings, found, reader.into_parts()) {
        (Some(settings), Some(found), (merged, problems)) if problems.is_empty() => {
            let effective = effective(&merged, &settings);
            Ok(Loaded {
                settings,
                secrets: RenewableSecrets::fixed(found.secrets),
                effective,
                warnings: found.warnings,
            })
        }
        (_, _, (_, mut problems)) => {
            if inputs.chosen_file().is_none() {
                let fallback = inputs.fallback_file.display();
                let message = format!(
                    "no file was given and {fallback} does not exist, so only the environment was read"
                );
                problems.extend(ConfigError::one("--config", message).0);
            }
            Err(ConfigError(problems))
        }
    }
}

/// `None` if the secrets cannot be read; the reason is added to the problems.
fn read_secrets(settings: &SecretsSettings, inputs: &Inputs, reader: &mut Reader) -> Option<FoundSecrets> {
    let source: Box<dyn SecretSource + '_> = match settings {
        SecretsSettings::Env => Box::new(EnvSecrets::new(&inputs.variables, Some(&inputs.dotenv))),
        SecretsSettings::File(path) => Box::new(JsonFileSecrets::new(path)),
        SecretsSettings::Credential => Box::new(CredentialSecrets::new(
            inputs.variables.get("CREDENTIALS_DIRECTORY").map(Path::new),
        )),
        SecretsSettings::SecretsManager(id) => Box::new(ManagedSecrets::new(
            id,
            inputs.fetched.get(&Want::Secret(id.clone())),
        )),
    };
    match source.load() {
        Ok(found) => Some(found),
        Err(error) => {
            for problem in error.0 {
                let message = problem.to_string();
                reader.report(ConfigProblem {
                    key: "secrets".to_owned(),
                    value: None,
                    source: None,
                    message,
                });
            }
            None
        }
    }
}

/// The settings in force, with the secrets that stand in for settings. The built-in prices are one row.
fn effective(merged: &Merged, settings: &Settings) -> Vec<EffectiveSetting> {
    let mut rows: Vec<EffectiveSetting> = merged
        .iter()
        .map(|(key, given)| EffectiveSetting {
            key: key.clone(),
            value: show::given(merged.declared.is_private(key), given),
            source: given.source.clone(),
        })
        .collect();
    let mut add = |key: &str, value: String, source| {
        if !merged.has(key) {
            rows.push(EffectiveSetting {
                key: key.to_owned(),
                value,
                source,
            });
        }
    };
    add(
        "budget.price (built in)",
        budget::price::built_in_summary(),
        Source::Default,
    );
    let mut number = |key: &str, number: &PhoneNumber, secret: SecretName| {
        add(
            key,
            format!("{:?}", number.masked()),
            Source::Secret(secret.as_str()),
        );
    };
    if let Some(sms) = &settings.notify.sms {
        number("notify.sms.to", &sms.to, SecretName::TwilioToNumber);
        if let Sender::Number(from) = &sms.sender {
            number("notify.sms.from", from, SecretName::TwilioFromNumber);
        }
    }
    if let Some(whatsapp) = &settings.notify.whatsapp {
        number("notify.whatsapp.to", &whatsapp.to, SecretName::TwilioToNumber);
    }
    if let Some(voice) = &settings.notify.voice {
        number("notify.voice.to", &voice.to, SecretName::TwilioToNumber);
        number("notify.voice.from", &voice.from, SecretName::TwilioFromNumber);
    }
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    rows
}
