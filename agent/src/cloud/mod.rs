//! What Mecris reads from AWS besides its own state: settings from SSM Parameter Store, secrets from Secrets
//! Manager, and the id of the instance. `error` says why AWS refused a request, `bounded` bounds every answer.
//!
//! The process has one SDK configuration. It comes from where every AWS tool looks: `AWS_REGION`,
//! `AWS_ENDPOINT_URL`, keys in the environment, a profile, a web identity, the credentials of a container,
//! and last the role of the instance. `journal` uses it for CloudWatch Logs. Only this module, `journal` and
//! `store::replica::remote` talk to AWS. Nothing here decides anything about goals or messages.

mod bounded;
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

/// The time limits for opening a connection and for one try of a request. They are short because other work
/// waits for AWS: a process that starts, a message inside its lease, or the lines of a growing log.
const CONNECT: Duration = Duration::from_secs(2);
const ONE_TRY: Duration = Duration::from_secs(5);

/// The time limit of all tries of one request together.
const TOTAL: Duration = Duration::from_secs(12);

/// The id of the instance, `i-0123456789abcdef0`, from its metadata service (IMDSv2).
///
/// # Errors
/// If this machine has no metadata service.
pub async fn instance_id() -> Result<String, CloudError> {
    let client = aws_config::imds::Client::builder()
        .configure(&provider_config().await)
        .build();
    let id = client.get("/latest/meta-data/instance-id").await.map_err(|error| {
        CloudError::passing(format!(
            "the instance's id cannot be read from its metadata service ({}): is this an EC2 instance? If not, set journal.log_stream",
            error::cause(&error)
        ))
    })?;
    Ok(id.as_ref().trim().to_owned())
}

/// The configuration for the metadata service, which is asked in plain HTTP.
async fn provider_config() -> aws_config::provider_config::ProviderConfig {
    aws_config::provider_config::ProviderConfig::default().with_http_client(http())
}

/// The one HTTP client of every AWS service and of every source of credentials.
fn http() -> SharedHttpClient {
    #[allow(clippy::disallowed_methods, reason = "it is bounded here")]
    let client = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    bounded::bounded(client)
}

/// Region, endpoint and credentials, loaded once for the whole process. Loading may ask the instance's
/// metadata service.
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
