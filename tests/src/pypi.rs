//! Programs from PyPI that tests run: pinned in a file of requirements with hashes, and installed into the
//! build folder the first time.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// An installation of pinned programs.
#[derive(Debug)]
pub struct Programs {
    folder: PathBuf,
    requirements: PathBuf,
}

impl Programs {
    /// Programs of the file `requirements.txt` in `sources`, for the folder `folder`. Nothing is installed
    /// yet.
    pub fn new(folder: PathBuf, sources: &Path) -> Self {
        Self {
            folder,
            requirements: sources.join("requirements.txt"),
        }
    }

    /// Installs them once for these requirements.
    ///
    /// # Errors
    /// Why that cannot be, for a person: no Python, or no package registry.
    pub fn install(&self) -> Result<(), String> {
        let wanted = &self.requirements;
        let requirements = fs::read(wanted).map_err(|error| format!("{}: {error}", wanted.display()))?;
        let installed = self.folder.join("installed.txt");
        if fs::read(&installed).is_ok_and(|installed| installed == requirements) {
            return Ok(());
        }
        run(Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&self.folder))
        .map_err(|why| format!("no python3 with venv (Debian: python3-venv): {why}"))?;
        run(self
            .command("pip")
            .args([
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--require-hashes",
                "--requirement",
            ])
            .arg(wanted))
        .map_err(|why| format!("it cannot be installed from PyPI: {why}"))?;
        fs::write(&installed, requirements).map_err(|error| format!("{}: {error}", installed.display()))
    }

    /// One of the programs.
    pub fn command(&self, name: &str) -> Command {
        Command::new(self.folder.join("bin").join(name))
    }
}

/// What a program printed.
///
/// # Errors
/// What it printed and how it ended, if it failed.
pub fn run(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().display().to_string();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned() + "\n";
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        Err(format!("{name} ended with {}:\n{out}{err}", output.status))
    }
}
