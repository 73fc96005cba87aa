//! Who may call, and how often. Bearer tokens are compared in constant time, and each caller has a rate
//! limit.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};
use http::{HeaderMap, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

/// The known callers. Only digests are kept: `Debug` and a leak of this value show no token.
#[derive(Clone, Default)]
pub struct Tokens(Vec<(Arc<str>, [u8; 32])>);

impl Tokens {
    /// From names and tokens, as [`crate::config::Secrets::api_tokens`] gives them.
    pub fn new(tokens: &[(String, SecretString)]) -> Self {
        let known = |(name, token): &(String, SecretString)| {
            (name.as_str().into(), digest(token.expose_secret().as_bytes()))
        };
        Self(tokens.iter().map(known).collect())
    }

    /// How many callers are known.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no caller is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The caller's name, if the request carries a known token.
    pub(super) fn find(&self, headers: &HeaderMap) -> Option<&Arc<str>> {
        let presented = digest(bearer(headers)?);
        // Every known token is compared, each in constant time over digests. So the time of an answer says
        // nothing about a token, and nothing about its place in the list.
        let mut found = u32::MAX;
        for (index, (_, known)) in (0..).zip(&self.0) {
            let same: Choice = known.ct_eq(&presented);
            found.conditional_assign(&index, same);
        }
        let index = usize::try_from(found).ok()?;
        self.0.get(index).map(|(name, _)| name)
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
}

fn digest(token: &[u8]) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// One rate limit for each caller. The limit belongs to the caller's name, so it outlasts a rotation of the
/// tokens.
pub(super) struct RateLimits(DefaultKeyedRateLimiter<Arc<str>>);

impl RateLimits {
    /// A caller may send all requests of a minute at once.
    pub(super) fn new(requests_per_minute: u32) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(requests_per_minute).unwrap_or(NonZeroU32::MIN));
        Self(RateLimiter::keyed(quota))
    }

    /// Counts one request of this caller, or says how long to wait.
    pub(super) fn admit(&self, caller: &Arc<str>) -> Result<(), Duration> {
        self.0
            .check_key(caller)
            .map_err(|busy| busy.wait_time_from(self.0.clock().now()))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const TOKENS: [(&str, &str); 3] = [
        ("laptop", "correct-horse-battery"),
        ("default", "correct-horse-staples"),
        ("phone", "correct-horse-phone-1"),
    ];

    fn tokens() -> Tokens {
        Tokens::new(&TOKENS.map(|(name, token)| (name.to_owned(), token.into())))
    }

    fn header(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn each_token_is_its_caller() {
        for (name, token) in TOKENS {
            for scheme in ["Bearer", "bearer"] {
                let found = tokens().find(&header(&format!("{scheme} {token}"))).cloned();
                assert_eq!(found.as_deref(), Some(name));
            }
        }
    }

    #[test]
    fn anything_else_is_nobody() {
        for value in [
            "Bearer correct-horse-batter",
            "Bearer ",
            "Bearer",
            "Basic correct-horse-battery",
            "correct-horse-battery",
        ] {
            assert_eq!(tokens().find(&header(value)), None, "{value}");
        }
        assert_eq!(tokens().find(&HeaderMap::new()), None);
        assert_eq!(Tokens::default().find(&header("Bearer ")), None);
    }

    #[test]
    fn debug_shows_names_only() {
        assert!(!format!("{:?}", tokens()).contains("horse"));
    }

    #[test]
    fn one_caller_does_not_use_up_the_others_requests() {
        let rates = RateLimits::new(3);
        let [laptop, phone] = ["laptop", "phone"].map(Arc::from);
        for _ in 0..3 {
            rates.admit(&laptop).unwrap();
        }
        let wait = rates.admit(&laptop).unwrap_err();
        assert!(
            wait > Duration::from_secs(10) && wait <= Duration::from_secs(20),
            "{wait:?}"
        );
        rates.admit(&phone).unwrap();
    }
}
