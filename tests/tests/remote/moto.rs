//! The contract on moto's S3 server, so that our fake is not the only evidence for how S3 behaves.
//!
//! moto 5.2.5 honours `If-None-Match: *` of PutObject and answers 412 `PreconditionFailed` for a taken key.
//! It checks no signatures and never answers 409. [`DIFFERENCES`] are the steps in which it behaves unlike
//! S3.

use std::sync::Arc;

use mecris_tests::{moto::Moto, s3::BUCKET};

use crate::{client::client, contract::STEPS};

/// Steps in which moto 5.2.5 breaks the contract.
const DIFFERENCES: &[&str] = &[];

#[tokio::test]
#[ignore = "heavy tier: needs moto (python3, a package registry); scripts/test-all runs it"]
async fn moto_keeps_the_contract_but_for_the_known_differences() {
    let Some(moto) = Moto::start_or_say("a second opinion on S3") else {
        return;
    };
    moto.make_bucket(BUCKET);
    let store = Arc::new(client(&moto.environment()));
    let mut different = Vec::new();
    for (name, step) in STEPS {
        eprintln!("{name}");
        if let Err(error) = tokio::spawn(step(store.clone())).await {
            eprintln!("{name}: {error}");
            different.push(*name);
        }
    }
    assert_eq!(different, DIFFERENCES);
}
