//! What a person says to Mecris: "not now" (a silence), "I am away" (a vacation), "I know" (an acknowledgement).
//!
//! [`request`] turns the person's words into a silence, [`record`] writes it to the state, [`asked`] is a word
//! that can wait in a file, [`shape`] is what the texts of a word may look like. `heuristic` decides whether a silence covers a condition.

pub mod asked;
pub mod record;
pub mod request;
pub mod shape;
