//! `mecris-agent` with failpoints, under a name of its own so that nobody ships it: see
//! `mecris_agent::failpoint`.

#[path = "../main.rs"]
mod agent;

fn main() -> std::process::ExitCode {
    agent::main()
}
