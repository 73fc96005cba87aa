//! Opens the object store that `state.remote` names.

use std::{os::unix::fs::PermissionsExt as _, sync::Arc, time::Duration};

use object_store::{
    ClientOptions, ObjectStore, RetryConfig, aws::AmazonS3Builder, local::LocalFileSystem, path::Path,
};
use url::Url;

use super::{FOLDER, REQUEST, Remote, RemoteError, bounded};

/// A request that failed for a passing reason is made up to twice more within [`REQUEST`]. This is safe for a
/// creation too: if the first try did create the object, the object's nonce shows that it is ours.
const RETRIES: usize = 2;

impl Remote {
    /// `s3://bucket/prefix`, or `file:///folder`. Opens no connection.
    ///
    /// For S3, region, endpoint and credentials come from environment variables: `AWS_REGION`,
    /// `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID` and so on, a web identity, a container's credentials. Without
    /// credentials there, the instance's role is used. `~/.aws` is not read.
    ///
    /// # Errors
    /// If the address or one of these variables is malformed, or the folder cannot be made.
    pub fn open(url: &Url) -> Result<Self, RemoteError> {
        let wrong = |why: String| RemoteError::Address {
            url: url.to_string(),
            why,
        };
        let mut local = None;
        let (store, prefix): (Arc<dyn ObjectStore>, Path) = match url.scheme() {
            "s3" => {
                let prefix = Path::from_url_path(url.path()).map_err(|error| wrong(error.to_string()))?;
                (
                    Arc::new(s3(url).map_err(|error| wrong(error.to_string()))?),
                    prefix,
                )
            }
            "file" => {
                let folder = url
                    .to_file_path()
                    .map_err(|()| wrong("expected a folder on this machine, file:///folder".to_owned()))?;
                std::fs::create_dir_all(&folder)
                    .map_err(|error| wrong(format!("cannot make {}: {error}", folder.display())))?;
                make_private(&folder.join(FOLDER));
                local = Some(folder.join(FOLDER).into());
                let store =
                    LocalFileSystem::new_with_prefix(&folder).map_err(|error| wrong(error.to_string()))?;
                // A copy counts once it is on the disk.
                let store = store.with_fsync(true);
                (Arc::new(store), Path::default())
            }
            other => return Err(wrong(format!("expected s3:// or file://, not {other}://"))),
        };
        Ok(Self {
            local,
            ..Self::new(store, &prefix, url.as_str())
        })
    }
}

/// Lets nobody but the owner look into the folder of the copies. An older release made it readable for
/// everybody; if there is none yet, the process makes it private. Some file systems of other machines have no
/// permissions: that is no reason not to use them.
fn make_private(folder: &std::path::Path) {
    let changed = std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700));
    if let Err(error) = changed
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::debug!(folder = %folder.display(), %error, "the folder of the copies keeps its permissions");
    }
}

fn s3(url: &Url) -> object_store::Result<object_store::aws::AmazonS3> {
    crate::outbound::install_tls();
    let options = ClientOptions::new()
        .with_user_agent(http::HeaderValue::from_static(concat!(
            "mecris-agent/",
            env!("CARGO_PKG_VERSION")
        )))
        .with_connect_timeout(Duration::from_secs(2))
        .with_timeout(REQUEST)
        .with_allow_http(true);
    let bucket = url.host_str().unwrap_or_default();
    let retry = RetryConfig {
        max_retries: RETRIES,
        retry_timeout: REQUEST,
        ..RetryConfig::default()
    };
    AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_client_options(options)
        .with_http_connector(bounded::Bounded::default())
        .with_retry(retry)
        .build()
}
