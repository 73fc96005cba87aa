//! Times of the old system: Python's `isoformat()` of the machine's local time, without an offset.
//!
//! They are read by the usual rule (jiff's `Disambiguation::Compatible`): of a time that the clock showed
//! twice the first counts, and a time that the clock skipped is as much later as it skipped. A text with an
//! offset is taken as it is.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime, date},
};

use super::Context;
use crate::domain::Month;

/// Clocks differ a little. A time further ahead than this means a wrong `--zone` or a wrong clock.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// A day long before the Python system existed; earlier days are refused.
const FIRST_DAY: Date = date(2000, 1, 1);

/// An instant, local or with an offset.
pub(super) fn instant(text: &str, context: &Context) -> Result<Timestamp, String> {
    let text = text.trim();
    let refused = || format!("{text:?} is not a time such as 2025-09-10T19:39:08");
    if text.contains('[') {
        return Err(refused());
    }
    let at = match text.parse::<Timestamp>() {
        Ok(at) => at,
        Err(_) => {
            let local: DateTime = text.parse().map_err(|_| refused())?;
            context
                .zone
                .to_ambiguous_timestamp(local)
                .compatible()
                .map_err(|_| refused())?
        }
    };
    plausible(at, context).map_err(|why| format!("{text:?} {why}"))
}

/// As [`instant`], for columns that SQLite's `CURRENT_TIMESTAMP` may have filled: `2025-09-10 19:39:08`, with
/// a blank, is UTC.
pub(super) fn instant_by_sqlite(text: &str, context: &Context) -> Result<Timestamp, String> {
    let by_sqlite = text.trim().len() == 19 && text.trim().as_bytes().get(10) == Some(&b' ');
    if by_sqlite {
        instant(&format!("{}Z", text.trim()), context)
    } else {
        instant(text, context)
    }
}

/// A day, or the day of a local time.
pub(super) fn day(text: &str) -> Result<Date, String> {
    let text = text.trim();
    let parsed = text
        .parse::<Date>()
        .or_else(|_| text.parse::<DateTime>().map(DateTime::date));
    match parsed {
        Ok(day) if day >= FIRST_DAY => Ok(day),
        Ok(_) => Err(format!("{text:?} lies before {FIRST_DAY}")),
        Err(_) => Err(format!("{text:?} is not a day such as 2025-09-30")),
    }
}

/// A month, `YYYY-MM`.
pub(super) fn month(text: &str) -> Result<Month, String> {
    let month = text.parse::<Month>().ok();
    month
        .filter(|month| month.first_day() >= FIRST_DAY)
        .ok_or_else(|| format!("{text:?} is not a month such as 2025-09"))
}

fn plausible(at: Timestamp, context: &Context) -> Result<Timestamp, String> {
    if at > context.now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX) {
        return Err("lies in the future: is --zone the zone of the old machine's clock?".to_owned());
    }
    if context.zone.to_datetime(at).date() < FIRST_DAY {
        return Err(format!("lies before {FIRST_DAY}"));
    }
    Ok(at)
}
