//! Where the transcripts are.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

/// No folder has transcripts.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoTranscripts {
    /// A folder that somebody named is not there.
    #[error(
        "{0:?} is not a folder: expected a folder with transcripts of Claude Code, or one with a folder projects"
    )]
    NotAFolder(PathBuf),
    /// None of the usual folders is there.
    #[error(
        "no transcripts of Claude Code: {0} is not there. Say --dir, or CLAUDE_CONFIG_DIR as Claude Code has it"
    )]
    Nowhere(String),
    /// Nobody knows where to look.
    #[error(
        "no transcripts of Claude Code: HOME is not set. Say --dir, or CLAUDE_CONFIG_DIR as Claude Code has it"
    )]
    NoHome,
}

/// The folders in which to look: those that were `named`, or else those that Claude Code uses in this environment.
///
/// # Errors
/// If a named folder is missing, or there is no folder at all.
pub fn transcripts_of(
    named: &[PathBuf],
    variable: impl Fn(&str) -> Option<std::ffi::OsString>,
) -> Result<Vec<PathBuf>, NoTranscripts> {
    if !named.is_empty() {
        let projects = |folder: &PathBuf| match projects_of(folder) {
            _ if !folder.is_dir() => Err(NoTranscripts::NotAFolder(folder.clone())),
            projects if projects.is_dir() => Ok(projects),
            _ => Ok(folder.clone()),
        };
        return named.iter().map(projects).collect();
    }
    let said = variable("CLAUDE_CONFIG_DIR").filter(|list| !list.is_empty());
    let candidates: Vec<PathBuf> = match said {
        Some(list) => comma_list(&list),
        None => {
            let home = variable("HOME").filter(|home| !home.is_empty());
            let home = PathBuf::from(home.ok_or(NoTranscripts::NoHome)?);
            vec![home.join(".claude"), home.join(".config/claude")]
        }
    };
    let projects: Vec<PathBuf> = candidates.iter().map(|folder| projects_of(folder)).collect();
    let there: Vec<PathBuf> = projects
        .iter()
        .filter(|folder| folder.is_dir())
        .cloned()
        .collect();
    if there.is_empty() {
        let all: Vec<String> = projects
            .iter()
            .map(|folder| folder.display().to_string())
            .collect();
        return Err(NoTranscripts::Nowhere(all.join(" or ")));
    }
    Ok(there)
}

fn projects_of(folder: &Path) -> PathBuf {
    folder.join("projects")
}

/// The folders of a list with commas. (A folder whose name is not text has no comma that could be found.)
fn comma_list(list: &OsStr) -> Vec<PathBuf> {
    let Some(text) = list.to_str() else {
        return vec![PathBuf::from(list)];
    };
    let folders = text.split(',').map(str::trim).filter(|folder| !folder.is_empty());
    folders.map(PathBuf::from).collect()
}

/// Every transcript below a folder, in the order of their paths. What cannot be listed is told to `lost`. A link to a
/// folder is not followed, so that no folder is below itself.
pub(super) fn files_below(folder: &Path, mut lost: impl FnMut(PathBuf, io::Error)) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            // It was deleted meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                lost(folder, error);
                continue;
            }
        };
        for entry in entries {
            let (path, kind) = match entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))) {
                Ok(entry) => entry,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    lost(folder.clone(), error);
                    continue;
                }
            };
            if kind.is_dir() {
                folders.push(path);
            } else if path.extension() == Some(OsStr::new("jsonl")) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
