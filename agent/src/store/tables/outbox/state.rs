use crate::{domain::word, store::tables::sql::as_str};

word! {
    /// Where a message stands.
    #[derive(PartialOrd, Ord, Hash, utoipa::ToSchema)]
    pub enum State: "a state of a message" in "lowercase" {
        /// To be sent, or to be tried again, at its `next_at`.
        Planned,
        /// An attempt owns it until its lease ends.
        Sending,
        /// The provider has it.
        Accepted,
        /// It arrived.
        Delivered,
        /// Nobody will be told by it: every channel refused, it expired, or the person said first that they
        /// know.
        Failed,
        /// Nobody was told by it, and nobody needs to be: a reading showed that nothing of it is so any more,
        /// before it left. The database has `failed` for it, and since when in `withdrawn_at`, so that the
        /// release before can read it.
        Withdrawn,
        /// Accepted or not, nobody knows yet; reconciled by listing.
        Unknown,
    }
}
as_str!(State);

impl State {
    /// Whether somebody may not have been told who should have been.
    pub fn is_trouble(self) -> bool {
        matches!(self, Self::Planned | Self::Unknown | Self::Failed)
    }

    /// Whether a provider has yet to be brought to say yes or no.
    pub fn is_unsettled(self) -> bool {
        matches!(self, Self::Planned | Self::Sending | Self::Unknown)
    }
}
