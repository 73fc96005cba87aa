//! Cases of a test target that finds out at run time what can be tested here: what cannot is reported as
//! ignored, with the reason.

use std::panic;

use libtest_mimic::{Failed, Trial};

/// A test: its name and what it does. It fails by a panic.
pub type Case = (&'static str, fn());

/// The trials of these cases; with a reason not to run them all are ignored, and the reason is said past the
/// test runner.
pub fn trials(what: &str, cases: &[Case], missing: Option<&str>) -> Vec<Trial> {
    if let Some(why) = missing {
        eprintln!("!! NOT TESTED HERE: {what} ({} tests): {why}", cases.len());
    }
    let trial =
        |&(name, case): &Case| Trial::test(name, move || run(case)).with_ignored_flag(missing.is_some());
    cases.iter().map(trial).collect()
}

fn run(case: fn()) -> Result<(), Failed> {
    panic::catch_unwind(case).map_err(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or(panic.downcast_ref::<&str>().copied());
        Failed::from(text.unwrap_or("panicked"))
    })
}
