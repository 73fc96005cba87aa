//! Stateful fakes of the upstreams, and the harness that starts the real binary against them.
//!
//! [`beeminder`], [`twilio`], [`telegram`], [`slack`], [`smtp`], [`s3`] and [`imds`] answer with the recorded
//! and documented shapes, remember what they were asked, and misbehave on request. [`moto`] is a fake of AWS
//! that others wrote, [`gate`] what may refuse before it. [`python`] is the system that people come from, by
//! its files. [`agent`] writes a configuration, starts `mecris-agent` and talks to it; [`cases`] are tests
//! that may not be possible everywhere. Nothing here is shipped.

pub mod agent;
pub mod base64;
pub mod beeminder;
pub mod cases;
pub mod clock;
pub mod fault;
pub mod gate;
pub mod http_client;
pub mod imds;
pub mod ledger;
pub mod moto;
pub mod python;
pub mod s3;
pub mod server;
pub mod slack;
pub mod smtp;
pub mod telegram;
pub mod twilio;
pub mod wait;
