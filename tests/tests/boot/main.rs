//! Machines that boot: real systemd as PID 1, real cloud-init with the EC2 datasource, the user-data that
//! Terraform renders, and the units of `systemd/`, in a container with its own network.
//!
//! All of them are in the heavy tier, which `scripts/test-all` runs. They need root, Linux namespaces and
//! some programs ([`needs`]). If one is missing, every test is reported as ignored, with the reason. The tests
//! do not cover Amazon Linux (the root is Debian 12), its kernel, limits of memory and tasks (set, but not
//! enforced in this container), or differences between the fakes and AWS.
//!
//! Settings and secrets come from a parameter of SSM and one JSON secret, as in production.
//!
//! `MECRIS_RELEASE_BIN` names the binary for the bucket. Without it `scripts/build-release --quick` makes
//! one.

mod again;
mod alone;
mod applied;
mod artifact;
mod broken;
mod first;
mod instance;
mod journal;
mod launch;
mod load;
mod needs;
mod network;
mod region;
mod rotation;
mod run;
mod units;
mod watchdog;

use libtest_mimic::Arguments;
use mecris_tests::cases::{Case, Tiers};

fn main() {
    let mut arguments = Arguments::from_args();
    let tiers = Tiers::asked(&mut arguments);
    // The tests run one after the other: each machine keeps two processors busy, and measured times stay
    // meaningful.
    arguments.test_threads = Some(1);
    let cases: Vec<Case> = [
        alone::CASES,
        first::CASES,
        broken::CASES,
        again::CASES,
        units::CASES,
        watchdog::CASES,
        rotation::CASES,
        journal::CASES,
        load::CASES,
        applied::CASES,
    ]
    .concat();
    let trials = tiers.heavy("machines that boot", &cases, needs::missing);
    libtest_mimic::run(&arguments, trials).exit();
}
