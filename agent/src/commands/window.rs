//! `window`: prints the daily windows to come, in local and UTC time, with DST changes.

use std::{io::Write as _, path::Path};

use jiff::{ToSpan as _, tz::TimeZone};

use super::{Exit, context};
use crate::{
    cli::WindowArgs,
    clock::{self, Clock},
    domain::Daystamp,
};

pub(super) async fn window(config: Option<&Path>, options: &WindowArgs) -> anyhow::Result<Exit> {
    let settings = context::load(config).await?.settings;
    let zone = &settings.time_zone;
    let Some(window) = settings.window.daily else {
        writeln!(
            std::io::stdout(),
            "The machine runs at all times (window.mode = \"always\")."
        )?;
        return Ok(Exit::Done);
    };
    let now = Clock::system().now();
    let today = clock::local_day(now, zone).date();
    let mut out = std::io::stdout().lock();
    let name = zone.iana_name().unwrap_or("local");
    writeln!(
        out,
        "{:<12} {:<24} {:<24} UTC",
        "day",
        format!("start ({name})"),
        "end"
    )?;
    let mut offset = None;
    for days in 0..i64::from(options.days) {
        let day = today.checked_add(days.days())?;
        if !window.days.contains(day) {
            continue;
        }
        let (start, end) = window.on(Daystamp::from(day), zone);
        let started = start.to_zoned_datetime(zone.clone());
        let note = match offset.replace(started.offset()) {
            Some(before) if before != started.offset() => "  the clock changed",
            _ if start <= now && now < end => "  now",
            _ => "",
        };
        let local = |at: jiff::Timestamp| {
            at.to_zoned_datetime(zone.clone())
                .strftime("%a %H:%M %Z (%:z)")
                .to_string()
        };
        let utc = |at: jiff::Timestamp| {
            at.to_zoned_datetime(TimeZone::UTC)
                .strftime("%Y-%m-%dT%H:%MZ")
                .to_string()
        };
        writeln!(
            out,
            "{:<12} {:<24} {:<24} {} - {}{note}",
            day,
            local(start),
            local(end),
            utc(start),
            utc(end)
        )?;
    }
    Ok(Exit::Done)
}
