//! `provider_usage`: sessions of both providers, and sessions that were made up from odometer readings.
//!
//! The old system also booked each Groq reading here as a session of *total / day of the month* dollars, with
//! tokens computed from that. No money was spent on these; the readings themselves are taken.

use jiff::SignedDuration;
use rusqlite::Transaction;

use super::{
    Context, Kind, Outcome, Report,
    cell::{Bad, Row},
    readings::Parsed as Reading,
    sessions::{self, Sessions},
};
use crate::{
    domain::{Money, Provider},
    store::tables::sessions::Session,
};

/// A reading and the session made up from it were written in one request, so their times differ by less than
/// this.
const ONE_REQUEST: SignedDuration = SignedDuration::from_secs(10);

/// The session's cost was rounded to whole tokens, so it may differ a little from the share: by this part of
/// it, or by a hundredth of a cent.
const TOKENS_ROUNDED: f64 = 0.02;

pub(super) struct Usage<'a> {
    pub(super) readings: &'a [Reading],
}

impl Kind for Usage<'_> {
    const TABLE: &'static str = sessions::OTHER_LEDGER;
    /// Without `actual_cost` and `reconciled`: those were filled in later.
    const KEY: &'static [&'static str] = &[
        "id",
        "provider",
        "model",
        "input_tokens",
        "output_tokens",
        "estimated_cost",
        "timestamp",
        "session_type",
        "notes",
    ];
    type Parsed = Session;

    fn parse(&self, row: &Row<'_>, context: &Context) -> Result<Session, Bad> {
        let provider = row.text("provider")?.trim().to_ascii_lowercase();
        let provider: Provider = provider
            .parse()
            .map_err(|e| Bad::new("provider", format!("{e}")))?;
        let estimated = row.spent("estimated_cost")?;
        let billed = row
            .optional_money("actual_cost")?
            .filter(|cost| row.flag("reconciled") && *cost >= Money::ZERO);
        sessions::session(row, context, provider, billed.unwrap_or(estimated))
    }

    fn write(
        &self,
        tx: &Transaction<'_>,
        parsed: Session,
        context: &Context,
        _: &mut Report,
    ) -> rusqlite::Result<Outcome> {
        if self.invented(&parsed, context) {
            let why =
                "made up from an odometer reading, which is taken itself: the session would count twice";
            return Ok(Outcome::Skipped(why.to_owned()));
        }
        sessions::write(tx, &parsed, Self::TABLE, Sessions::TABLE)
    }
}

impl Usage<'_> {
    /// Whether this session was made up: it says so itself, or it was written with a reading and costs that
    /// reading's daily share.
    fn invented(&self, session: &Session, context: &Context) -> bool {
        if session.provider != Provider::Groq {
            return false;
        }
        let says_so = |text: &str| text.to_ascii_lowercase().contains("odometer");
        says_so(&session.session_type)
            || says_so(&session.notes)
            || self.readings.iter().any(|reading| {
                let day = context.zone.to_datetime(reading.recorded).day();
                let share = reading.value.usd() / f64::from(day);
                let together = session.at.duration_since(reading.recorded).abs() <= ONE_REQUEST;
                together && (session.cost.usd() - share).abs() <= (share * TOKENS_ROUNDED).max(0.000_1)
            })
    }
}
