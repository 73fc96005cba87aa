//! `mecris-agent`: see `mecris-agent --help`.

use std::process::ExitCode;

use rustix::{fs::Mode, process::DumpableBehavior};

use mecris_agent::{
    cli::{Cli, EXIT_USAGE},
    commands::{self, Exit},
    telemetry::logs::{self, LogsError},
};

/// One heap for all threads, which gives memory back: see `docs/PERFORMANCE.md`.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

pub(crate) fn main() -> ExitCode {
    // What this process makes is for its owner alone: the state, its lock, and every copy in a folder.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    // Other processes of the same user may not read its memory or environment, where the secrets are, and no core
    // dump is made. Where the kernel refuses, the process is as private as any other.
    if let Err(error) = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        eprintln!("mecris-agent: its memory stays readable for its user: {error}");
    }
    let cli = match Cli::parse_or_explain(std::env::args_os()) {
        Ok(cli) => cli,
        Err(code) => return code.into(),
    };
    if let Err(error) = start_logs(&cli) {
        eprintln!("mecris-agent: {error}");
        return EXIT_USAGE.into();
    }
    // One thread is enough: the agent waits for upstreams, and SQLite has a thread of its own.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("mecris-agent: cannot start the runtime: {error}");
            return Exit::Failed.into();
        }
    };
    let executed = runtime.block_on(commands::execute(cli));
    // A thread that still reads a file which does not answer (a dead network file system) must not keep the
    // process from ending. What has to be finished was awaited above.
    runtime.shutdown_background();
    match executed {
        Ok(exit) => exit.into(),
        // The reader of the results has closed the pipe (`status | head`): that is no failure.
        Err(error) if Exit::is_broken_pipe(&error) => Exit::Done.into(),
        Err(error) => {
            for line in format!("{error:#}").lines() {
                eprintln!("mecris-agent: {line}");
            }
            Exit::of(&error).into()
        }
    }
}

/// `MECRIS_LOG` says how much is logged; `--log-format` or `MECRIS_LOG_FORMAT` says how it looks.
fn start_logs(cli: &Cli) -> Result<(), LogsError> {
    let variable = |name| std::env::var(name).ok();
    let format = logs::Format::choose(cli.log_format, variable("MECRIS_LOG_FORMAT").as_deref())?;
    logs::init(format, &variable("MECRIS_LOG").unwrap_or_default())
}
