//! The channels `sms`, `whatsapp` and `voice` (Twilio's API version 2010-04-01): text messages and WhatsApp
//! by the Messages resource, telephone calls by the Calls resource.
//!
//! Shared by all three: `api` builds calls with the account's `credentials`, `outcome` says what an answer
//! means, `listing` reads pages, `errors` explains Twilio's codes to a person. `messages` and `calls` hold
//! the two resources, and only they do I/O. A POST is never
//! repeated. If its outcome is in doubt, the listing is read.

mod api;
mod calls;
mod credentials;
mod errors;
mod listing;
mod messages;
mod outcome;

pub use calls::Calls;
pub use credentials::{Credentials, CredentialsError};
pub use messages::Messages;

#[cfg(test)]
mod tests;
