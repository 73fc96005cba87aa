use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Daystamp, Reason, Share, WordError};

/// What a message says about a subject. Each step is said at most once for an occasion. A subject speaks
/// twice on a day only upwards: a later variant is a higher step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Step {
    /// Something is wrong with Mecris itself, or somebody reported something.
    Alert,
    /// Nobody can tell how the promise stands.
    Unknown,
    /// The goal derails soon, and a later day has a chance to say so.
    Ahead,
    /// As `last`, but by an older reading, since Beeminder cannot be read.
    LastSeen,
    /// Today is the last day on which Mecris can speak before the goal derails.
    Last,
    /// The goal derails soon, and much is at stake.
    LastCall,
    /// At the present pace the budget ends before its period does.
    Pace,
    /// This share of the budget is used.
    Share(Share),
    /// The goal has derailed. This step is beside the others: it follows none and none follows it.
    Derailed,
}

/// What can be said about a subject at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Ask {
    /// The step.
    #[schema(value_type = String)]
    pub step: Step,
    /// The day of what is about to happen: Beeminder's day on which the goal derails, the first day of the
    /// budget's period. Of `unknown` the local day, of `alert` the day on which the trouble began.
    #[schema(value_type = String, format = Date)]
    pub occasion: Daystamp,
    /// The first instant at which the step makes a message leave; `null`: at once, whenever it is.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(with = "or_at_once")]
    pub alone_from: Timestamp,
    /// The first instant at which the step goes with a message that leaves anyway. Not later than
    /// `alone_from`. `null`: with any message.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(with = "or_at_once")]
    pub rides_from: Timestamp,
    /// The reason of a decision that waits until `alone_from`.
    #[schema(value_type = String)]
    pub waits: Reason,
    /// Whether no later pass can say the step in time.
    pub is_last_chance: bool,
    /// Why the step is not said at all; `null`: it is said.
    #[schema(value_type = Option<String>)]
    pub silent: Option<Reason>,
}

/// An instant from which on something holds. The first instant of all has a year before Christ, which no
/// client reads: it is `null` in JSON.
mod or_at_once {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(from: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        Some(*from)
            .filter(|from| *from != Timestamp::MIN)
            .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or(Timestamp::MIN))
    }
}

impl Ask {
    /// A step that leaves at once.
    pub fn at_once(step: Step, occasion: Daystamp) -> Self {
        Self {
            step,
            occasion,
            alone_from: Timestamp::MIN,
            rides_from: Timestamp::MIN,
            waits: Reason::NotLastDay,
            is_last_chance: false,
            silent: None,
        }
    }
}

impl Step {
    /// The steps that are one word, as text and database have them. The text of a share is its percent.
    const WORDS: [(&str, Self); 8] = [
        ("alert", Self::Alert),
        ("unknown", Self::Unknown),
        ("ahead", Self::Ahead),
        ("last_seen", Self::LastSeen),
        ("last", Self::Last),
        ("last_call", Self::LastCall),
        ("pace", Self::Pace),
        ("derailed", Self::Derailed),
    ];
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => share.fmt(f),
            Self::Alert => f.write_str("alert"),
            Self::Unknown => f.write_str("unknown"),
            Self::Ahead => f.write_str("ahead"),
            Self::LastSeen => f.write_str("last_seen"),
            Self::Last => f.write_str("last"),
            Self::LastCall => f.write_str("last_call"),
            Self::Derailed => f.write_str("derailed"),
            Self::Pace => f.write_str("pace"),
        }
    }
}

impl FromStr for Step {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = Self::WORDS.into_iter().find(|(word, _)| *word == text);
        let share = || text.parse().ok().and_then(Share::of_percent).map(Self::Share);
        word.map(|(_, step)| step).or_else(share).ok_or_else(|| {
            let words = Self::WORDS.map(|(word, _)| word);
            WordError::new(
                text,
                "a step",
                &[&words[..], &["a percentage from 1 to 100"]].concat(),
            )
        })
    }
}

impl From<Step> for String {
    fn from(step: Step) -> Self {
        step.to_string()
    }
}

impl TryFrom<String> for Step {
    type Error = WordError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_read_back_as_it_is_written() {
        let share = Share::of_percent(95).map(Step::Share).unwrap();
        for step in Step::WORDS.map(|(_, step)| step).into_iter().chain([share]) {
            assert_eq!(step.to_string().parse::<Step>().unwrap(), step);
            let json = serde_json::to_string(&step).unwrap();
            assert_eq!(serde_json::from_str::<Step>(&json).unwrap(), step);
        }
        assert_eq!(share.to_string(), "95");
        assert_eq!(
            "101".parse::<Step>().unwrap_err().to_string(),
            "\"101\" is not a step: expected alert, unknown, ahead, last_seen, last, last_call, pace, derailed or a percentage from 1 to 100"
        );
    }
}
