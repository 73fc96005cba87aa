//! Twilio's three ways to reach the person (API version 2010-04-01): text messages and WhatsApp by its
//! Messages resource, calls by its Calls resource. Nothing else of Twilio.
//!
//! What they share is here: `api` builds calls with the account's `credentials`, `outcome` says what an
//! answer means, `listing` reads pages, `errors` explains Twilio's codes to a person. `messages` and `calls`
//! hold what is theirs, and alone do I/O. A POST is made once; whoever is in doubt looks at the listing.

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
