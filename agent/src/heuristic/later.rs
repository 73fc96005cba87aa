//! A clock that was ahead and was put right: what it recorded for a time to come counts as recorded now.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rusqlite::Transaction;

use crate::{clock, store::tables::later};

/// Sets such records right, before anything is decided by them. Logs a warning if there were any.
///
/// # Errors
/// If the state cannot be read or written.
pub fn set_right(tx: &Transaction<'_>, zone: &TimeZone, now: Timestamp) -> rusqlite::Result<()> {
    if !later::exist(tx, now)? {
        return Ok(());
    }
    let today = clock::local_day(now, zone);
    let (midnight, _) = clock::local_day_bounds(today, zone);
    let before_today = midnight
        .saturating_sub(SignedDuration::from_secs(1))
        .unwrap_or(midnight);
    let rows = later::set_right(tx, now, today, before_today)?;
    tracing::warn!(
        rows,
        "the clock was put back: what is recorded for a time to come counts as recorded now"
    );
    Ok(())
}
