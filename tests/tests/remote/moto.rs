//! The contract on moto's S3 server, so that the fake is not the only witness of how S3 behaves.
//!
//! moto 5.2.5 honours `If-None-Match: *` of PutObject: 412 `PreconditionFailed` where the key is taken. It
//! checks no signatures and never answers 409; [`DIFFERENCES`] are the steps in which it does not do as S3
//! does.

use std::sync::Arc;

use mecris_tests::{moto::Moto, s3::BUCKET};

use crate::{client::client, contract::STEPS};

/// Steps that moto 5.2.5 does not keep.
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
