//! A goal over days: which day is its last one, and what is entered into it.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use mecris_tests::beeminder::{GoalSpec, PointSpec};

/// A goal by the clock and the calendar, from which follows what Beeminder says of it at an instant.
#[derive(Clone, Debug)]
pub(super) struct Goal {
    spec: GoalSpec,
    /// From when on it derails at the end of which of its own days, in order.
    last_days: Vec<(DateTime, Date)>,
    entries: Vec<DateTime>,
}

/// An hour, in seconds.
pub(super) const HOUR: i64 = 3600;

impl Goal {
    /// A goal that derails at the end of this day.
    pub(super) fn derails(slug: &str, day: &str) -> Self {
        Self {
            spec: GoalSpec::new(slug, 0),
            last_days: vec![(DateTime::MIN, date(day))],
            entries: Vec::new(),
        }
    }

    /// The same goal, with another deadline: hours after the midnight that ends its days.
    pub(super) fn deadline(mut self, hours: i64) -> Self {
        self.spec.deadline_offset = hours * HOUR;
        self
    }

    /// The same goal, of which Beeminder reminds from this hour on.
    pub(super) fn reminded_from(mut self, hour: i64) -> Self {
        self.spec.alertstart = hour * HOUR;
        self
    }

    /// The same goal, whose data a service enters.
    pub(super) fn by_a_service(mut self) -> Self {
        self.spec.autodata = Some("fitbit".to_owned());
        self
    }

    /// From this time on it derails at the end of another day.
    pub(super) fn from(mut self, at: &str, day: &str) -> Self {
        self.last_days.push((time(at), date(day)));
        self
    }

    /// Something is entered, and from then on it derails at the end of this day.
    pub(super) fn entered(mut self, at: &str, day: &str) -> Self {
        self.entries.push(time(at));
        self.from(at, day)
    }

    /// The same goal with another name.
    pub(super) fn renamed(mut self, slug: &str) -> Self {
        self.spec = self.spec.renamed(slug);
        self
    }

    /// What Beeminder says at an instant.
    pub(super) fn at(&self, now: Timestamp, zone: &TimeZone) -> GoalSpec {
        let (clock, today) = (zone.to_datetime(now), self.spec.day(now, zone));
        let last_day = self.last_days.iter().rfind(|(from, _)| *from <= clock);
        let last_day = last_day.map_or(today, |(_, day)| *day);
        let mut points: Vec<PointSpec> = self.entries.iter().map(|at| self.point(*at, today)).collect();
        // Beeminder's own mark of a last day that passed: an older goal would be off its line.
        let ended = self.last_days.windows(2).filter(|pair| {
            let [(_, ended), (next, _)] = pair else {
                return false;
            };
            self.spec.day_of(*next) > *ended && *next <= clock
        });
        points.extend(ended.map(|pair| PointSpec::derail(days(pair[0].1, today))));
        GoalSpec {
            safebuf: days(today, last_day),
            last_datapoint_days_ago: points.is_empty().then_some(30),
            datapoints: points,
            ..self.spec.clone()
        }
    }

    fn point(&self, entered: DateTime, today: Date) -> PointSpec {
        let day = self.spec.day_of(entered);
        PointSpec {
            days_ago: days(day, today),
            days_late: days(day, entered.date()),
            at: entered.time(),
            ..PointSpec::default()
        }
    }
}

fn days(from: Date, until: Date) -> i64 {
    from.until(until).expect("two days of a year").get_days().into()
}

fn date(day: &str) -> Date {
    day.parse().expect("a day")
}

fn time(at: &str) -> DateTime {
    at.parse().expect("a day and a time")
}
