//! Delivery: the outbox, its channels, and what is done after doubt. Nothing else in Mecris talks to a
//! channel.
//!
//! What to say and when is decided elsewhere ([`crate::heuristic`]); here it becomes a text, and the text
//! becomes a message that a provider has, once.

pub mod channels;
pub mod message;
pub mod outbox;
