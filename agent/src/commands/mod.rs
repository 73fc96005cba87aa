//! The subcommands, one file each. Only this folder uses `anyhow`: here every error ends as one sentence and
//! an exit code.

mod check;
mod context;
mod exit;
mod explain;
mod goals;
mod notify_test;
mod recorded;
mod retry_start;
mod run;
mod send_alert;
mod serve;
mod ship_journal;
mod simulate;
mod state;
mod status;
mod text;
mod usage;
mod version;
mod window;
mod word;

use crate::cli::{Cli, Command, NotifyCommand, UsageCommand};

pub use exit::Exit;

/// Runs the subcommand of the command line.
///
/// # Errors
/// An error that reads as one sentence for a person. [`Exit::of`] gives its exit code.
pub async fn execute(cli: Cli) -> anyhow::Result<Exit> {
    let config = cli.config.as_deref();
    match cli.command {
        Command::Serve => serve::serve(config).await,
        Command::Run(options) => run::run(config, &options).await,
        Command::Check(options) => check::check(config, &options).await,
        Command::Status(options) => status::status(config, &options).await,
        Command::Goals(options) => goals::goals(config, &options).await,
        Command::Explain(options) => explain::explain(config, &options).await,
        Command::Window(options) => window::window(config, &options).await,
        Command::Simulate(options) => simulate::simulate(config, &options),
        Command::Notify(NotifyCommand::Test { channel }) => notify_test::notify_test(config, channel).await,
        Command::Silence(options) => word::silence(config, &options).await,
        Command::Vacation(options) => word::vacation(config, &options).await,
        Command::Ack(options) => word::acknowledge(config, &options).await,
        Command::SendAlert(options) => send_alert::send_alert(config, &options).await,
        Command::ShipJournal(options) => ship_journal::ship_journal(config, &options).await,
        Command::Usage(UsageCommand::Scan(options)) => usage::scan(config, &options).await,
        Command::State(command) => state::execute(config, command).await,
        Command::Version(options) => version::version(&options),
    }
}
