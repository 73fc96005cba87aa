//! Base URLs of upstreams.

use url::{Host, Url};

use super::{reader::Reader, show};

/// A base URL that other paths can be joined to: `https`, or `http` on this machine; no credentials, no
/// query; ends in `/`.
pub(super) fn base_url(reader: &mut Reader, key: &str) -> Option<Url> {
    const EXPECTED: &str = "an https:// URL (http:// only for localhost, 127.0.0.1 or [::1])";
    let mut url = reader.parsed(key, EXPECTED, |text| Url::parse(text).ok().filter(Url::has_host))?;
    let allowed = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    if !allowed {
        return reader.expected(key, EXPECTED);
    }
    let bare = url.username().is_empty() && url.password().is_none();
    if !bare || url.query().is_some() || url.fragment().is_some() {
        return reader.expected(key, "a URL without user, password, '?' and '#'");
    }
    if url.path().split('/').any(show::holds_token) {
        return reader.expected(
            key,
            "a URL without a bot's token in it: the token is a secret of its own",
        );
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Some(url)
}

/// Whether the URL of a web server points to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
