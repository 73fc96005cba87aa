//! AWS beside the state's bucket: settings from SSM Parameter Store, secrets from Secrets Manager, the
//! journal to CloudWatch Logs.
//!
//! One SDK configuration for all of them, found where every AWS tool looks: `AWS_REGION`, `AWS_ENDPOINT_URL`,
//! keys in the environment, a profile, a web identity, a container's credentials, else the instance's own
//! role. Nothing here decides anything about goals or messages, and nothing but this module and
//! `store::replica::remote` talks to AWS.

mod error;
mod fetch;

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_ssm::config::SharedHttpClient;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use tokio::sync::OnceCell;

pub use error::{CloudError, Trouble};
pub use fetch::{ManagedSecret, fetch};

/// For a connection, and for one try of a request: what waits for AWS is a start, a lease or a log that
/// grows.
const CONNECT: Duration = Duration::from_secs(2);
const ONE_TRY: Duration = Duration::from_secs(5);

/// For all tries of one request together.
const TOTAL: Duration = Duration::from_secs(12);

/// The id of the instance, `i-0123456789abcdef0`, from its metadata service (IMDSv2).
///
/// # Errors
/// If there is no such service here.
pub async fn instance_id() -> Result<String, CloudError> {
    let client = aws_config::imds::Client::builder()
        .configure(&provider_config().await)
        .build();
    let id = client.get("/latest/meta-data/instance-id").await.map_err(|error| {
        CloudError::passing(format!(
            "the instance's id cannot be read from its metadata service ({}): is this an EC2 instance? else set journal.log_stream",
            error::innermost(&error)
        ))
    })?;
    Ok(id.as_ref().trim().to_owned())
}

/// For the metadata service, which is asked in plain HTTP.
async fn provider_config() -> aws_config::provider_config::ProviderConfig {
    aws_config::provider_config::ProviderConfig::default().with_http_client(http())
}

fn http() -> SharedHttpClient {
    Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https()
}

/// Where AWS is and who asks, the same for the whole process: finding it out may take a question to the
/// instance's metadata.
pub(crate) async fn sdk() -> &'static SdkConfig {
    static SDK: OnceCell<SdkConfig> = OnceCell::const_new();
    SDK.get_or_init(|| async {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ONE_TRY)
            .operation_timeout(TOTAL)
            .build();
        aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http())
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .load()
            .await
    })
    .await
}
