//! The crash harness: the real agent, built with failpoints, is killed, stopped and starved at every
//! failpoint and at random instants, against stateful fakes that count. `audit` holds what must be true
//! afterwards.
//!
//! * `rounds`: forty rounds and two evenings in the quick tier, a thousand in the heavy tier, twenty thousand in
//!   `scripts/crash-soak`.
//! * `two_agents`: two agents that start together; one is stopped, overtaken and continued.
//! * `two_releases`: this release and the one before it, one after the other.
//! * `disk`: a full and a read-only disk. `new_machine`: an empty directory before every pass.
//! * `slow`: a pass that computes for too long.
//! * `residual`: the failures that remain possible, provoked and measured.
//! * `binaries`: failpoints are in the binary for tests and in no other binary.
//!
//! The quick tier has the forty rounds, the two evenings, `binaries`, `slow` and the tests of the audit;
//! `scripts/test-all` runs the heavy tier too. A test that needs more than this machine permits is reported as
//! ignored, with the reason.
//!
//! `MECRIS_CRASH_ROUNDS` and `MECRIS_CRASH_LANES` set the size, `MECRIS_TEST_SEED` the seed.
//! `MECRIS_CRASH_BATCH` repeats one batch.

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
mod slow;
mod stage;
mod state;
mod two_agents;
mod two_releases;

use libtest_mimic::Arguments;
use mecris_tests::cases::Tiers;

fn main() {
    let mut arguments = Arguments::from_args();
    let tiers = Tiers::asked(&mut arguments);
    // A campaign keeps all processors busy by itself.
    arguments.test_threads.get_or_insert(2);
    let campaigns = [
        rounds::CAMPAIGN,
        two_agents::CASES,
        new_machine::CASES,
        residual::CASES,
    ]
    .concat();
    let here = [
        rounds::QUICK,
        binaries::CASES,
        audit::CASES,
        lane::CASES,
        slow::CASES,
    ]
    .concat();
    let mut all = tiers.quick("a few crashes", &here, None);
    all.extend(tiers.heavy("crash campaigns", &campaigns, || None::<&str>));
    all.extend(tiers.heavy("full and read-only disks", disk::MOUNTED, disk::cannot_mount));
    all.extend(tiers.heavy("files that cannot be written", disk::FROZEN, disk::cannot_freeze));
    all.extend(tiers.heavy("two releases", two_releases::CASES, two_releases::missing));
    libtest_mimic::run(&arguments, all).exit();
}
