//! The running agent does what its OpenAPI document says: it takes what the document allows, refuses what it
//! does not allow, and answers in the shapes that it shows.
//!
//! schemathesis from PyPI, pinned in `tests/api/requirements.txt`, makes the requests from the document that
//! the agent sends. `scripts/check-api` sets how many (`MECRIS_API_EXAMPLES`) and which (`MECRIS_API_SEED`).
//! Without python3 and its venv, or without a package registry, the test is reported as ignored, with the
//! reason.

use std::path::Path;

use libtest_mimic::Arguments;
use mecris_tests::{
    agent::API_TOKEN,
    cases::{Case, Tiers},
    installation::Installation,
    pypi::{Programs, run},
};

/// For each operation and each way of making requests, at most. More find more: `scripts/check-api --examples
/// 300`.
const EXAMPLES: u32 = 8;
/// The same requests each time.
const SEED: u64 = 20_261_129;

const CASES: &[Case] = &[(
    "the_agent_does_what_its_document_says",
    the_agent_does_what_its_document_says,
)];

fn main() {
    let mut arguments = Arguments::from_args();
    let tiers = Tiers::asked(&mut arguments);
    let trials = tiers.heavy("requests made from the OpenAPI document", CASES, || {
        schemathesis().install().err()
    });
    libtest_mimic::run(&arguments, trials).exit();
}

fn the_agent_does_what_its_document_says() {
    let mut installation = Installation::complete();
    installation
        .setup
        .config
        .set("http.requests_per_minute", 1_000_000_000);
    let daemon = installation.setup.serve();
    let document = installation.document(&daemon);

    let said = run(schemathesis()
        .command("schemathesis")
        .arg("run")
        .arg(&document)
        .args(["--url", &format!("http://{}", daemon.address())])
        .args(["--header", &format!("Authorization: Bearer {API_TOKEN}")])
        .args([
            "--checks",
            "all",
            "--phases",
            "examples,coverage,fuzzing,stateful",
        ])
        .args([
            "--max-examples",
            &given("MECRIS_API_EXAMPLES", EXAMPLES).to_string(),
        ])
        .args(["--seed", &given("MECRIS_API_SEED", SEED).to_string()])
        .args(["--continue-on-failure", "--suppress-health-check", "all"])
        .current_dir(installation.setup.folder())
        .env("PYTHONDONTWRITEBYTECODE", "1"))
    .unwrap_or_else(|why| panic!("{}\n{}", short(&why), daemon.logs()));
    println!("{}", short(&said));
    let generated =
        number_before(&said, " generated").unwrap_or_else(|| panic!("how many requests?\n{said}"));
    assert!(generated >= 500, "only {generated} requests were made:\n{said}");
    assert!(!daemon.logs().contains("panicked"), "{}", daemon.logs());
}

/// A number from the environment.
fn given<T: std::str::FromStr>(variable: &str, usual: T) -> T {
    match std::env::var(variable) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{variable}={text} is not a number")),
        Err(_) => usual,
    }
}

/// The number that stands before a word: `998 generated`.
fn number_before(text: &str, word: &str) -> Option<u32> {
    let (before, _) = text.split_once(word)?;
    before
        .split_whitespace()
        .next_back()?
        .replace(',', "")
        .parse()
        .ok()
}

/// The lines, none longer than a screen is wide: a request may have thousands of characters.
fn short(text: &str) -> String {
    text.lines()
        .map(|line| line.chars().take(400).collect::<String>() + "\n")
        .collect()
}

fn schemathesis() -> Programs {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("api");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
    Programs::new(folder, &sources)
}
