//! Several reports of one request become one session.

use crate::{
    domain::{Conditions, PricedBy, SessionSource, Speed, Used},
    store::tables::sessions::Session,
};

/// The `session_type` of what a transcript has of a person's own conversation.
pub const CONVERSATION: &str = "claude-code";

/// The `session_type` of what a transcript has of a side conversation: what a subagent did, or a replay of what stands
/// elsewhere.
pub const SIDE_CONVERSATION: &str = "claude-code-side";

/// How much a line of a transcript knows of its response. The greatest knows most. Every two lines that differ in a number
/// compare, so the same line counts in whatever order they are read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fullness {
    /// The conversation itself before its replay.
    is_own: bool,
    /// All tokens. The first lines of a response are written before its end.
    total: i64,
    /// A line that does not say how fast it was is older.
    is_fast: bool,
    used: [i64; 6],
    model: String,
    service_tier: String,
    inference_geo: String,
}

impl Fullness {
    /// From what the line says.
    pub fn new(is_side: bool, used: &Used, conditions: &Conditions, model: &str) -> Self {
        Self {
            is_own: !is_side,
            total: used.total(),
            is_fast: conditions.speed == Speed::Fast,
            used: [
                used.output,
                used.cache_write_1h,
                used.cache_write,
                used.input,
                used.cache_read,
                used.web_searches,
            ],
            model: model.to_owned(),
            service_tier: conditions.service_tier.clone(),
            inference_geo: conditions.inference_geo.clone(),
        }
    }

    /// The same for a response of several parts, which have so many tokens together.
    #[must_use]
    pub fn with_total(self, total: i64) -> Self {
        Self { total, ..self }
    }

    fn of(session: &Session) -> Self {
        Self::new(
            is_side(session),
            &session.used,
            &session.conditions,
            &session.model,
        )
    }
}

/// Two reports of one request as one session.
///
/// Of two lines of transcripts the fuller one counts. Otherwise the report whose cost is known better counts, and if both
/// are known equally well, the dearer one: the end of a stream knows more than its beginning. The session has the earlier
/// time, and it is billed if either says so.
pub(super) fn merged(known: &Session, new: Session) -> Session {
    let both_read = known.source == SessionSource::Transcripts && new.source == SessionSource::Transcripts;
    let new_counts = if both_read {
        (Fullness::of(&new), &new.request_id) > (Fullness::of(known), &known.request_id)
    } else {
        let rank = |session: &Session| (certainty(session), session.cost);
        rank(&new) > rank(known)
    };
    let (at, billed) = (known.at.min(new.at), known.billed || new.billed);
    let (counts, other) = if new_counts {
        (new, known.clone())
    } else {
        (known.clone(), new)
    };
    // The id of a message stands in for that of a request only while nobody knows the latter. A replay does not know it.
    let is_stand_in = both_read && is_named_by_message(&counts);
    let request_id = match &counts.request_id {
        Some(_) if is_stand_in && !is_side(&other) => other.request_id,
        id => id.clone(),
    };
    Session {
        at,
        billed,
        request_id,
        ..counts
    }
}

fn is_side(session: &Session) -> bool {
    session.session_type == SIDE_CONVERSATION
}

fn is_named_by_message(session: &Session) -> bool {
    session.request_id.as_ref() == Some(&session.notes)
}

fn certainty(session: &Session) -> u8 {
    match session.priced_by {
        Some(PricedBy::Assumed) => 0,
        Some(PricedBy::Listed) | None => 1,
        Some(PricedBy::Reported) => 2,
    }
}

/// Whether two sessions of transcripts with the same message are one response, although their requests have different
/// ids: one of them is a replay, or did not know its request and is named by the message.
pub(super) fn is_same_response(known: &Session, new: &Session) -> bool {
    known.source == SessionSource::Transcripts
        && known.notes == new.notes
        && (is_side(known) || is_side(new) || is_named_by_message(known) || is_named_by_message(new))
}
