//! Why AWS did not do what it was asked: one sentence for a person that says what to do.

use std::fmt;

use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};

use crate::domain::{innermost, on_one_line};

/// What AWS was asked for, in words for a sentence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// The permission that the request needs, `secretsmanager:GetSecretValue`.
    pub(super) action: &'static str,
    /// The thing that was asked for, `the secret mecris/prod`.
    pub(super) what: &'a str,
    /// How to create that thing, for a person.
    pub(super) remedy: &'static str,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct CloudError {
    /// Whether waiting helps: what callers decide on.
    pub trouble: Trouble,
    /// What happened and what to do: a text for a person, on which nothing is decided.
    pub sentence: String,
}

/// Whether waiting helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A person has to do something: a permission is missing, or a thing does not exist.
    Lasting,
    /// It may pass by itself: no network, no credentials yet, a throttled request.
    Passing,
}

/// Error codes of all services for a missing permission.
const DENIED: &[&str] = &[
    "AccessDeniedException",
    "AccessDenied",
    "UnauthorizedOperation",
    "UnauthorizedException",
];
/// Error codes for a thing that does not exist.
const MISSING: &[&str] = &[
    "ResourceNotFoundException",
    "ParameterNotFound",
    "ParameterVersionNotFound",
];
/// Error codes for an invalid signature. With a role the cause is nearly always the machine's clock.
const CLOCK: &[&str] = &[
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "RequestExpired",
    "RequestTimeTooSkewed",
];

impl CloudError {
    /// The error for a failed request of this module.
    pub(super) fn of<E, R>(asked: Asked<'_>, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: fmt::Debug,
    {
        let Asked { action, what, remedy } = asked;
        let Some(said) = error.as_service_error() else {
            return Self::passing(format!("{what} cannot be read: {}", unanswered(error)));
        };
        let code = &on_one_line(said.code().unwrap_or("no code"), 60);
        let words = &on_one_line(said.message().unwrap_or("without a reason"), 1_000);
        if DENIED.contains(&code.as_str()) {
            return Self::lasting(denied(action, what, words));
        }
        if MISSING.contains(&code.as_str()) {
            return Self::lasting(format!(
                "{what} does not exist in this region and account ({code}): {remedy}"
            ));
        }
        if CLOCK.contains(&code.as_str()) {
            return Self::passing(format!(
                "AWS refused the signature of {action} for {what} ({code}): look at this machine's clock"
            ));
        }
        if code == "DecryptionFailure" || code == "InvalidKeyId" {
            return Self::lasting(format!(
                "{what} cannot be decrypted ({code}): allow kms:Decrypt on its key"
            ));
        }
        Self::passing(format!(
            "{what} cannot be read: AWS answered {code} ({})",
            one_line(words)
        ))
    }

    /// The error for a failed request of another module. `action` is the permission it needs, `what` the
    /// thing it was about, `remedy` how to create that thing.
    pub(crate) fn about<E, R>(
        action: &'static str,
        what: &str,
        remedy: &'static str,
        error: &SdkError<E, R>,
    ) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: fmt::Debug,
    {
        Self::of(Asked { action, what, remedy }, error)
    }

    pub(super) fn lasting(sentence: String) -> Self {
        Self {
            trouble: Trouble::Lasting,
            sentence,
        }
    }

    pub(super) fn passing(sentence: String) -> Self {
        Self {
            trouble: Trouble::Passing,
            sentence,
        }
    }
}

/// Why there was no answer, in words.
fn unanswered<E: std::error::Error + 'static, R: fmt::Debug>(error: &SdkError<E, R>) -> String {
    match error {
        SdkError::TimeoutError(_) => "AWS did not answer in time".to_owned(),
        SdkError::DispatchFailure(failure) => {
            let why = failure
                .as_connector_error()
                .map(|error| cause(error))
                .unwrap_or_default();
            match failure {
                _ if failure.is_timeout() => format!("no connection to AWS in time ({why})"),
                _ if failure.is_io() => format!("no connection to AWS ({why})"),
                // Only the advice depends on the SDK's words.
                _ if why.contains("credentials") || why.contains("provider") => {
                    format!(
                        "there are no AWS credentials here ({why}): give the instance a role, or set AWS_ACCESS_KEY_ID"
                    )
                }
                _ => format!("the request could not be made ({why})"),
            }
        }
        SdkError::ConstructionFailure(_) => "the request could not be made: is AWS_REGION set?".to_owned(),
        _ => match std::error::Error::source(error) {
            Some(source) => format!("the SDK could not read AWS's answer ({})", cause(source)),
            None => "the SDK could not read AWS's answer".to_owned(),
        },
    }
}

/// What went wrong first, on one line.
pub(super) fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    one_line(&innermost(error).to_string())
}

/// The sentence for a missing permission. IAM's message names the caller, the action and the resource; what
/// it leaves out is taken from `action` and `what`.
///
/// `User: arn:aws:sts::123456789012:assumed-role/mecris-prod/i-0abc is not authorized to perform:
/// secretsmanager:GetSecretValue on resource: arn:… because no identity-based policy allows the … action`.
fn denied(action: &str, what: &str, words: &str) -> String {
    let after = |mark: &str| {
        words
            .split_once(mark)
            .map(|(_, rest)| rest.split_whitespace().next().unwrap_or_default())
    };
    let caller = after("User: ").filter(|caller| caller.starts_with("arn:"));
    let who = match caller.and_then(role) {
        Some(role) => format!("the role {role}"),
        None => caller.unwrap_or("the caller (AWS does not say who)").to_owned(),
    };
    let denied = after("not authorized to perform: ").unwrap_or(action);
    let resource = after("on resource: ").map_or_else(|| what.to_owned(), |arn| format!("{arn} ({what})"));
    let because = words
        .split_once(" because ")
        .map(|(_, why)| format!("; AWS says: because {}", one_line(why)));
    format!(
        "{who} may not {denied} on {resource}: allow it in the role's policy{}",
        because.unwrap_or_default()
    )
}

/// The role's name in `arn:aws:sts::123456789012:assumed-role/NAME/session`.
fn role(arn: &str) -> Option<&str> {
    arn.split_once(":assumed-role/")?.1.split('/').next()
}

fn one_line(text: &str) -> String {
    on_one_line(text, 300).trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_names_the_role_the_action_and_the_resource() {
        let what = "the secret mecris/prod";
        let words = "User: arn:aws:sts::123456789012:assumed-role/mecris-prod/i-0abc is not authorized to perform: \
                     secretsmanager:GetSecretValue on resource: mecris/prod because no identity-based policy allows the \
                     secretsmanager:GetSecretValue action";
        let sentences = [
            denied("secretsmanager:GetSecretValue", what, words),
            denied(
                "secretsmanager:GetSecretValue",
                what,
                "User: arn:aws:iam::1:user/me is not authorized to perform: kms:Decrypt",
            ),
            denied(
                "ssm:GetParameter",
                "the parameter /mecris/prod",
                "Access to KMS is not allowed",
            ),
        ];
        insta::assert_snapshot!(sentences.join("\n"), @"
        the role mecris-prod may not secretsmanager:GetSecretValue on mecris/prod (the secret mecris/prod): allow it in the role's policy; AWS says: because no identity-based policy allows the secretsmanager:GetSecretValue action
        arn:aws:iam::1:user/me may not kms:Decrypt on the secret mecris/prod: allow it in the role's policy
        the caller (AWS does not say who) may not ssm:GetParameter on the parameter /mecris/prod: allow it in the role's policy
        ");
    }
}
