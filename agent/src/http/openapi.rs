//! The contract, `/openapi.json`. What the annotations beside the handlers say is in `docs/openapi.json`, and a test
//! compares the two: the code that puts the document together would otherwise be a twentieth of the binary, and
//! would run at each start.

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
