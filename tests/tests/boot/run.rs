//! Programs that are run to their end.

use std::process::{Command, Stdio};

/// Runs it; its standard output, or what it said instead.
pub(crate) fn try_run(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(stdout);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "{program} {}: {}: {}{stdout}",
        arguments.join(" "),
        output.status,
        stderr.trim()
    ))
}

/// Runs it, and it has to succeed.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    try_run(program, arguments).unwrap_or_else(|why| panic!("{why}"))
}

/// Every word of a line is an argument.
pub(crate) fn ip(line: &str) {
    run("ip", &line.split(' ').collect::<Vec<_>>());
}
