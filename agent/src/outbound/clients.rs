use std::{error::Error, time::Duration};

use reqwest::{Client, ClientBuilder, redirect};
use tokio::sync::OnceCell;

use super::{Tuning, redact};
use crate::domain::innermost;

/// How long an idle connection is kept for the next call.
const IDLE: Duration = Duration::from_secs(60);

/// reqwest's clients, built when they are first needed. Start-up must be quick, and the root certificates
/// take some hundred kilobytes that a process without TLS does not need.
pub(super) struct Clients {
    tuning: Tuning,
    plain: OnceCell<Client>,
    tls: OnceCell<Client>,
}

impl Clients {
    pub(super) fn new(tuning: Tuning) -> Self {
        Self {
            tuning,
            plain: OnceCell::new(),
            tls: OnceCell::new(),
        }
    }

    /// The client for a scheme.
    ///
    /// # Errors
    /// If there are no root certificates. The next call tries again.
    pub(super) async fn get(&self, scheme: &str) -> Result<&Client, String> {
        let tuning = self.tuning;
        let (cell, build): (_, fn(Tuning) -> reqwest::Result<Client>) = if scheme == "https" {
            (&self.tls, tls)
        } else {
            (&self.plain, plain)
        };
        cell.get_or_try_init(|| async move {
            // Reading certificates takes tens of milliseconds. On this thread it would delay /health.
            let built = tokio::task::spawn_blocking(move || build(tuning)).await;
            built
                .map_err(|_| "the HTTP client could not be set up".to_owned())?
                .map_err(|error| describe(&error))
        })
        .await
    }
}

/// Chooses rustls' cryptography for every client of this process, those of libraries too.
pub fn install_tls() {
    // An error means that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn tls(tuning: Tuning) -> reqwest::Result<Client> {
    install_tls();
    builder(tuning).build()
}

/// The client for `http:` base URLs, which are fakes or services on this machine. No certificates, no proxy.
fn plain(tuning: Tuning) -> reqwest::Result<Client> {
    install_tls();
    builder(tuning).tls_certs_only([]).no_proxy().build()
}

fn builder(tuning: Tuning) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("mecris-agent/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(tuning.connect_timeout)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(2)
}

/// What went wrong first, without the URL and without the layers that reqwest puts around it.
pub(super) fn describe(error: &(dyn Error + 'static)) -> String {
    let root = innermost(error);
    match root.downcast_ref::<reqwest::Error>() {
        // Only reqwest writes URLs into its texts. `Error::without_url` needs to own the error, so only the
        // kind of the error is named.
        Some(error) if error.is_builder() => "the request could not be built".to_owned(),
        Some(error) if error.is_timeout() => "timed out".to_owned(),
        Some(_) => "the request failed".to_owned(),
        None => redact::text(&root.to_string(), &[]),
    }
}
