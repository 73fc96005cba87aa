//! Delivery: the outbox and its channels. Nothing else in Mecris talks to a channel.
//!
//! [`crate::heuristic`] decides what to say and when. This module writes the text and hands it to a provider,
//! once.

pub mod channels;
pub mod message;
pub mod outbox;
