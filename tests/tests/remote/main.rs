//! The fake S3 and the fake instance metadata service, asked by the client that the agent asks with:
//! `object_store`.
//!
//! `contract` is what the agent relies on, the same for every store; `stores` runs it on the fake, a local
//! folder and memory, `moto` on moto's S3 server. `retries` writes down what `object_store` itself does when
//! something goes wrong, `identity` who may ask. The agent's own use of the store is not tested here.

mod client;
mod contract;
mod identity;
mod moto;
mod retries;
mod stores;
