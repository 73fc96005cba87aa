use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How close a promise is to breaking; the `derail_risk` of Beeminder goals, the scale of every condition.
///
/// `Unknown` is no rung of the ladder: it is neither safe nor urgent, so there is no `Ord`. Compare with
/// [`Severity::at_least`], sort with [`Severity::rank`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Could not find out. Never shown, counted or decided as safe.
    Unknown,
    /// Nothing to do.
    Safe,
    /// Worth a look in the next days.
    Caution,
    /// Act by tomorrow.
    Warning,
    /// Act today.
    Critical,
}

/// A text that names no severity.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a severity: expected SAFE, CAUTION, WARNING or CRITICAL")]
pub struct SeverityError(String);

impl Severity {
    /// Whether this is `threshold` or worse. `Unknown` never is.
    pub fn at_least(self, threshold: Self) -> bool {
        self != Self::Unknown && self.rank() >= threshold.rank()
    }

    /// For sorting only, most urgent highest. `Unknown` sorts below `Caution` and above `Safe`: it deserves a
    /// look before what is known to be fine.
    pub fn rank(self) -> u8 {
        match self {
            Self::Safe => 0,
            Self::Unknown => 1,
            Self::Caution => 2,
            Self::Warning => 3,
            Self::Critical => 4,
        }
    }

    /// The word as every JSON document spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Safe => "SAFE",
            Self::Caution => "CAUTION",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = SeverityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [
            Self::Unknown,
            Self::Safe,
            Self::Caution,
            Self::Warning,
            Self::Critical,
        ]
        .into_iter()
        .find(|s| s.as_str() == text)
        .ok_or_else(|| SeverityError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Severity::{Caution, Critical, Safe, Unknown, Warning};

    #[test]
    fn unknown_is_never_at_least_anything() {
        for threshold in [Unknown, Safe, Caution, Warning, Critical] {
            assert!(!Unknown.at_least(threshold));
        }
        assert!(Critical.at_least(Warning));
        assert!(!Caution.at_least(Warning));
    }
}
