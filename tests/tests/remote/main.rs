//! The fake S3 and the fake instance metadata service, used by `object_store`, the client in the agent.
//!
//! `contract` holds what a store must do. `stores` checks it for the fake, a local folder and memory, `moto` for
//! moto's S3 server. `retries` records what `object_store` itself does after a failure, `identity` how it gets
//! credentials. The agent's own use of the store is not tested here.

mod client;
mod contract;
mod identity;
mod moto;
mod retries;
mod stores;
