use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_types::error::display::DisplayErrorContext;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;

/// Answers every request with a text that has no end. Returns its address, and how much it has sent.
async fn without_an_end() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let counted = Arc::clone(&counted);
            tokio::spawn(async move {
                let mut head = [0; 4096];
                assert!(stream.read(&mut head).await.unwrap() > 0, "no request came");
                let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\n\r\n";
                stream.write_all(answer).await.unwrap();
                let chunk = vec![b'['; 64 * 1024];
                // Until the client closes the connection.
                while stream.write_all(&chunk).await.is_ok() {
                    counted.fetch_add(chunk.len(), Ordering::Relaxed);
                }
            });
        }
    });
    (address, sent)
}

/// The configuration of the process, but for its address and its credentials.
fn config(address: SocketAddr) -> SdkConfig {
    let credentials = aws_sdk_ssm::config::Credentials::new("id", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(super::super::http())
        .region(Region::from_static("us-east-1"))
        .endpoint_url(format!("http://{address}"))
        .credentials_provider(aws_sdk_ssm::config::SharedCredentialsProvider::new(credentials))
        .build()
}

/// The error of a request to a service whose answer has no end, and how much of it was read at most.
macro_rules! asked {
    ($ask:expr) => {{
        let (address, sent) = without_an_end().await;
        let error = $ask(address).await.unwrap_err();
        (
            DisplayErrorContext(&error).to_string(),
            sent.load(Ordering::Relaxed),
        )
    }};
}

#[tokio::test]
async fn no_client_reads_an_answer_without_an_end() {
    let ssm = |address| {
        let client = aws_sdk_ssm::Client::new(&config(address));
        async move { client.get_parameter().name("/mecris").send().await }
    };
    let secrets = |address| {
        let client = aws_sdk_secretsmanager::Client::new(&config(address));
        async move { client.get_secret_value().secret_id("mecris").send().await }
    };
    let logs = |address| {
        let client = aws_sdk_cloudwatchlogs::Client::new(&config(address));
        async move { client.describe_log_groups().send().await }
    };
    let metadata = |address| async move {
        let client = aws_config::imds::Client::builder()
            .configure(&super::super::provider_config().await)
            .endpoint(format!("http://{address}"))
            .unwrap()
            .build();
        client.get("/latest/meta-data/instance-id").await
    };
    for (service, (error, sent)) in [
        ("ssm", asked!(ssm)),
        ("secretsmanager", asked!(secrets)),
        ("logs", asked!(logs)),
        ("imds", asked!(metadata)),
    ] {
        assert!(
            error.contains("the answer has more than 1048576 bytes"),
            "{service}: {error}"
        );
        // Three tries, and what waits in the buffers of their connections.
        assert!(
            sent < 3 * 8 * LARGEST_ANSWER,
            "{service}: {sent} bytes were read or wait to be"
        );
    }
}
