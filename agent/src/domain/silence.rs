use jiff::Timestamp;

use super::{SubjectPattern, word::word};

/// A person's word that Mecris must not mention some subjects for a while. It ends at its time, or earlier if
/// it is deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct Silence {
    /// Time-ordered unique id.
    pub id: String,
    /// A silence, or a vacation.
    pub kind: SilenceKind,
    /// What it covers.
    pub pattern: SubjectPattern,
    /// From when on.
    pub starts_at: Timestamp,
    /// The first instant at which it is over.
    pub ends_at: Timestamp,
    /// Who said it.
    pub author: String,
    /// Why; may be empty.
    pub comment: String,
    /// When it was said.
    pub created_at: Timestamp,
    /// When it was deleted, if it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// Who deleted it.
    pub deleted_by: Option<String>,
}

word! {
    /// What a silence is called in decisions. Decisions look for a vacation first.
    pub enum SilenceKind: "a kind of silence" in "lowercase" {
        /// A silence about everything that was promised; decisions say `vacation`.
        Vacation,
        /// A silence about some subjects; decisions say `silenced`.
        Silence,
    }
}

impl Silence {
    /// Whether it holds at `now`.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.starts_at <= now && !self.is_over(now)
    }

    /// Whether it has ended, by its time or by being deleted.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.deleted_at.is_some() || self.ends_at <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_from_its_start_until_its_end_or_until_it_is_deleted() {
        let at = |hour: i8| Timestamp::from_second(i64::from(hour) * 3600).unwrap();
        let mut silence = Silence {
            id: "a".to_owned(),
            kind: SilenceKind::Silence,
            pattern: "goal:*".parse().unwrap(),
            starts_at: at(2),
            ends_at: at(4),
            author: "laptop".to_owned(),
            comment: String::new(),
            created_at: at(2),
            deleted_at: None,
            deleted_by: None,
        };
        assert_eq!(
            [1, 2, 3, 4].map(|hour| silence.is_active(at(hour))),
            [false, true, true, false]
        );
        silence.deleted_at = Some(at(3));
        assert!(!silence.is_active(at(3)));
    }
}
