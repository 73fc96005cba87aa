//! Stateful fakes of the upstreams, and the harness that starts the real binary against them.
//!
//! [`beeminder`], [`twilio`], [`telegram`], [`slack`], [`smtp`], [`s3`] and [`imds`] answer with the recorded
//! and documented shapes, remember the requests, and misbehave on request. [`moto`] starts a fake of AWS that
//! we did not write, and [`gate`] refuses requests before it. [`python`] makes the files of the Python system
//! that Mecris replaces. [`pypi`] installs programs that tests run. [`agent`] writes a configuration, starts `mecris-agent` and talks to it. [`cases`]
//! are tests that not every machine can run. Nothing here is shipped.

pub mod agent;
pub mod base64;
pub mod beeminder;
pub mod cases;
pub mod clock;
pub mod fault;
pub mod gate;
pub mod http_client;
pub mod imds;
pub mod installation;
pub mod ledger;
pub mod moto;
pub mod pypi;
pub mod python;
pub mod s3;
pub mod server;
pub mod slack;
pub mod smtp;
pub mod telegram;
pub mod transcripts;
pub mod twilio;
pub mod wait;
