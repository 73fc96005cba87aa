use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ask, Daystamp, Money, Severity, Step, Subject, word::word};

/// How a condition is put to a person, in two lengths. Both are plain words without a full stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Phrase {
    /// With all that helps to act: `reading derails today 23:59 ($5, +2 needed)`.
    pub long: String,
    /// The least that names it: `reading derails today`.
    pub short: String,
}

/// Something that is, or is not, about to break: what `assess` makes of the observations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Condition {
    /// What it is about.
    #[schema(value_type = String)]
    pub subject: Subject,
    /// How bad it is.
    #[schema(value_type = String)]
    pub severity: Severity,
    /// The day whose one alert it may use: Beeminder's day of the goal, else the local day.
    #[schema(value_type = String, format = Date)]
    pub day: Daystamp,
    /// When nagging about it stops making sense (the goal's losedate, the end of the walk window).
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// Why it has this severity, in one sentence for the decision log.
    pub evidence: String,
    /// How a message says it.
    pub phrase: Phrase,
    /// What can be said about it. `None`: nothing.
    pub ask: Option<Ask>,
    /// The dollars that it costs if it breaks; 0: none. `null`: unknown, so perhaps the most of all.
    #[schema(value_type = Option<f64>)]
    pub stake: Option<Money>,
    /// What a message says once before the phrases of all conditions with the same heading:
    /// `until Mon 13:00 nobody watches`.
    pub heading: Option<String>,
}

impl Condition {
    /// The step of what has no other: an alert, if it is bad enough, once for the day of the condition.
    pub fn alert(severity: Severity, day: Daystamp) -> Option<Ask> {
        severity
            .at_least(Severity::Warning)
            .then(|| Ask::at_once(Step::Alert, day))
    }
}

word! {
    /// What is done about a condition.
    #[derive(utoipa::ToSchema)]
    pub enum Action: "an action" in "lowercase" {
        /// It goes into this pass's message.
        Notify,
        /// It stays out of it.
        Suppress,
    }
}

word! {
    /// Why a decision was taken. Every decision has exactly one.
    #[derive(Hash, utoipa::ToSchema)]
    pub enum Reason: "a reason" in "snake_case" {
        /// Notify: the first time today that it is bad enough.
        FirstOfDay,
        /// Notify: it got worse since today's message, and escalation is on.
        Escalated,
        /// Suppress: today's one message about it was already claimed.
        AlreadyNotifiedToday,
        /// Suppress: the goal has an entry of today, and a later day has a chance to speak about it.
        DoneToday,
        /// Suppress: a message of the last days warned of the same already.
        WarnedLately,
        /// Suppress: this share of the budget, or a higher one, was said in this period, or its pace was.
        ShareAlreadyTold,
        /// Suppress: at this pace the budget ends too early, but the pace is that of a few days or of little
        /// money.
        TooLittleHistory,
        /// Suppress: a later day, or a later hour of today, has a chance to speak about it.
        NotLastDay,
        /// Suppress: the goal's own reminders start later today.
        BeforeAlertstart,
        /// Suppress: the person usually enters the goal later today.
        BeforeUsualTime,
        /// Suppress: the person sleeps.
        QuietHours,
        /// Suppress: enough messages in this hour or on this day.
        RateLimited,
        /// Suppress: the message that leaves has no room for it. It leaves with the next message.
        NoRoom,
        /// Suppress: another installation says it, by the `role` of this one.
        OtherRole,
        /// Suppress: a silence covers it.
        Silenced,
        /// Suppress: the person said that they know.
        Acknowledged,
        /// Suppress: it is not bad enough to say.
        BelowThreshold,
        /// Suppress: nobody knows how bad it is. Never the same as safe.
        UnknownData,
        /// Suppress: nobody knows how bad it is because an upstream cannot be read, and an alert is about that.
        ExplainedByUpstream,
        /// Suppress: the person is on vacation.
        Vacation,
    }
}

/// What a person said, and because of which a decision stays silent: a silence, a vacation or an
/// acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Word {
    /// Who said it.
    pub author: String,
    /// Until when it holds. `None`: for the day of the condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The id of the silence or vacation. `None`: an acknowledgement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silence_id: Option<String>,
    /// Why they said it. Empty if they gave no reason.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub comment: String,
}

/// What `decide` says about one condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What it was decided about.
    pub condition: Condition,
    /// What is done.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// What a person said, if the reason is `vacation`, `silenced` or `acknowledged`.
    pub word: Option<Word>,
}

impl Reason {
    /// The reason in words for the person, to stand after a colon.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::FirstOfDay => "it is said for the first time today",
            Self::Escalated => "it got worse since today's message",
            Self::AlreadyNotifiedToday => "a message has said it already",
            Self::DoneToday => "something was entered today, and a later day has a chance to speak of it",
            Self::WarnedLately => "a message of the last days said the same",
            Self::ShareAlreadyTold => "a message of this period has said this much or more of the budget",
            Self::TooLittleHistory => {
                "its pace is that of a few days or of little money, which proves nothing yet"
            }
            Self::NotLastDay => "a later day, or a later hour of today, has a chance to speak of it",
            Self::BeforeAlertstart => "the goal's own reminders start later today",
            Self::BeforeUsualTime => "you usually enter it later today",
            Self::QuietHours => "these are quiet hours",
            Self::RateLimited => "enough messages were sent in this hour or on this day",
            Self::NoRoom => "the message that left had no room for it, and the next message has",
            Self::OtherRole => "another installation says it, by the `role` of this one",
            Self::Silenced => "a silence covers it",
            Self::Acknowledged => "somebody said that they know",
            Self::BelowThreshold => "it is not bad enough to say",
            Self::UnknownData => "nobody knows how bad it is, and that is said only if it lasts",
            Self::ExplainedByUpstream => {
                "it is not known because Beeminder cannot be read, which has an alert of its own"
            }
            Self::Vacation => "you are on vacation",
        }
    }

    /// Whether the reason will pass. A condition that is suppressed now, for such a reason, may be sent
    /// later.
    pub fn is_for_now(self) -> bool {
        matches!(self, Self::QuietHours | Self::RateLimited | Self::NoRoom)
    }
}
