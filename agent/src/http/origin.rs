//! Keeps web pages out. A browser on this machine can reach a server on loopback, so any page that it shows
//! can send requests to Mecris, or read its answers by a name that the page's owner points to 127.0.0.1 (DNS
//! rebinding). What a browser sends along tells such requests from those of a program.
//!
//! `/health` and `/ready` need only one `Host`, whatever it is: a probe may call by any name. They change
//! nothing, and say no more than names of parts that work or do not.

use std::net::IpAddr;

use http::{
    HeaderMap, Uri, Version,
    header::{HOST, HeaderValue, ORIGIN},
    uri::Authority,
};

use super::{ApiError, error::Kind};
use crate::config::Auth;

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Whether the request says in one way for which host it is: RFC 9112 wants exactly one `Host`. A request of
/// HTTP/1.0 may have none.
pub(super) fn has_one_host(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(_), None) => true,
        (None, _) => version < Version::HTTP_11,
        (Some(_), Some(_)) => false,
    }
}

/// As [`has_one_host`].
///
/// # Errors
/// 400, with the sentence for the caller.
pub(super) fn one_host(version: Version, headers: &HeaderMap) -> Result<(), ApiError> {
    has_one_host(version, headers)
        .then_some(())
        .ok_or_else(|| ApiError::new(Kind::BadRequest, "a request needs exactly one Host header"))
}

/// Refuses what a web page of another site sent. If nobody needs a token, refuses every name but those of this
/// machine, too.
///
/// # Errors
/// The sentence for the caller: 400 if `Host` cannot be used, 403 for a foreign page or name.
pub(super) fn admit(auth: Auth, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
    if headers
        .get(SEC_FETCH_SITE)
        .is_some_and(|site| site == "cross-site")
    {
        return Err(foreign("sec-fetch-site: cross-site"));
    }
    if auth == Auth::Token && !headers.contains_key(ORIGIN) {
        return Ok(());
    }
    let host = host(uri, headers)?;
    for origin in headers.get_all(ORIGIN) {
        if !host.as_ref().is_some_and(|host| is_of(origin, host)) {
            return Err(foreign("an origin header of another site"));
        }
    }
    match host {
        Some(host) if auth == Auth::None && !is_this_machine(host.host()) => Err(ApiError::new(
            Kind::Forbidden,
            "without tokens (http.auth = \"none\") the Host header must be localhost, 127.0.0.1 or [::1]: \
             call one of these, or set http.auth = \"token\"",
        )),
        _ => Ok(()),
    }
}

fn foreign(sign: &str) -> ApiError {
    let detail = format!(
        "web pages of other sites may not call Mecris, and this request has {sign}: call from a program, \
         without this header"
    );
    ApiError::new(Kind::Forbidden, detail)
}

/// The host that the request is for; `None` only in HTTP/1.0. A whole URI as the target counts before `Host`.
fn host(uri: &Uri, headers: &HeaderMap) -> Result<Option<Authority>, ApiError> {
    if let Some(authority) = uri.authority() {
        return Ok(Some(authority.clone()));
    }
    let Some(host) = headers.get(HOST) else {
        return Ok(None);
    };
    let read = host.to_str().ok().and_then(|host| host.parse().ok());
    read.map(Some).ok_or_else(|| {
        ApiError::new(
            Kind::BadRequest,
            "the Host header cannot be read: expected a name or an address, and a port if it is not the usual one",
        )
    })
}

/// Whether an `Origin` is the very host that was called. `null`, which a page without an address sends, is not.
fn is_of(origin: &HeaderValue, host: &Authority) -> bool {
    let origin: Option<Uri> = origin.to_str().ok().and_then(|origin| origin.parse().ok());
    let Some(origin) = origin else { return false };
    let usual = match origin.scheme_str() {
        Some("http") => 80,
        Some("https") => 443,
        _ => return false,
    };
    let port = |authority: &Authority| authority.port_u16().unwrap_or(usual);
    origin
        .authority()
        .is_some_and(|page| page.host().eq_ignore_ascii_case(host.host()) && port(page) == port(host))
}

/// Whether the name is `localhost` or a loopback address: no name server can point one of these elsewhere.
fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn verdict(auth: Auth, uri: &str, headers: &[(&str, &str)]) -> Result<(), Kind> {
        let headers = headers.iter().map(|(name, value)| {
            let name: HeaderName = name.parse().unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        });
        let headers = headers.collect();
        one_host(Version::HTTP_11, &headers)
            .and_then(|()| admit(auth, &uri.parse().unwrap(), &headers))
            .map_err(|error| error.kind())
    }

    #[test]
    fn without_tokens_only_names_of_this_machine_are_answered() {
        for host in [
            "localhost",
            "LOCALHOST:8000",
            "localhost:9000",
            "127.0.0.1",
            "127.0.0.1:8000",
            "127.0.0.5:8000",
            "[::1]",
            "[::1]:8000",
        ] {
            assert_eq!(verdict(Auth::None, "/usage", &[("host", host)]), Ok(()), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8000",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "0.0.0.0:8000",
            "192.168.1.7:8000",
            "[::]:8000",
        ] {
            let refused = Err(Kind::Forbidden);
            assert_eq!(
                verdict(Auth::None, "/usage", &[("host", host)]),
                refused,
                "{host}"
            );
            assert_eq!(
                verdict(Auth::Token, "/usage", &[("host", host)]),
                Ok(()),
                "{host}"
            );
        }
        // The target counts, whatever `Host` says beside it.
        let headers = [("host", "localhost")];
        let refused = Err(Kind::Forbidden);
        assert_eq!(
            verdict(Auth::None, "http://evil.example/usage", &headers),
            refused
        );
    }

    #[test]
    fn a_request_names_one_host_in_a_form_that_can_be_read() {
        for headers in [
            &[][..],
            &[("host", "localhost"), ("host", "localhost")],
            &[("host", "")],
            &[("host", "a b")],
        ] {
            let refused = Err(Kind::BadRequest);
            assert_eq!(verdict(Auth::None, "/usage", headers), refused, "{headers:?}");
        }
        let headers = HeaderMap::new();
        assert!(has_one_host(Version::HTTP_10, &headers), "HTTP/1.0 has no Host");
        assert!(admit(Auth::None, &Uri::from_static("/"), &headers).is_ok());
    }

    #[test]
    fn a_web_page_of_another_site_is_refused_with_and_without_tokens() {
        for auth in [Auth::None, Auth::Token] {
            for (header, value, expected) in [
                ("origin", "http://localhost:8000", Ok(())),
                ("origin", "http://LOCALHOST:8000", Ok(())),
                ("origin", "http://localhost", Err(Kind::Forbidden)),
                ("origin", "http://localhost:3000", Err(Kind::Forbidden)),
                ("origin", "http://evil.example", Err(Kind::Forbidden)),
                ("origin", "https://evil.example:8000", Err(Kind::Forbidden)),
                ("origin", "null", Err(Kind::Forbidden)),
                (
                    "origin",
                    "chrome-extension://localhost:8000",
                    Err(Kind::Forbidden),
                ),
                ("origin", "", Err(Kind::Forbidden)),
                ("sec-fetch-site", "cross-site", Err(Kind::Forbidden)),
                ("sec-fetch-site", "same-origin", Ok(())),
                ("sec-fetch-site", "none", Ok(())),
            ] {
                let headers = [("host", "localhost:8000"), (header, value)];
                assert_eq!(
                    verdict(auth, "/silences", &headers),
                    expected,
                    "{auth:?} {header}: {value}"
                );
            }
        }
        // Behind a proxy that ends TLS, a page of the same site has the usual port of https.
        let headers = [("host", "mecris.example"), ("origin", "https://mecris.example")];
        assert_eq!(verdict(Auth::Token, "/silences", &headers), Ok(()));
        let two = [
            ("host", "localhost"),
            ("origin", "http://localhost"),
            ("origin", "http://evil.example"),
        ];
        assert_eq!(verdict(Auth::Token, "/silences", &two), Err(Kind::Forbidden));
    }
}
