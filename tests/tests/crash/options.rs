//! The size and the seed of a run, from the environment.

/// A number from the environment.
pub(crate) fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}={text}: expected a number")),
    )
}

/// A size from the environment, else the size in CI.
pub(crate) fn size(variable: &str, in_ci: u64) -> u64 {
    number(variable).unwrap_or(in_ci)
}

/// The seed of everything: `MECRIS_TEST_SEED`, else a new seed. It is printed, so that a failure can be
/// repeated.
pub(crate) fn seed(test: &str) -> u64 {
    let seed = number("MECRIS_TEST_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("{test}: MECRIS_TEST_SEED={seed}");
    seed
}

/// The number of installations that run side by side. They wait more than they work.
pub(crate) fn lanes() -> usize {
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    number("MECRIS_CRASH_LANES")
        .and_then(|lanes| usize::try_from(lanes).ok())
        .unwrap_or(12 * processors)
        .max(1)
}
