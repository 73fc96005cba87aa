//! `[http]`: the endpoints.

use std::net::SocketAddr;

use super::{
    general::Environment,
    reader::Reader,
    setting::{Form, Kind, Setting, Table},
};

pub(super) const TABLE: Table = Table {
    name: "http",
    doc: "The endpoints.",
    form: Form::Always,
    settings: &[
        Setting::new(
            "http.listen",
            Kind::Other("address"),
            "IP address and port; port 0 takes a free port",
        )
        .default("\"127.0.0.1:8000\""),
        Setting::new(
            "http.auth",
            Kind::Text,
            "`\"token\"`: bearer tokens of `MECRIS_API_TOKENS`; `\"none\"`: no token, but only on loopback, \
             only for requests to a name of this machine, and not in production",
        )
        .default("\"token\""),
        Setting::new(
            "http.requests_per_minute",
            Kind::Integer(1..=1_000_000_000),
            "for each token",
        )
        .default("600"),
    ],
};

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

pub(super) fn read(reader: &mut Reader, environment: Environment) -> Option<HttpSettings> {
    let listen = reader.parsed(
        "http.listen",
        "an address and port such as \"127.0.0.1:8000\" or \"[::1]:8000\"",
        |text| text.parse::<SocketAddr>().ok(),
    );
    let auth = reader.choice("http.auth", &[("token", Auth::Token), ("none", Auth::None)]);
    let requests_per_minute = reader.count("http.requests_per_minute");

    if auth == Some(Auth::None) {
        if environment == Environment::Production {
            reader.refuse("http.auth", "production needs \"token\"");
        }
        if let Some(listen) = listen.filter(|listen| !listen.ip().is_loopback()) {
            reader.refuse(
                "http.auth",
                format!(
                    "expected \"token\", because http.listen is {listen}: \"none\" is only for 127.0.0.1 and [::1]"
                ),
            );
        }
    }
    Some(HttpSettings {
        listen: listen?,
        auth: auth?,
        requests_per_minute: requests_per_minute?,
    })
}
