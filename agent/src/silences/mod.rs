//! What a person says to Mecris: "not now" (a silence), "I am away" (a vacation), "I know" (an acknowledgement).
//!
//! [`words`] reads what they ask for, [`person`] records it. Whether a silence covers a condition is decided in
//! `heuristic`.

pub mod person;
pub mod words;
