//! The crash harness: the real agent, built with failpoints, is killed, stopped and starved at every place
//! and at random instants, against stateful fakes that count. What must hold afterwards is in `audit`.
//!
//! * `rounds`: a thousand rounds here, twenty thousand in `scripts/crash-soak`.
//! * `two_agents`: started together; one stopped, taken over, continued.
//! * `disk`: full, and read-only. `new_machine`: an empty directory before every pass.
//! * `residual`: what can still go wrong, provoked and measured.
//! * `binaries`: failpoints are in the binary for tests and in no other.
//!
//! What needs more than this machine permits is reported as ignored, with the reason.
//!
//! `MECRIS_CRASH_ROUNDS`, `MECRIS_CRASH_LANES` and `MECRIS_TEST_SEED` say how much and how;
//! `MECRIS_CRASH_BATCH` reruns one batch.

mod audit;
mod binaries;
mod campaign;
mod deck;
mod disk;
mod lane;
mod new_machine;
mod options;
mod process;
mod report;
mod residual;
mod rounds;
mod stage;
mod state;
mod two_agents;

use libtest_mimic::Arguments;
use mecris_tests::cases::trials;

fn main() {
    let anywhere = [
        rounds::CASES,
        two_agents::CASES,
        new_machine::CASES,
        residual::CASES,
        binaries::CASES,
    ]
    .concat();
    let mut all = trials("crashes", &anywhere, None);
    all.extend(trials(
        "full and read-only disks",
        disk::MOUNTED,
        disk::cannot_mount(),
    ));
    all.extend(trials(
        "files that cannot be written",
        disk::FROZEN,
        disk::cannot_freeze(),
    ));
    libtest_mimic::run(&Arguments::from_args(), all).exit();
}
