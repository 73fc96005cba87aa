//! Ways for the targets in `fuzz/fuzz_targets` to functions that are private otherwise. Only builds of fuzz targets
//! have this module. Nothing here decides anything: each function calls the one that it is named after.

pub use crate::{
    arms::beeminder::fuzzing as beeminder, config::secrets::fuzzing as dotenv, http::fuzzing as http,
    journal::fuzzing as journal,
};
