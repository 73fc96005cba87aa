//! Names as AWS takes them.

/// Whether the text is 1 to `longest` ASCII letters, digits and `marks`.
pub(super) fn is_name(text: &str, longest: usize, marks: &str) -> bool {
    (1..=longest).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || marks.contains(c))
}

/// The name or ARN of an SSM parameter. SSM allows letters, digits and `.-_/`; an ARN has colons too.
pub(super) fn is_parameter_name(text: &str) -> bool {
    is_name(text, 2048, ".-_/:")
}

/// The name or ARN of a secret. Secrets Manager allows letters, digits and `/_+=.@-`; an ARN has colons too.
pub(super) fn is_secret_id(text: &str) -> bool {
    is_name(text, 2048, "/_+=.@-:")
}
