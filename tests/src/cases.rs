//! Cases of a test target that finds out at run time what can be tested here: what cannot is reported as
//! ignored, with the reason.
//!
//! Such a target has two tiers. The quick tier always runs. The heavy tier (machines that boot, crash
//! campaigns) runs with `--include-ignored`, as `scripts/test-all` does, and is ignored without.

use std::panic;

use libtest_mimic::{Arguments, Failed, Trial};

/// A test: its name and its function, which fails by a panic.
pub type Case = (&'static str, fn());

/// Why a case of the heavy tier does not run.
const HEAVY: &str = "heavy tier: scripts/test-all runs it";

/// Which tiers the command line asks for.
#[derive(Clone, Copy, Debug)]
pub struct Tiers {
    quick: bool,
    heavy: bool,
}

impl Tiers {
    /// Takes `--include-ignored` (both tiers) and `--ignored` (the heavy tier alone) out of the arguments, so
    /// that they do not start what this machine cannot run.
    pub fn asked(arguments: &mut Arguments) -> Self {
        let only = std::mem::take(&mut arguments.ignored);
        let include = std::mem::take(&mut arguments.include_ignored);
        Self {
            quick: !only,
            heavy: only || include,
        }
    }

    /// Cases of the quick tier. With a reason not to run them they are ignored.
    pub fn quick(self, what: &str, cases: &[Case], missing: Option<&str>) -> Vec<Trial> {
        if self.quick {
            trials(what, cases, missing)
        } else {
            Vec::new()
        }
    }

    /// Cases of the heavy tier. `missing` looks for a reason not to run them, and is asked only if the heavy
    /// tier is.
    pub fn heavy<M: AsRef<str>>(
        self,
        what: &str,
        cases: &[Case],
        missing: impl FnOnce() -> Option<M>,
    ) -> Vec<Trial> {
        if self.heavy {
            trials(what, cases, missing().as_ref().map(AsRef::as_ref))
        } else {
            trials(what, cases, Some(HEAVY))
        }
    }
}

/// The trials of these cases. With a reason not to run them all are ignored, and the reason goes to stderr,
/// because the test runner does not show it.
fn trials(what: &str, cases: &[Case], missing: Option<&str>) -> Vec<Trial> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of the quick and how many of the heavy cases run with these arguments.
    fn run_with(arguments: &[&str], missing: Option<&str>) -> (usize, usize) {
        let given = std::iter::once("test").chain(arguments.iter().copied());
        let mut arguments = Arguments::from_iter(given);
        let tiers = Tiers::asked(&mut arguments);
        let cases: [Case; 2] = [("one", || {}), ("two", || {})];
        assert!(!arguments.ignored && !arguments.include_ignored);
        let runs = |trials: Vec<Trial>| trials.iter().filter(|trial| !trial.has_ignored_flag()).count();
        (
            runs(tiers.quick("quick", &cases, None)),
            runs(tiers.heavy("heavy", &cases, || missing)),
        )
    }

    #[test]
    fn the_heavy_tier_runs_only_when_it_is_asked_for() {
        assert_eq!(run_with(&[], None), (2, 0));
        assert_eq!(run_with(&["--include-ignored"], None), (2, 2));
        assert_eq!(run_with(&["--ignored"], None), (0, 2));
    }

    #[test]
    fn what_this_machine_cannot_run_stays_ignored_when_it_is_asked_for() {
        assert_eq!(run_with(&["--include-ignored"], Some("no root")), (2, 0));
    }
}
