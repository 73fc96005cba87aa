//! The line of a goal, its contract, and who enters its data.

use jiff::civil::Time;

use super::{
    super::{
        line::{Aggregation, Due, GoalKind, Line},
        types::{Contract, DataSource},
        wire,
    },
    instant, text,
};
use crate::domain::Money;

/// A day has 86,400 seconds. Reminders for a deadline of 06:00 may start in the night after it.
const LATEST_ALERT: i64 = (24 + 6) * 3600;

pub(super) fn line(wire: &wire::Goal) -> Line {
    let (yaw, dir) = (whole(&wire.yaw), whole(&wire.dir));
    Line {
        kind: yaw
            .zip(dir)
            .and_then(|(yaw, dir)| GoalKind::from_yaw_and_dir(yaw, dir)),
        delta: wire.delta.0,
        safe_bump: wire.safebump.0,
        due_by: due_by(wire),
        aggregation: wire.aggday.0.as_deref().map(|name| match name {
            "sum" => Aggregation::Sum,
            _ => Aggregation::Other,
        }),
        adds_up_days: wire.kyoom.0,
        odometer: wire.odom.0,
        hours: wire.timey.0.or(wire.hhmmformat.0),
        whole: wire.integery.0,
        unit: text(wire.gunits.clone()),
        unit_of_one: text(wire.gunits_singular.clone()),
    }
}

/// The readable days of `dueby`, earliest first.
fn due_by(wire: &wire::Goal) -> Vec<Due> {
    let mut days: Vec<Due> = wire
        .dueby
        .0
        .iter()
        .flatten()
        .filter_map(|(day, due)| {
            let due = &due.0.as_ref()?.0;
            Some(Due {
                day: day.parse().ok()?,
                delta: due.delta.0?,
                total: due.total.0?,
            })
        })
        .collect();
    days.sort_by_key(|due| due.day);
    days
}

/// Beeminder's `alertstart`, seconds after midnight, as a time of day.
pub(super) fn alert_start(wire: &wire::Goal) -> Option<Time> {
    let seconds = whole(&wire.alertstart).filter(|seconds| (0..LATEST_ALERT).contains(seconds))?;
    let minute = seconds % 86_400 / 60;
    let part = |number: i64| i8::try_from(number).ok();
    Time::new(part(minute / 60)?, part(minute % 60)?, part(seconds % 60)?, 0).ok()
}

/// Beeminder sends null for a goal whose data a person enters. A client of an older kind sends "".
pub(super) fn source(wire: &wire::Goal) -> Option<DataSource> {
    Some(match wire.autodata.0.as_ref()? {
        Some(name) if !name.trim().is_empty() => DataSource::Autodata(name.trim().to_owned()),
        _ => DataSource::Person,
    })
}

pub(super) fn contract(wire: &wire::Goal) -> Option<Contract> {
    let contract = &wire.contract.0.as_ref()?.0;
    let money = |usd: Option<f64>| usd.and_then(|usd| Money::from_usd(usd).ok());
    Some(Contract {
        amount: money(contract.amount.0),
        stepdown_at: instant(&contract.stepdown_at),
        pending_amount: money(contract.pending_amount.0),
        pending_at: instant(&contract.pending_at),
    })
}

pub(super) fn lead_days(wire: &wire::Goal) -> Option<u16> {
    whole(&wire.leadtime).and_then(|days| u16::try_from(days).ok())
}

fn whole(number: &super::Lenient<super::Whole>) -> Option<i64> {
    number.0.map(|number| number.0)
}
