//! A client that a public generator makes from `/openapi.json` of the running agent reads every endpoint with
//! typed answers.
//!
//! The generator is openapi-python-client from PyPI, pinned in `tests/client/requirements.txt`; what the
//! client is asked is in `tests/client/read_every_endpoint.py`. Without python3 and its venv, or without a
//! package registry, the test is reported as ignored, with the reason.

use std::path::{Path, PathBuf};

use libtest_mimic::Arguments;
use mecris_tests::{
    agent::API_TOKEN,
    cases::{Case, Tiers},
    installation::Installation,
    pypi::{Programs, run},
};

const CASES: &[Case] = &[(
    "a_generated_client_reads_every_endpoint_with_typed_answers",
    a_generated_client_reads_every_endpoint_with_typed_answers,
)];

fn main() {
    let mut arguments = Arguments::from_args();
    let tiers = Tiers::asked(&mut arguments);
    let trials = tiers.heavy("a generated client", CASES, || generator().install().err());
    libtest_mimic::run(&arguments, trials).exit();
}

fn a_generated_client_reads_every_endpoint_with_typed_answers() {
    let installation = Installation::complete();
    let daemon = installation.setup.serve();

    let document = installation.document(&daemon);
    let client = installation.setup.folder().join("client");
    run(generator()
        .command("openapi-python-client")
        .args(["generate", "--meta", "none", "--path"])
        .arg(&document)
        .arg("--output-path")
        .arg(client.join("mecris_client"))
        .arg("--config")
        .arg(sources().join("generator.yml")))
    .expect("the generator takes the document");
    let said = run(generator()
        .command("python")
        .arg(sources().join("read_every_endpoint.py"))
        .arg(&document)
        .arg(format!("http://{}", daemon.address()))
        .arg(API_TOKEN)
        .env("PYTHONPATH", &client)
        .env("PYTHONDONTWRITEBYTECODE", "1"))
    .unwrap_or_else(|why| panic!("{why}\n{}", daemon.logs()));
    print!("{said}");
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("client")
}

fn generator() -> Programs {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("client-generator");
    Programs::new(folder, &sources())
}
