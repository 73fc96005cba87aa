//! Delivery: the outbox, its channels, and what is done after doubt. Nothing else in Mecris talks to a channel.

pub mod channels;
pub mod message;
pub mod outbox;
