//! Masks secrets in URLs, and in texts that an upstream or a library wrote.

use std::borrow::Cow;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};

const MASK: &str = "***";

/// Fewer characters of base64 may stand in any text.
const SHORTEST_BASE64: usize = 8;

/// Query parameters that carry a credential, in lower case.
const TOKEN_PARAMETERS: [&str; 2] = ["auth_token", "access_token"];

/// A URL as it may be shown: user, password and the values of token parameters are masked.
pub fn url(url: &Url) -> String {
    let mut shown = url.clone();
    if !shown.username().is_empty() || shown.password().is_some() {
        // Both fail only for URLs that cannot have a user.
        let _ = shown.set_password(None);
        let _ = shown.set_username(MASK);
    }
    if shown.query_pairs().any(|(name, _)| is_token_parameter(&name)) {
        let pairs: Vec<_> = url
            .query_pairs()
            .map(|(name, value)| masked(name, value))
            .collect();
        shown.query_pairs_mut().clear().extend_pairs(pairs);
    }
    shown.into()
}

/// A text as it may be shown. Every secret in `secrets` is masked in all spellings of [`Masks`].
pub fn text(text: &str, secrets: &[&SecretString]) -> String {
    Masks::new(secrets.iter().copied()).text(text)
}

/// User and password as HTTP Basic puts them together. Masked, so is the header that carries them.
pub fn basic(user: &str, password: &SecretString) -> SecretString {
    format!("{user}:{}", password.expose_secret()).into()
}

/// All spellings of some secrets: as they are, percent-encoded, and inside a text in base64, where a secret has
/// three spellings, by what stands before it.
#[derive(Clone, Debug, Default)]
pub struct Masks(Vec<SecretString>);

impl Masks {
    /// The spellings of these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let mut spellings: Vec<String> = secrets
            .into_iter()
            .flat_map(|secret| spellings(secret.expose_secret()))
            .collect();
        // The longest first: otherwise a secret that contains a shorter one would be masked only in part.
        spellings.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        spellings.dedup();
        Self(spellings.into_iter().map(SecretString::from).collect())
    }

    /// The text with every spelling masked, and the value of every `auth_token=` and `access_token=`.
    pub fn text(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for spelling in self.0.iter().map(ExposeSecret::expose_secret) {
            if shown.contains(spelling) {
                shown = shown.replace(spelling, MASK);
            }
        }
        TOKEN_PARAMETERS
            .iter()
            .fold(shown, |shown, name| mask_parameter(&shown, name))
    }
}

fn is_token_parameter(name: &str) -> bool {
    TOKEN_PARAMETERS
        .iter()
        .any(|token| name.eq_ignore_ascii_case(token))
}

fn masked<'a>(name: Cow<'a, str>, value: Cow<'a, str>) -> (Cow<'a, str>, Cow<'a, str>) {
    if is_token_parameter(&name) {
        (name, MASK.into())
    } else {
        (name, value)
    }
}

fn spellings(secret: &str) -> Vec<String> {
    if secret.is_empty() {
        return Vec::new();
    }
    let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let mut all = vec![secret.to_owned(), encoded.replace('+', "%20"), encoded];
    for before in 0..3 {
        all.extend(inside_base64(secret, before));
    }
    all
}

/// The characters of base64 that a secret alone decides if `before` bytes stand before it, in both alphabets.
/// None if they are too few to be told from a word.
fn inside_base64(secret: &str, before: usize) -> Vec<String> {
    let bytes = [&b"  "[..before], secret.as_bytes()].concat();
    let (from, to) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
    if to < from + SHORTEST_BASE64 {
        return Vec::new();
    }
    [STANDARD_NO_PAD, URL_SAFE_NO_PAD]
        .map(|alphabet| alphabet.encode(&bytes)[from..to].to_owned())
        .into()
}

/// Masks the value after each `name=`, up to the first character that cannot be part of a token in a URL.
fn mask_parameter(text: &str, name: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let needle = format!("{name}=");
    let (mut shown, mut from) = (String::with_capacity(text.len()), 0);
    while let Some(found) = lower[from..].find(&needle) {
        let value = from + found + needle.len();
        let length = text[value..].find(|c: char| c.is_whitespace() || "&#\"'<>)]}".contains(c));
        shown.push_str(&text[from..value]);
        shown.push_str(MASK);
        from = length.map_or(text.len(), |length| value + length);
    }
    shown.push_str(&text[from..]);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        url(&Url::parse(text).unwrap())
    }

    #[test]
    fn a_url_keeps_everything_but_its_credentials() {
        assert_eq!(
            shown("https://h.test/u.json?a=1&Auth_Token=x&b=2"),
            "https://h.test/u.json?a=1&Auth_Token=***&b=2"
        );
        assert_eq!(
            shown("https://me:pw@h.test/?access_token=x"),
            "https://***@h.test/?access_token=***"
        );
        assert_eq!(shown("https://h.test/a?b=%20c"), "https://h.test/a?b=%20c");
    }

    #[test]
    fn secrets_are_masked_in_every_spelling() {
        let (long, short) = (SecretString::from("a b/c+d"), SecretString::from("a b"));
        let said = "plain a b/c+d, form a+b%2Fc%2Bd, path a%20b%2Fc%2Bd, other a b";
        assert_eq!(
            text(said, &[&short, &long]),
            "plain ***, form ***, path ***, other ***"
        );
    }

    #[test]
    fn a_secret_is_masked_inside_base64_whatever_stands_around_it() {
        let secret = SecretString::from("correct?horse>battery~staple");
        for before in ["", "a", "AC", "AC0"] {
            for behind in ["", "x", "xy"] {
                let whole = format!("{before}{}{behind}", secret.expose_secret());
                for encoded in [STANDARD_NO_PAD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)] {
                    let shown = text(&format!("Basic {encoded}="), &[&secret]);
                    // What is left has less than a character of the secret at either end.
                    let left = shown.strip_prefix("Basic ").unwrap().replace("***", "");
                    assert!(left.len() <= 10 && shown.contains("***"), "{shown}");
                }
            }
        }
        assert_eq!(text("cHc6cHc", &[&SecretString::from("pw")]), "cHc6cHc");
    }

    #[test]
    fn token_parameters_in_a_text_are_masked_even_if_the_token_is_not_known() {
        let said = "GET (https://h.test/?auth_token=abc&x=1) and ACCESS_TOKEN=\u{e9}d, auth_token=";
        assert_eq!(
            text(said, &[]),
            "GET (https://h.test/?auth_token=***&x=1) and ACCESS_TOKEN=*** auth_token=***"
        );
    }

    #[test]
    fn an_empty_secret_masks_nothing() {
        assert_eq!(text("as it was", &[&SecretString::from("")]), "as it was");
    }
}
