//! Writes down an attempt that reached nobody, or that may have reached the person, and what follows it.

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
        outbox::{self as table, Ending, Row, State, Tally},
    },
};

/// Such an attempt, with all that it takes to write it down.
pub(super) struct Missed {
    /// The message with this attempt.
    pub(super) row: Row,
    /// How the attempt ended: why it reached nobody, or why it may have reached the person.
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
    pub(super) fn record(mut self, tx: &Transaction<'_>) -> rusqlite::Result<Option<Row>> {
        let interrupted = self.miss == Miss::Absent && table::has_no_end(tx, &self.row)?;
        let tally = table::tally(tx, &self.row)?.and(self.miss.ending(), interrupted);
        if self.miss.or_absent_again(tally) != self.miss {
            self.miss = Miss::AbsentAgain;
            self.why = self.absent_again();
        }
        let after = self.message_after(tx, tally)?;
        if !table::replace(tx, &self.row, &after, self.now)? {
            return Ok(None);
        }
        self.mark_channel(tx, &after)?;
        if interrupted {
            table::interrupt_attempt(tx, &self.row)?;
        }
        self.end_attempt(tx, &after)?;
        match after.state {
            State::Sending => table::begin_attempt(tx, &after, self.now)?,
            State::Withdrawn => table::release(tx, &after.id)?,
            _ => {}
        }
        Ok(Some(after))
    }

    /// Says that one more answer "not listed" is not believed, with the reason of the doubt.
    fn absent_again(&self) -> String {
        let name = self.row.channel.as_str();
        let doubt = self.row.why.as_deref().unwrap_or("the sender was interrupted");
        format!(
            "it stays unknown whether {name} has the message: its list does not show this attempt, as it did not \
             show an earlier one ({doubt})"
        )
    }

    fn message_after(&self, tx: &Transaction<'_>, tally: Tally) -> rusqlite::Result<Row> {
        let Self { row, miss, .. } = self;
        let next = self.next(tx, tally)?;
        if self.now < row.deadline() && table::is_no_longer_so(tx, &row.id, self.now)? {
            return self.no_longer_so(tx, next);
        }
        let known = table::is_acknowledged(tx, &row.id)?;
        let mut after = match withhold(next, *miss, known) {
            Next::Send(channel) => sending(row, channel, self.lease),
            Next::Later(at) => waiting(row, State::Planned, Some(at)),
            // The message has failed only if no earlier attempt stayed in doubt: such an attempt may have
            // reached the person.
            Next::Fail if !table::stays_in_doubt(tx, row)? => waiting(row, State::Failed, None),
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

    /// A message of which nothing is so any more is not sent again. If it certainly reached nobody, it is
    /// withdrawn. Otherwise it keeps what it claimed.
    fn no_longer_so(&self, tx: &Transaction<'_>, next: Next) -> rusqlite::Result<Row> {
        let Self { row, miss, why, .. } = self;
        let in_doubt = miss.leaves_doubt() || *miss == Miss::Absent || table::stays_in_doubt(tx, row)?;
        let state = match next {
            _ if in_doubt || next == Next::Leave => State::Unknown,
            _ if row.accepted_at.is_some() => State::Failed,
            _ => State::Withdrawn,
        };
        Ok(Row {
            why: Some(format!("not sent again, no longer so: {why}")),
            ..waiting(row, state, None)
        })
    }

    fn next(&self, tx: &Transaction<'_>, tally: Tally) -> rusqlite::Result<Next> {
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
        Next::Send(_) | Next::Later(_) if known && miss.leaves_doubt() => Next::Leave,
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
