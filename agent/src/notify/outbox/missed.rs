//! Writes down an attempt that reached nobody, or that stays in doubt for ever, and what follows it.

use jiff::Timestamp;
use rusqlite::Transaction;

use super::{
    leases::Lease,
    next::{Miss, Next, next},
    order::fallback,
};
use crate::{
    notify::channels::ChannelKind,
    store::tables::{
        broken_channels::{self, Refusal},
        outbox::{self as table, Ending, Row, State},
    },
};

/// An attempt that reached nobody or stays in doubt, with all that it takes to write that down.
pub(super) struct Missed {
    /// The message with this attempt.
    pub(super) row: Row,
    /// Why the attempt reached nobody.
    pub(super) miss: Miss,
    /// The provider's code.
    pub(super) code: Option<String>,
    /// What happened, for a person.
    pub(super) why: String,
    /// The configured channels.
    pub(super) order: Vec<ChannelKind>,
    /// The lease of the next attempt, if there is one.
    pub(super) lease: Lease,
    /// The instant at which this is written.
    pub(super) now: Timestamp,
}

impl Missed {
    /// Writes the end of the attempt, the mark of a broken channel, and the next attempt if it begins now.
    /// Returns the message after it; `None` if another worker was faster: then nothing is written.
    pub(super) fn record(&self, tx: &Transaction<'_>) -> rusqlite::Result<Option<Row>> {
        let after = self.message_after(tx)?;
        if !table::replace(tx, &self.row, &after, self.now)? {
            return Ok(None);
        }
        self.mark_channel(tx, &after)?;
        self.end_attempt(tx, &after)?;
        if after.state == State::Sending {
            table::begin_attempt(tx, &after, self.now)?;
        }
        Ok(Some(after))
    }

    fn message_after(&self, tx: &Transaction<'_>) -> rusqlite::Result<Row> {
        let Self { row, miss, .. } = self;
        let known = table::is_acknowledged(tx, &row.id)?;
        let mut after = match withhold(self.next(tx)?, *miss, known) {
            Next::Send(channel) => sending(row, channel, self.lease),
            Next::Later(at) => waiting(row, State::Planned, Some(at)),
            // The message has failed only if no earlier attempt stayed in doubt: such an attempt may have
            // reached the person.
            Next::Fail if !table::was_resent(tx, &row.id)? => waiting(row, State::Failed, None),
            Next::Fail | Next::Leave => waiting(row, State::Unknown, None),
        };
        let over = matches!(after.state, State::Failed | State::Unknown);
        after.why = Some(if known && over {
            format!("not sent again, the person knows: {}", self.why)
        } else {
            self.why.clone()
        });
        if matches!(miss, Miss::Undelivered { .. }) && after.state != State::Failed {
            // The provider still lists the message that it could not deliver. The next attempt gets a new
            // tag, so that the two are not mixed up.
            after.tag = super::fresh_tag(tx)?;
            after.provider_id = None;
        }
        Ok(after)
    }

    fn next(&self, tx: &Transaction<'_>) -> rusqlite::Result<Next> {
        let tally = table::tally(tx, &self.row.id, self.row.channel)?.and(self.miss.ending());
        let fallback = fallback(tx, &self.row, &self.order)?;
        Ok(next(&self.row, self.miss, tally, fallback, self.now))
    }

    /// Marks the channel as broken if it would refuse every other message too.
    fn mark_channel(&self, tx: &Transaction<'_>, after: &Row) -> rusqlite::Result<()> {
        if !self.miss.breaks_channel() {
            return Ok(());
        }
        let refusal = Refusal {
            at_arrival: matches!(self.miss, Miss::Undelivered { .. }),
            code: self.code.as_deref(),
            why: after.why.as_deref().unwrap_or_default(),
        };
        broken_channels::mark(tx, self.row.channel, refusal, self.now)
    }

    fn end_attempt(&self, tx: &Transaction<'_>, after: &Row) -> rusqlite::Result<()> {
        let Self { row, miss, .. } = self;
        // If the attempt is recorded as in doubt already, the recorded reason stays.
        let after_doubt = matches!(miss, Miss::Absent | Miss::InDoubt(_));
        let why = after
            .why
            .as_deref()
            .filter(|_| !after_doubt || row.state == State::Sending);
        // A refused attempt is recorded as refused, even if an earlier attempt leaves the message in doubt.
        let left = matches!(miss, Miss::InDoubt(_)) && after.state == State::Unknown;
        let ending = if left { Ending::Unknown } else { miss.ending() };
        table::end_attempt(tx, row, ending, self.code.as_deref(), why, self.now)
    }
}

/// If the person knows already (`known`), no further attempt is made: the message fails. If it may have
/// reached the person, it stays in doubt instead.
fn withhold(next: Next, miss: Miss, known: bool) -> Next {
    match next {
        Next::Send(_) | Next::Later(_) if known && matches!(miss, Miss::InDoubt(_)) => Next::Leave,
        Next::Send(_) | Next::Later(_) if known => Next::Fail,
        next => next,
    }
}

fn waiting(row: &Row, state: State, next_at: Option<Timestamp>) -> Row {
    Row {
        state,
        next_at,
        ..row.clone()
    }
}

/// The row for the next attempt, on `channel`.
pub(super) fn sending(row: &Row, channel: ChannelKind, lease: Lease) -> Row {
    Row {
        state: State::Sending,
        channel,
        attempt: lease.attempt,
        lease_until: Some(lease.row_until),
        next_at: Some(lease.row_settled),
        provider_id: None,
        ..row.clone()
    }
}
