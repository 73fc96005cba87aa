//! A silence as clients see it.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{domain::Silence, heuristic::Forewarning, silences::record::Begun};

/// One silence or vacation.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SilenceView {
    /// Its id.
    pub id: String,
    /// `silence` or `vacation`.
    pub kind: &'static str,
    /// The pattern of what it covers.
    pub subject: String,
    /// Whether it holds now.
    pub active: bool,
    /// When it begins to hold.
    #[schema(value_type = String, format = DateTime)]
    pub starts_at: Timestamp,
    /// When it ends: the first instant at which it does not hold.
    #[schema(value_type = String, format = DateTime)]
    pub ends_at: Timestamp,
    /// Who said it.
    pub author: String,
    /// Why; may be empty.
    pub comment: String,
    /// When it was said.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was taken back.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deleted_at: Option<Timestamp>,
    /// Who took it back.
    pub deleted_by: Option<String>,
    /// A sentence if the pattern covers nothing that Mecris watches.
    pub warning: Option<String>,
    /// In the answer to a vacation that begins: what derails while it lasts, by the last reading. `null`
    /// elsewhere.
    pub forewarning: Option<Forewarning>,
}

/// `GET /silences`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Silences {
    /// How many are listed.
    pub count: usize,
    /// The silences that hold and the vacations that begin later, the first to end first; then those that have
    /// ended, if that was asked for.
    pub silences: Vec<SilenceView>,
    /// The vacation that holds and ends last; `null`: there is none.
    pub vacation: Option<SilenceView>,
}

impl SilenceView {
    /// As it is at an instant.
    pub fn new(silence: &Silence, now: Timestamp) -> Self {
        Self {
            id: silence.id.clone(),
            kind: silence.kind.as_str(),
            subject: silence.pattern.to_string(),
            active: silence.is_active(now),
            starts_at: silence.starts_at,
            ends_at: silence.ends_at,
            author: silence.author.clone(),
            comment: silence.comment.clone(),
            created_at: silence.created_at,
            deleted_at: silence.deleted_at,
            deleted_by: silence.deleted_by.clone(),
            warning: silence.pattern.warning(),
            forewarning: None,
        }
    }

    /// The answer to a person who asked for it.
    pub fn answer(begun: Begun, now: Timestamp) -> Self {
        Self {
            warning: begun.warning,
            forewarning: begun.forewarning,
            ..Self::new(&begun.silence, now)
        }
    }

    /// Several.
    pub fn all(silences: &[Silence], now: Timestamp) -> Vec<Self> {
        silences.iter().map(|silence| Self::new(silence, now)).collect()
    }
}
