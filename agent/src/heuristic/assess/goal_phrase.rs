//! The words of a message about a goal: Mecris' own words, with Beeminder's numbers. Pure.

use jiff::{SignedDuration, Timestamp};

use super::{
    risk::GoalRisk,
    words::{Local, dollars},
};
use crate::{
    arms::beeminder::{Amount, AmountKind, DataSource, Goal},
    domain::{Phrase, Severity},
};

/// A goal as it is put to the person.
pub(super) struct GoalWords<'a> {
    pub(super) goal: &'a Goal,
    /// Whether the person has reported today. `None` if the goal is not one to do less, or if a device
    /// reports.
    pub(super) report: Option<Report>,
    /// Whether the goal derails at the end of Beeminder's today.
    pub(super) derails_today: bool,
    /// When Beeminder was read.
    pub(super) read_at: Timestamp,
    pub(super) local: &'a Local<'a>,
}

/// Whether something was reported today about a goal to do less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// Nothing was reported.
    Missing,
    /// Something was reported.
    Made,
    /// The datapoints do not tell.
    Unknown,
}

impl GoalWords<'_> {
    /// The phrase of a goal by its risk: when it derails, even if the risk is SAFE, or that nobody can tell.
    pub(super) fn by_risk(&self, risk: &GoalRisk) -> Phrase {
        match (risk.severity, risk.safe_days, self.derails_at(risk)) {
            (Severity::Unknown, ..) | (_, None, _) | (_, _, None) => self.unknown(),
            (_, Some(_), Some(at)) => self.derails(at),
        }
    }

    /// The phrase under a heading that says what the time means: `meditate Sat 23:59 ($5, +1 needed)`.
    pub(super) fn under_heading(&self, risk: &GoalRisk) -> Phrase {
        let Some(at) = self.derails_at(risk) else {
            return self.unknown();
        };
        let name = format!("{} {}", self.goal.slug, self.local.when(at));
        Phrase {
            long: format!("{name}{}", self.details()),
            short: format!("{name}{}", self.synced()),
        }
    }

    /// The name, for a goal of which there is nothing to say. An account may have thousands of them, and most of the
    /// time of an assessment went into words that nobody reads.
    pub(super) fn name_alone(&self) -> Phrase {
        Phrase {
            long: self.goal.slug.to_string(),
            short: self.goal.slug.to_string(),
        }
    }

    fn unknown(&self) -> Phrase {
        let unknown = format!("{} unknown", self.goal.slug);
        Phrase {
            long: unknown.clone(),
            short: unknown,
        }
    }

    /// The last second before the goal derails, as Beeminder's `losedate` is.
    fn derails_at(&self, risk: &GoalRisk) -> Option<Timestamp> {
        self.goal.losedate.or_else(|| {
            // The end of the last safe day is the first instant after it.
            let end = risk.derails_at?;
            Some(end.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(end))
        })
    }

    fn derails(&self, at: Timestamp) -> Phrase {
        let slug = &self.goal.slug;
        let report = self.report.filter(|_| self.derails_today);
        if let Some(phrase) = report.and_then(|report| self.limit(report, at)) {
            return phrase;
        }
        Phrase {
            long: format!("{slug} derails {}{}", self.local.when(at), self.details()),
            short: format!("{slug} derails {}{}", self.local.day_of(at), self.synced()),
        }
    }

    /// The phrase of a goal to do less that derails today: how much may still be entered, and whether a
    /// report is missing.
    fn limit(&self, report: Report, at: Timestamp) -> Option<Phrase> {
        let slug = &self.goal.slug;
        let (amount, money) = (self.goal.amount(), self.in_brackets(self.money()));
        let until = self.until(at);
        if let Some(over) = amount.as_ref().filter(|amount| amount.kind == AmountKind::Over) {
            let when = self.local.when(at);
            return Some(Phrase {
                long: format!("{slug} is {over}, derails {when} unless an entry is wrong{money}"),
                short: format!("{slug} is over its line, derails {}", self.local.day_of(at)),
            });
        }
        match report {
            Report::Made => {
                let room = amount?;
                Some(Phrase {
                    long: format!("{slug}: {room} until {until}{money}"),
                    short: format!("{slug}: {room} until {until}"),
                })
            }
            Report::Missing | Report::Unknown => {
                let room = amount.map_or_else(String::new, |amount| room_to_report(&amount, report));
                let comma = if room.is_empty() { "" } else { "," };
                Some(Phrase {
                    long: format!("report today's {slug} (0 counts){room}{comma} by {until}{money}"),
                    short: format!("report today's {slug} by {until}"),
                })
            }
        }
    }

    /// `23:59` if that is today, else the day and the time.
    fn until(&self, at: Timestamp) -> String {
        let (day, when) = (self.local.day_of(at), self.local.when(at));
        match when.strip_prefix("today ") {
            Some(time) if day == "today" => time.to_owned(),
            _ => when,
        }
    }

    /// The pledge and what is due: ` ($5, +2 needed)`.
    fn details(&self) -> String {
        let amount = self.goal.amount();
        let due = amount.as_ref().map(|amount| self.due(amount));
        let due = match self.report {
            Some(report @ (Report::Missing | Report::Unknown)) => {
                let room = amount.map_or_else(String::new, |amount| room_to_report(&amount, report));
                Some(format!("report today: 0 counts{room}"))
            }
            _ if self.is_autodata() => {
                // The number lacks what the device has counted since it last synced.
                let synced = format!("by what had synced at {}", self.local.past(self.read_at));
                Some(due.map_or(synced.clone(), |due| format!("{due} {synced}")))
            }
            _ => due,
        };
        self.in_brackets(self.money().into_iter().chain(due))
    }

    fn due(&self, amount: &Amount) -> String {
        match amount.kind {
            AmountKind::Missing if self.is_autodata() => format!("+{} missing", amount.figure()),
            AmountKind::Room => format!("{amount} today"),
            _ => amount.to_string(),
        }
    }

    fn money(&self) -> Option<String> {
        self.goal.pledge.filter(|pledge| pledge.micros() > 0).map(dollars)
    }

    fn in_brackets(&self, parts: impl IntoIterator<Item = String>) -> String {
        let parts: Vec<String> = parts.into_iter().collect();
        if parts.is_empty() {
            String::new()
        } else {
            format!(" ({})", parts.join(", "))
        }
    }

    /// What a short phrase says of data that may be older than what a device knows.
    fn synced(&self) -> &'static str {
        if self.is_autodata() {
            " by what had synced"
        } else {
            ""
        }
    }

    fn is_autodata(&self) -> bool {
        matches!(self.goal.source, Some(DataSource::Autodata(_)))
    }
}

/// What a report may say at most: `, at most 3`.
fn room_to_report(amount: &Amount, report: Report) -> String {
    match amount.kind {
        AmountKind::Room if amount.is_nothing() => ", no more than that".to_owned(),
        AmountKind::Room if report == Report::Missing => format!(", at most {}", amount.figure()),
        _ => format!(", {amount}"),
    }
}
