//! Mecris watches what a person promised and sends one well-timed message when a promise is about to break.
//!
//! The flow goes one way: **observe** (the [`arms`] and the [`budget`]) → **assess** → **decide** (both pure,
//! in [`heuristic`]) → **record** (the [`store`]) → **deliver** ([`notify`]). Imports point one way too:
//! `commands → runtime/http → heuristic/notify → arms/store → outbound/clock/config/domain/durable`.
//! `docs/ARCHITECTURE.md` says what each module is for.

pub mod alerts;
pub mod arms;
pub mod budget;
pub mod cli;
pub mod clock;
pub mod cloud;
pub mod commands;
pub mod config;
pub mod domain;
pub mod durable;
pub mod failpoint;
pub mod foreign_file;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod heuristic;
pub mod http;
pub mod journal;
pub mod notify;
pub mod outbound;
pub mod python;
pub mod runtime;
pub mod silences;
pub mod simulate;
pub mod status;
pub mod store;
pub mod telemetry;
pub mod transcripts;
