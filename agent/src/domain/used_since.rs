use super::Step;

/// How much of a budget was used when a step about it was said, and the least that was seen used since.
///
/// A share counts as said until at least [`UsedSince::ANEW`] points less than it were seen used: the limit was
/// raised, a reading was corrected, or the budget was renewed within its period. Smaller changes are noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsedSince {
    /// When it was said, in whole percent of the limit of that time.
    pub said_percent: i64,
    /// The least since, in whole percent of the limit of that time.
    pub least_percent: i64,
}

impl UsedSince {
    /// A step can be said again once the use was seen this many percentage points of the limit lower.
    pub const ANEW: i64 = 5;

    /// Whether saying `said` still counts as having said `asked`, as far as the use of the budget goes. A share
    /// that was said covers the lower ones. The pace counts anew with what was said: a share, or a pace at the
    /// use of that time.
    pub fn covers(self, said: Step, asked: Step) -> bool {
        let percent = match (asked, said) {
            (Step::Share(share), _) | (Step::Pace, Step::Share(share)) => i64::from(share.percent()),
            (Step::Pace, Step::Pace) => self.said_percent,
            _ => return true,
        };
        self.least_percent.saturating_add(Self::ANEW) > percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Share;

    fn share(percent: u8) -> Step {
        Step::Share(Share::of_percent(percent).unwrap())
    }

    fn fell(from: i64, to: i64) -> UsedSince {
        UsedSince {
            said_percent: from,
            least_percent: to,
        }
    }

    #[test]
    fn a_share_counts_anew_five_points_below_it() {
        assert!(fell(96, 91).covers(share(95), share(95)));
        assert!(!fell(96, 90).covers(share(95), share(95)));
    }

    #[test]
    fn a_higher_share_covers_those_that_are_still_used() {
        let raised = fell(96, 88);
        assert!(raised.covers(share(95), share(75)), "75 % are used as before");
        assert!(!raised.covers(share(95), share(95)));
    }

    #[test]
    fn the_pace_counts_anew_with_the_share_or_the_pace_that_was_said() {
        assert!(fell(76, 71).covers(share(75), Step::Pace));
        assert!(!fell(96, 72).covers(share(95), Step::Pace));
        assert!(fell(44, 40).covers(Step::Pace, Step::Pace));
        assert!(!fell(44, 39).covers(Step::Pace, Step::Pace));
    }
}
