//! The crash harness: the real agent, built with failpoints, is killed, stopped and starved at every place and at random instants,
//! against stateful fakes that count. What must hold afterwards is in `audit`.
//!
//! * `rounds`: a thousand rounds here, twenty thousand in `scripts/crash-soak`.
//! * `two_agents`: started together; one stopped, taken over, continued.
//! * `disk`: full, and read-only. `new_machine`: an empty directory before every pass.
//! * `residual`: what can still go wrong, provoked and measured.
//! * `binaries`: failpoints are in the binary for tests and in no other.
//!
//! `MECRIS_CRASH_ROUNDS`, `MECRIS_CRASH_LANES` and `MECRIS_TEST_SEED` say how much and how; `MECRIS_CRASH_BATCH` reruns one batch.

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
