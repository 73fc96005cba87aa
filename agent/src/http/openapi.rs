//! The contract: `/openapi.json` sends the file `docs/openapi.json`, which is built into the binary.
//!
//! A test makes the document from the annotations beside the handlers, and compares it with the file. The agent
//! does not make the document itself: the code for that would be a twentieth of the binary, and would run at
//! each start.

/// The document as it is sent.
pub(super) const DOCUMENT: &str = include_str!("../../../docs/openapi.json");

#[cfg(test)]
mod bodies;
#[cfg(test)]
mod made;
#[cfg(test)]
pub(super) use made::common;
#[cfg(test)]
mod tests;
