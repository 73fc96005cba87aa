//! Time: the only place that reads the wall clock, and the only place that knows what a "day" is.
//!
//! Three kinds of day exist, and none begins at midnight UTC: the local day of the configured zone,
//! Beeminder's day of a goal (the user's zone shifted by the goal's `deadline`), and the daily window in
//! which the instance exists. In every zone and on every night a later day never starts before an earlier
//! day.

mod chances;
mod civil;
mod day;
mod id;
mod moment;
mod range;
mod shown;
mod source;
#[cfg(test)]
mod tests;
mod window;

pub use chances::{Outlook, Presence, SinglePass, Timetable};
pub use civil::local_instant;
pub use day::{
    DeadlineOffset, DeadlineOffsetError, beeminder_day, beeminder_day_bounds, local_day, local_day_bounds,
    local_time_of_day,
};
pub use id::time_ordered_id;
pub use moment::{Moment, MomentError, exact_instant, local_time};
pub use range::DailyRange;
pub use shown::{day_from, days_from, local_minute, local_second};
pub use source::Clock;
pub use window::{WEEKDAYS, Weekdays, Window, weekday};
