//! Accounts and reports for the tests of the views.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{Reading, reading::Read};
use crate::{
    arms::beeminder::{Account, Goal},
    domain::{Action, ChannelKind, Freshness, ObservationView, Observations, Reason, Severity},
    heuristic::{DecisionView, Report, report::NotificationView},
    notify::outbox::State,
};

pub(in crate::http) fn now() -> Timestamp {
    "2026-11-21T19:00:00Z".parse().unwrap()
}

pub(in crate::http) fn zone() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

pub(in crate::http) fn minutes_ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

/// A goal with this slug and safebuf, and whatever else is laid over it.
pub(in crate::http) fn goal(slug: &str, safebuf: Option<i64>, over: Value) -> Goal {
    let losedate = safebuf.map(|days| (now() + SignedDuration::from_hours(10 + 24 * days)).to_string());
    let mut json = json!({
        "slug": slug, "id": "1", "title": format!("About {slug}"), "state": "active", "queued": false, "safebuf": safebuf,
        "losedate": losedate, "deadline": 0, "pledge": 5.0, "current_value": 12.0, "target_value": 100.0, "rate": 1.0,
        "rate_unit": "d", "due": "+2 within 1 day", "bare_minimum": "+2", "has_data_today": false, "datapoints": [],
    });
    if let (Value::Object(json), Value::Object(over)) = (&mut json, over) {
        json.extend(over);
    }
    serde_json::from_value(json).unwrap()
}

/// The account of the issue: one goal each at safebuf 0, 1, 2 and 5, one frozen, one queued.
pub(in crate::http) fn account() -> Account {
    Account {
        time_zone: Some("America/New_York".to_owned()),
        deadbeat: false,
        goals: vec![
            goal("reading", Some(0), json!({})),
            goal("bike", Some(1), json!({ "due": null })),
            goal("ellinika", Some(2), json!({})),
            goal("coding", Some(5), json!({})),
            goal("old", Some(0), json!({ "state": "frozen" })),
            goal("mooloans", Some(7), json!({ "queued": true })),
        ],
        unreadable: Vec::new(),
        ignored: 0,
    }
}

pub(in crate::http) fn snapshot_at(at: Timestamp) -> Option<(Timestamp, String)> {
    Some((at, serde_json::to_string(&account()).unwrap()))
}

/// [`account`], read just now.
pub(in crate::http) fn trusted() -> Reading {
    reading_of(account())
}

/// An account, read just now.
pub(in crate::http) fn reading_of(account: Account) -> Reading {
    Reading {
        read: Some(Arc::new(Read::new(account, now()))),
        as_of: Some(now()),
        doubt: None,
    }
}

/// No account was ever read, and Beeminder does not answer.
pub(in crate::http) fn nothing_read() -> Reading {
    Reading {
        read: None,
        as_of: None,
        doubt: Some("Beeminder is down".to_owned()),
    }
}

/// [`account`], but Beeminder does not answer any more.
pub(in crate::http) fn doubted() -> Reading {
    Reading {
        doubt: Some("Beeminder is down".to_owned()),
        ..trusted()
    }
}

/// The report of a pass that read everything, decided nothing and made no message.
pub(in crate::http) fn report() -> Report {
    let fresh = ObservationView {
        status: Freshness::Fresh,
        at: Some(now()),
        why: None,
    };
    Report {
        run_id: "r1".to_owned(),
        at: now(),
        changed: false,
        observations: Observations {
            beeminder: fresh.clone(),
            budget: fresh.clone(),
            walk: fresh,
        },
        conditions: Vec::new(),
        decisions: Vec::new(),
        notifications: Vec::new(),
        broken_channels: Vec::new(),
        nobody_to_tell: false,
    }
}

/// A decision to speak for [`Reason::FirstOfDay`], to stay silent for every other reason.
pub(in crate::http) fn decision(subject: &str, severity: Severity, reason: Reason) -> DecisionView {
    DecisionView {
        subject: subject.parse().unwrap(),
        severity,
        action: if reason == Reason::FirstOfDay {
            Action::Notify
        } else {
            Action::Suppress
        },
        reason,
        author: None,
        until: None,
        silence_id: None,
        comment: None,
    }
}

/// The message `n1`, in this state.
pub(in crate::http) fn message_in(state: State) -> NotificationView {
    NotificationView {
        id: "n1".to_owned(),
        channel: ChannelKind::Sms,
        state,
        provider_id: None,
        subjects: vec!["goal:reading".parse().unwrap()],
        text: "reading derails today".to_owned(),
    }
}
