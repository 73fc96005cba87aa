//! Damage to the state, to its copies, and to both: what is left heals by itself or by the command that the error
//! names, and nothing is said twice that a sound copy knows of.

mod kinds;
mod rounds;
