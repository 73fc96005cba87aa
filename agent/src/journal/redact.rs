//! Masks secrets in lines before they leave the machine.

use std::sync::LazyLock;

use regex_lite::Regex;
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    config::{SecretName, Secrets},
    outbound::redact::{self, Masks},
};

/// Patterns of credentials that Mecris does not know. The group named `keep` is not masked.
static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"(?i)(?<keep>\b(?:bearer|basic)[\s:=]+)[A-Za-z0-9._~+/=-]{8,}",
        // A header whose scheme is missing or unknown. Base64 of a user and a password has 16 characters or more.
        r#"(?i)(?<keep>\bauthorization["']?\s*[:=]\s*["']?(?:[a-z]+\s+)?)[A-Za-z0-9._~+/=-]{16,}"#,
        r#"(?i)(?<keep>\b[\w.-]*(?:password|passwd|passphrase|secret|token|(?:api|access|secret|private|auth)[_-]?key)["']?\s*[=:]\s*["']?)[^\s"'&,;}]{6,}"#,
        r#"(?i)(?<keep>\s--(?:[\w-]*-)?(?:password|secret|token|api-key)\s+["']?)[^\s"']{6,}"#,
        r"(?<keep>://[^/\s:@]+:)[^/\s@]+(?:@)",
        r"(?<keep>\b)(?:AKIA|ASIA)[A-Z0-9]{16}\b",
        r"(?<keep>\b)SK[0-9a-f]{32}\b",
        r"(?<keep>\b)[0-9]{6,12}:[A-Za-z0-9_-]{30,}",
        r"(?<keep>hooks\.slack(?:-gov)?\.com(?::[0-9]+)?/(?:services|triggers|workflows)/)[A-Za-z0-9/_-]+",
        r"(?<keep>discord(?:app)?\.com(?::[0-9]+)?/api/webhooks/)[A-Za-z0-9/_-]+",
        r"(?<keep>\b)sk-[A-Za-z0-9_-]{16,}",
        // Tokens that say by their first letters whose they are: GitHub, GitLab, Slack, Google, npm, PyPI, Hugging
        // Face, Stripe, DigitalOcean.
        r"(?<keep>\b)(?:gh[opsur]_|github_pat_|glpat-|xox[abeoprs]-|xapp-|AIza|ya29\.|npm_|pypi-|hf_|[rs]k_(?:live|test)_|whsec_|dop_v1_)[A-Za-z0-9_.-]{16,}",
        r"(?<keep>\b)eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+",
    ]
    .into_iter()
    .map(|pattern| Regex::new(pattern).expect("the patterns are constants, and tests compile them all"))
    .collect()
});

/// Shorter secrets are not masked: they would match too much of the log.
const SHORTEST: usize = 6;

/// Masks secrets in lines: the known values, and everything that looks like a credential.
#[derive(Clone, Debug, Default)]
pub struct Redactor(Masks);

impl Redactor {
    /// A redactor that knows these secrets. It masks each secret as it is, and as JSON writes it. It also
    /// masks the secret parts on their own: each token of the API, the password in `SMTP_URL`, and the path of
    /// `SLACK_WEBHOOK_URL`.
    pub fn new(secrets: &Secrets) -> Self {
        let mut values: Vec<String> = SecretName::ALL
            .into_iter()
            .filter_map(|name| secrets.get(name).map(|value| value.expose_secret().to_owned()))
            .collect();
        for (_, token) in secrets.api_tokens().unwrap_or_default() {
            values.push(token.expose_secret().to_owned());
        }
        let smtp = secrets
            .get(SecretName::SmtpUrl)
            .and_then(|url| url::Url::parse(url.expose_secret()).ok());
        values.extend(smtp.and_then(|url| url.password().map(str::to_owned)));
        // A log may name the webhook with a port, or by its path alone.
        let webhook = secrets
            .get(SecretName::SlackWebhookUrl)
            .and_then(|url| url::Url::parse(url.expose_secret().trim()).ok());
        values.extend(webhook.map(|url| url.path().to_owned()));
        let in_json: Vec<String> = values.iter().map(|value| inside_json(value)).collect();
        values.extend(in_json);
        values.retain(|value| value.len() >= SHORTEST);
        values.sort();
        values.dedup();
        let values: Vec<SecretString> = values.into_iter().map(SecretString::from).collect();
        let basic = basic(secrets);
        Self(Masks::new(values.iter().chain(&basic)))
    }

    /// The line with its secrets masked, so that it may leave the machine.
    pub fn line(&self, line: &str) -> String {
        let shown = self.0.text(line);
        PATTERNS
            .iter()
            .fold(shown, |shown, pattern| match pattern.is_match(&shown) {
                true => pattern.replace_all(&shown, "${keep}***").into_owned(),
                false => shown,
            })
    }
}

/// What the header of a call to Twilio has in base64.
fn basic(secrets: &Secrets) -> Vec<SecretString> {
    let pairs = [
        (SecretName::TwilioAccountSid, SecretName::TwilioAuthToken),
        (SecretName::TwilioApiKeySid, SecretName::TwilioApiKeySecret),
    ];
    let header = |(user, password)| {
        let user: &SecretString = secrets.get(user)?;
        Some(redact::basic(user.expose_secret(), secrets.get(password)?))
    };
    pairs.into_iter().filter_map(header).collect()
}

/// The text as JSON writes it between quotes.
fn inside_json(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted.trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_secrets_are_masked_in_every_spelling() {
        let mut secrets = Secrets::default();
        for (name, value) in [
            (SecretName::TwilioAuthToken, "canary\"quote\\slash"),
            (
                SecretName::MecrisApiTokens,
                "laptop:canary-0123456789,canary-9876543210",
            ),
            (SecretName::SmtpUrl, "smtps://me:canary-password@mail.example.org"),
            (
                SecretName::SlackWebhookUrl,
                "https://chat.example.org/hooks/canary/canary",
            ),
        ] {
            secrets.insert(name, SecretString::from(value));
        }
        let redactor = Redactor::new(&secrets);
        for line in [
            "plain canary\"quote\\slash",
            r#"{"message":"in JSON canary\"quote\\slash"}"#,
            "canary-0123456789 and canary-9876543210",
            "login with canary-password failed",
            "POST https://chat.example.org:443/hooks/canary/canary",
            "404 for /hooks/canary/canary",
        ] {
            assert!(!redactor.line(line).contains("canary"), "{}", redactor.line(line));
        }
    }

    #[test]
    fn what_looks_like_a_credential_is_masked_and_the_rest_stays() {
        let redactor = Redactor::default();
        for (line, expected) in [
            (
                "Authorization: Bearer canary.canary-canary",
                "Authorization: Bearer ***",
            ),
            (
                "authorization: basic Y2FuYXJ5OmNhbmFyeQ==",
                "authorization: basic ***",
            ),
            (
                r#"{"auth_token":"canary-canary","x":1}"#,
                r#"{"auth_token":"***","x":1}"#,
            ),
            ("password = canarycanary; next", "password = ***; next"),
            ("GET https://me:canary@h.test/x", "GET https://me:***h.test/x"),
            ("key AKIAABCDEFGHIJKLMNOP used", "key *** used"),
            ("bot 123456789:canary_canary_canary_canary_ca ok", "bot *** ok"),
            (
                "POST https://hooks.slack.com/services/T0/B0/canary",
                "POST https://hooks.slack.com/services/***",
            ),
            ("Authorization: Y2FuYXJ5OmNhbmFyeQ==", "Authorization: ***"),
            (
                r#"headers: {"authorization":"Custom canary.canary.canary"}"#,
                r#"headers: {"authorization":"Custom ***"}"#,
            ),
            ("got Bearer:  canary-canary back", "got Bearer:  *** back"),
            (
                "aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYcanary",
                "aws_secret_access_key=***",
            ),
            (
                r#"{"SecretAccessKey": "canary/canary+canary", "SessionToken":"canary"}"#,
                r#"{"SecretAccessKey": "***", "SessionToken":"***"}"#,
            ),
            (
                "export AWS_SESSION_TOKEN='canarycanary'",
                "export AWS_SESSION_TOKEN='***'",
            ),
            ("DB_PASSWORD=canary", "DB_PASSWORD=***"),
            ("x-api-key: canary-canary", "x-api-key: ***"),
            ("clientSecret: canarycanary", "clientSecret: ***"),
            (
                "run --db-password canary-canary --fast",
                "run --db-password *** --fast",
            ),
            ("id ASIAABCDEFGHIJKLMNOP.", "id ***."),
            (
                "push by ghp_canarycanarycanarycanarycanary01 ok",
                "push by *** ok",
            ),
            ("github_pat_11AAAAAAA0canary_canarycanary", "***"),
            (
                "https://gho_canarycanarycanary01@github.com/a",
                "https://***@github.com/a",
            ),
            ("xoxb-123456789012-canarycanary", "***"),
            ("glpat-canary-canary-canary", "***"),
            ("AIzaSyCanaryCanaryCanary_canary", "***"),
            (
                "POST https://hooks.slack.com:443/services/T0/B0/canary",
                "POST https://hooks.slack.com:443/services/***",
            ),
            (
                "POST https://hooks.slack.com/triggers/T0/1/canary",
                "POST https://hooks.slack.com/triggers/***",
            ),
            (
                "POST https://discord.com/api/webhooks/1/canary",
                "POST https://discord.com/api/webhooks/***",
            ),
            (
                "input_tokens=1234567, tokens: 7654321",
                "input_tokens=1234567, tokens: 7654321",
            ),
            ("authorization: failed for me", "authorization: failed for me"),
            ("basic auth", "basic auth"),
            (
                "nothing to hide: pass done in 3 ms",
                "nothing to hide: pass done in 3 ms",
            ),
            ("token of the walk", "token of the walk"),
        ] {
            assert_eq!(redactor.line(line), expected);
        }
    }
}
