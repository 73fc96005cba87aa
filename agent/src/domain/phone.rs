use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A telephone number in E.164 form: `+` and 8 to 15 digits.
///
/// `Debug` shows the last two digits only; call [`PhoneNumber::as_str`] where the number itself is needed.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PhoneNumber(String);

/// A text that is no E.164 number. The error does not repeat the text, because the text may be private.
#[derive(Debug, thiserror::Error)]
#[error("not a telephone number in E.164 form: expected '+' and 8 to 15 digits, for example +14155550100")]
pub struct PhoneNumberError;

impl PhoneNumber {
    /// The number as Twilio takes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number as a log may show it: `+…00`.
    pub fn masked(&self) -> String {
        format!("+…{}", &self.0[self.0.len() - 2..])
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl FromStr for PhoneNumber {
    type Err = PhoneNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('+').ok_or(PhoneNumberError)?;
        let fits = (8..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(PhoneNumberError)
        }
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = PhoneNumberError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}
