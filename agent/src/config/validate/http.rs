//! `[http]`.

use crate::config::{
    reader::Reader,
    settings::{Auth, Environment, HttpSettings},
};

pub(super) fn http(reader: &mut Reader, environment: Environment) -> Option<HttpSettings> {
    let listen = reader.parsed(
        "http.listen",
        "an address and port such as \"127.0.0.1:8000\" or \"[::1]:8000\"",
        |text| text.parse::<std::net::SocketAddr>().ok(),
    );
    let auth = reader.choice("http.auth", &[("token", Auth::Token), ("none", Auth::None)]);
    let requests_per_minute = reader.count("http.requests_per_minute", 1..=1_000_000_000);

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
