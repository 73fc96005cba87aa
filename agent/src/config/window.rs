//! When the machine is meant to run, and which passes are made besides: `[window]`.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    reader::Reader,
    setting::{Form, Kind, Setting, Table},
};
use crate::clock::{SinglePass, WEEKDAYS, Weekdays, Window};

pub(super) const WINDOW: Table = Table {
    name: "window",
    doc: "When the machine is meant to run. Mecris counts on passes at these times only, and switches nothing.",
    form: Form::Always,
    settings: &[
        Setting::new(
            "window.mode",
            Kind::Text,
            "`\"always\"`: the machine runs at all times; `\"daily\"`: it runs in a window",
        )
        .without("`\"daily\"` if `window.start`, `window.hours` or `window.days` is given, else `\"always\"`")
        .example("\"daily\""),
        Setting::new("window.start", Kind::Time, "on the local clock; `\"daily\"` only").default("\"13:00\""),
        Setting::new(
            "window.hours",
            Kind::Number,
            "above 0, up to 24; elapsed time; `\"daily\"` only",
        )
        .default("5"),
        Setting::new(
            "window.days",
            Kind::Other("list of days"),
            "on which days a window starts: `\"MON\"` to `\"SUN\"`; `\"daily\"` only",
        )
        .default("[\"MON\", \"TUE\", \"WED\", \"THU\", \"FRI\", \"SAT\", \"SUN\"]"),
        Setting::new(
            "window.passes",
            Kind::Other("list of times"),
            "the local times at which something other than `serve`, such as cron, makes a pass: each day \
             (`\"21:30\"`) or on some days (`\"21:30 mon-fri\"`, `\"09:00 sat,sun\"`); up to 24",
        )
        .default("[]"),
        Setting::new(
            "window.grace",
            Kind::Duration,
            "0 to 24h. A daemon that runs longer than this outside of its window goes on, and reports it: in \
             the log, in the status of its unit, in `/health` (`window`), in `status`, and as the metric \
             `OutsideWindow`",
        )
        .default("\"10m\""),
    ],
};

/// `[window]`.
#[derive(Clone, Debug)]
pub struct WindowSettings {
    /// The hours in which the machine runs. `None`: at all times.
    pub daily: Option<Window>,
    /// When a pass is made each day besides those of `serve`, on the local clock, in order.
    pub passes: Vec<SinglePass>,
    /// How long before and after the window the agent may run without saying so.
    pub grace: SignedDuration,
}

impl WindowSettings {
    /// From 13:00 for some hours each day, with ten minutes of grace.
    #[cfg(test)]
    pub(crate) fn from_13(hours: i64) -> Self {
        Self {
            daily: Some(Window {
                start: jiff::civil::time(13, 0, 0, 0),
                length: SignedDuration::from_hours(hours),
                days: Weekdays::ALL,
            }),
            passes: Vec::new(),
            grace: SignedDuration::from_mins(10),
        }
    }

    /// How long ago the last window ended. `None` without a window, in the window, and within the grace time
    /// after a window or before the next.
    pub fn over(&self, now: Timestamp, zone: &TimeZone) -> Option<SignedDuration> {
        self.daily?.over(now, zone, self.grace)
    }
}

const DAY: Duration = Duration::from_hours(24);

const MODE: &str = "window.mode";

/// The settings that have a meaning with a window only.
const OF_A_WINDOW: [&str; 3] = ["window.start", "window.hours", "window.days"];

const MOST_PASSES: usize = 24;

pub(super) fn read(reader: &mut Reader) -> Option<WindowSettings> {
    let daily = daily(reader);
    let passes = passes(reader);
    let grace = reader.duration("window.grace", Duration::ZERO..=DAY);
    Some(WindowSettings {
        daily: daily?,
        passes: passes?,
        grace: SignedDuration::try_from(grace?).unwrap_or(SignedDuration::MAX),
    })
}

/// The outer `None` is a problem, the inner `None` no window.
fn daily(reader: &mut Reader) -> Option<Option<Window>> {
    let given = OF_A_WINDOW.into_iter().find(|key| reader.is_given(key));
    let is_daily = if reader.has(MODE) {
        reader.choice(MODE, &[("always", false), ("daily", true)])?
    } else {
        given.is_some()
    };
    let window = window(reader);
    match (is_daily, given) {
        (true, _) => window.map(Some),
        (false, None) => Some(None),
        (false, Some(key)) => {
            reader.refuse(
                key,
                "has no meaning with window.mode = \"always\": leave it out, or write window.mode = \"daily\"",
            );
            None
        }
    }
}

fn window(reader: &mut Reader) -> Option<Window> {
    let start = reader.time("window.start");
    let hours = reader.number(
        "window.hours",
        "a number of hours above 0 and up to 24",
        |hours| hours > 0.0 && hours <= 24.0,
    );
    let days = days(reader);
    Some(Window {
        start: start?,
        length: SignedDuration::try_from_secs_f64(hours? * 3600.0).ok()?,
        days: days?,
    })
}

fn days(reader: &mut Reader) -> Option<Weekdays> {
    const KEY: &str = "window.days";
    let days = reader.choices(KEY, &WEEKDAYS)?;
    Weekdays::new(days).or_else(|| reader.expected(KEY, "at least one day such as \"MON\""))
}

fn passes(reader: &mut Reader) -> Option<Vec<SinglePass>> {
    const KEY: &str = "window.passes";
    const EXPECTED: &str =
        "up to 24 times such as [\"21:30\"] or with days [\"21:30 mon-fri\", \"09:00 sat,sun\"], each once";
    let texts = reader.list(KEY, EXPECTED)?;
    let passes: Option<Vec<SinglePass>> = texts.iter().map(|text| SinglePass::parse(text)).collect();
    let mut passes = passes.or_else(|| reader.expected(KEY, EXPECTED))?;
    passes.sort_by_key(|pass| pass.time);
    let repeats = passes.iter().enumerate().any(|(index, pass)| {
        let mut later = passes[index + 1..].iter();
        later.any(|other| other.time == pass.time && other.days.overlaps(pass.days))
    });
    if repeats || passes.len() > MOST_PASSES {
        return reader.expected(KEY, EXPECTED);
    }
    Some(passes)
}
