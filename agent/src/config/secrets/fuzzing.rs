//! The reader of `.env` files, for `fuzz/fuzz_targets/dotenv.rs`.

use super::dotenv;

/// A statement: its line, its name and its value, `None` if it cannot be read.
pub type Statement = (usize, String, Option<String>);

/// All statements of a text.
pub fn statements(text: &str) -> Vec<Statement> {
    dotenv::statements(text)
        .into_iter()
        .map(|found| (found.line, found.name.to_owned(), found.value))
        .collect()
}
