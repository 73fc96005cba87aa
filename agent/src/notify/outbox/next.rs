//! What follows an attempt that reached nobody, or whose outcome will never be known. Pure.

use std::time::Duration;

use jiff::Timestamp;

use super::{timing, timing::after};
use crate::{
    notify::channels::{ChannelKind, OnDoubt, Scope},
    store::tables::outbox::{Ending, Row, Tally},
};

/// How many times a channel may refuse for now, or turn out not to have what an interrupted sender may have sent,
/// before the next channel is used.
const TRIES_PER_CHANNEL: u32 = 5;

/// How many attempts of a message may end without an answer on one channel. Each of them may have reached the
/// person.
const DOUBTS_PER_CHANNEL: u32 = 2;

/// As [`DOUBTS_PER_CHANNEL`], on all channels together.
const DOUBTS_IN_ALL: u32 = 3;

/// Why an attempt reached nobody. That it reached nobody is certain, except with [`Miss::InDoubt`] and
/// [`Miss::AbsentAgain`], and believed with [`Miss::Absent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Miss {
    /// Refused, and trying again cannot help.
    Refused {
        /// What the refusal is about.
        scope: Scope,
    },
    /// Refused for now.
    RefusedForNow {
        /// As the provider asked.
        retry_after: Option<Duration>,
    },
    /// This process did not send the attempt after all, and is certain of that.
    NotSent,
    /// The attempt was in doubt, and the provider does not list the message.
    Absent,
    /// As [`Miss::Absent`], but the provider did not list an earlier attempt either, or too many attempts got no
    /// answer. Such a listing may be wrong, so the attempt may have reached the person.
    AbsentAgain,
    /// The attempt was in doubt, and the provider cannot be asked. So the attempt may have reached the
    /// person. The configuration says whether to risk a second message or none.
    InDoubt(OnDoubt),
    /// Accepted, but it could not be delivered.
    Undelivered {
        /// Whether the reason may go away by itself.
        may_pass: bool,
        /// What the failure is about.
        scope: Scope,
    },
    /// The message expired before it was sent.
    Expired,
}

/// What is done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A new attempt now, on this channel.
    Send(ChannelKind),
    /// A new attempt on the same channel, at this time.
    Later(Timestamp),
    /// Nothing: the message failed.
    Fail,
    /// Nothing: the message stays in doubt for ever and is not sent again.
    Leave,
}

impl Miss {
    /// How the attempt is recorded.
    pub(super) fn ending(self) -> Ending {
        match self {
            Self::Refused { .. } => Ending::Rejected,
            Self::RefusedForNow { .. } => Ending::Retry,
            Self::NotSent => Ending::NotSent,
            Self::Absent => Ending::Absent,
            Self::AbsentAgain => Ending::Unknown,
            Self::InDoubt(_) => Ending::Resent,
            Self::Undelivered { .. } => Ending::Undelivered,
            Self::Expired => Ending::Expired,
        }
    }

    /// What the attempt is if the provider did not list it. `tally` counts it as absent.
    pub(super) fn or_absent_again(self, tally: Tally) -> Self {
        let believed = tally.doubts < DOUBTS_PER_CHANNEL && tally.in_doubt < DOUBTS_IN_ALL;
        if self == Self::Absent && !believed {
            Self::AbsentAgain
        } else {
            self
        }
    }

    /// Whether the person may have got the message by this attempt.
    pub(super) fn leaves_doubt(self) -> bool {
        matches!(self, Self::InDoubt(_) | Self::AbsentAgain)
    }

    /// Whether every other message on this channel would fail for the same reason.
    pub(super) fn breaks_channel(self) -> bool {
        matches!(
            self,
            Self::Refused {
                scope: Scope::Channel
            } | Self::Undelivered {
                scope: Scope::Channel,
                ..
            }
        )
    }
}

/// Decides what follows. `tally` counts the attempts on the row's channel, this attempt included. `fallback`
/// is the next channel, if there is one.
pub(super) fn next(
    row: &Row,
    miss: Miss,
    tally: Tally,
    fallback: Option<ChannelKind>,
    now: Timestamp,
) -> Next {
    // A message in doubt is never called failed: the person may have got it.
    let end = if miss.leaves_doubt() {
        Next::Leave
    } else {
        Next::Fail
    };
    if miss == Miss::Expired || now >= row.deadline() {
        return end;
    }
    let elsewhere = fallback.map_or(end, Next::Send);
    let wait = match miss {
        Miss::InDoubt(OnDoubt::GiveUp) => return Next::Leave,
        Miss::InDoubt(_) | Miss::AbsentAgain if tally.in_doubt >= DOUBTS_IN_ALL => return Next::Leave,
        Miss::AbsentAgain => return elsewhere,
        Miss::InDoubt(OnDoubt::Resend) if tally.doubts >= DOUBTS_PER_CHANNEL => return elsewhere,
        Miss::Refused { .. } | Miss::Expired => return elsewhere,
        Miss::Undelivered { may_pass, .. } if fallback.is_some() || !may_pass || tally.undelivered > 1 => {
            return elsewhere;
        }
        Miss::RefusedForNow { .. } | Miss::Absent
            if fallback.is_some() && tally.retries >= TRIES_PER_CHANNEL =>
        {
            return elsewhere;
        }
        Miss::Absent if tally.retries <= 1 => return Next::Send(row.channel),
        Miss::Absent => timing::backoff(tally.retries, None),
        Miss::InDoubt(_) => return Next::Send(row.channel),
        Miss::NotSent => timing::backoff(row.attempt, None),
        Miss::RefusedForNow { retry_after } => timing::backoff(tally.retries, retry_after),
        Miss::Undelivered { .. } => timing::AFTER_UNDELIVERED,
    };
    let at = after(now, wait);
    if at < row.deadline() {
        Next::Later(at)
    } else {
        elsewhere
    }
}
