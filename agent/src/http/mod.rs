//! The endpoints: they show what Mecris knows, as JSON, and take the few requests that change something.
//!
//! A `GET` reads recorded state and never waits for an upstream. Only the two `POST`s that ask for a pass
//! wait for that pass ([`passes`]).
//!
//! A request goes through these files. [`server`] accepts connections and bounds them. [`service`] answers
//! `GET /health` and `GET /ready` at once, and leads everything else through the gate (request id, size, origin,
//! token, rate, time). [`router`] finds the handler in `routes`. The handler shapes recorded state with the pure
//! functions of [`views`]. No rule about risk or about when to speak lives here.

mod app;
mod args;
pub mod auth;
mod bulk;
pub mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod gate;
pub mod health;
mod json;
pub mod openapi;
mod origin;
pub mod passes;
mod rendered;
mod request_id;
pub mod router;
mod routes;
mod seats;
pub mod server;
pub mod service;
#[cfg(test)]
mod tests;
pub mod views;

pub use app::{App, AppParts, AppSettings};
pub use auth::Tokens;
pub use error::ApiError;
use json::Json;
pub use passes::Passes;
pub use server::{Limits, Server};
