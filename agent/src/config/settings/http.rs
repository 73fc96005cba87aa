//! `[http]`.

use std::net::SocketAddr;

/// `[http]`.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Who may call.
    pub auth: Auth,
    /// Requests per minute for each token.
    pub requests_per_minute: u32,
}

/// `http.auth`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Bearer tokens from `MECRIS_API_TOKENS`.
    Token,
    /// Nobody asks; only on loopback, never in production.
    None,
}
