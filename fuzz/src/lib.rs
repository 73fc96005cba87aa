//! What several targets need.

use std::{fs, path::PathBuf, sync::OnceLock};

/// A secret that the targets plant. It looks like no credential, so that only its being known masks it.
pub const CANARY: &str = "qXcanaryZ7";

/// The path of a file in a folder of this process. Nothing is in the folder at first.
pub fn file(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    // libFuzzer ends the process without a destructor: scripts/fuzz removes the folder.
    let folder = FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("mecris-fuzz-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("the folder of temporary files is writable");
        folder
    });
    folder.join(name)
}

/// A sentence of ours stands in one line of a log, whatever it repeats.
///
/// # Panics
/// If it has a control character, or a mark that changes how what stands around it is shown.
pub fn assert_one_line(sentence: &str) {
    let reaches_beyond =
        |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(!sentence.contains(reaches_beyond), "{sentence:?}");
}
