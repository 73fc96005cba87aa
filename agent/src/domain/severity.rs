use super::word::word;

word! {
    /// How close a promise is to breaking; the `derail_risk` of Beeminder goals, the scale of every
    /// condition.
    ///
    /// `Unknown` is no rung of the ladder: it is neither safe nor urgent, so there is no `Ord`. Compare with
    /// [`Severity::at_least`], sort with [`Severity::rank`].
    #[derive(Hash, utoipa::ToSchema)]
    #[schema(description = "How close a promise is to breaking. UNKNOWN is neither safe nor urgent.")]
    pub enum Severity: "a severity" in "UPPERCASE" {
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
}

impl Severity {
    /// Whether this is `threshold` or worse. `Unknown` never is.
    pub fn at_least(self, threshold: Self) -> bool {
        self != Self::Unknown && self.rank() >= threshold.rank()
    }

    /// For sorting only: the most urgent severity has the highest rank. `Unknown` sorts below `Caution` and
    /// above `Safe`, because a person should look at the unknown before they look at what is safe.
    pub fn rank(self) -> u8 {
        match self {
            Self::Safe => 0,
            Self::Unknown => 1,
            Self::Caution => 2,
            Self::Warning => 3,
            Self::Critical => 4,
        }
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
