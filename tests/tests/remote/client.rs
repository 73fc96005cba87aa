//! `object_store`'s client of S3, configured from an environment as `AmazonS3Builder::from_env` does.

use std::time::Duration;

use mecris_tests::s3::{BUCKET, S3};
use object_store::{
    ClientConfigKey, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey},
};

/// A client without retries that gives up after two seconds.
pub(crate) fn client(environment: &[(String, String)]) -> AmazonS3 {
    build(
        environment,
        RetryConfig {
            max_retries: 0,
            ..RetryConfig::default()
        },
        "2 seconds",
    )
}

/// A client without retries for this fake, with its key that never expires.
pub(crate) fn of(s3: &S3) -> AmazonS3 {
    client(&s3.environment())
}

/// A client with `object_store`'s default of ten retries, but with shorter pauses. It gives up after
/// `timeout`.
pub(crate) fn that_retries(environment: &[(String, String)], timeout: &str) -> AmazonS3 {
    let mut retry = RetryConfig::default();
    retry.backoff.init_backoff = Duration::from_millis(1);
    retry.backoff.max_backoff = Duration::from_millis(5);
    build(environment, retry, timeout)
}

fn build(environment: &[(String, String)], retry: RetryConfig, timeout: &str) -> AmazonS3 {
    // Only the first call installs a provider; later calls find it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = AmazonS3Builder::new().with_bucket_name(BUCKET).with_retry(retry);
    for (name, value) in environment {
        let key: AmazonS3ConfigKey = name
            .to_ascii_lowercase()
            .parse()
            .expect("a setting of object_store");
        builder = builder.with_config(key, value);
    }
    builder
        .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), timeout)
        .build()
        .expect("the settings suffice")
}
