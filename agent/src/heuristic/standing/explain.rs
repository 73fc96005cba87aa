//! Why Mecris is silent about something, and until when.

use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;

use super::{Next, View};
use crate::{
    domain::{Action, GoalState, Reason, SilenceKind, Step, Subject},
    store::tables::{
        decisions::{self, DecisionRow, LoggedAction, LoggedReason},
        silences, steps,
    },
};

/// Why Mecris is silent about a subject, or that it is not silent.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The subject.
    pub subject: Subject,
    /// Whether a pass now would say nothing about it.
    pub silent: bool,
    /// The named reason; `null`: nothing was ever decided about it.
    pub reason: Option<Reason>,
    /// The reason in words.
    pub because: String,
    /// Until when Mecris is silent about it for this reason: the end of a silence, the pass that will speak of it,
    /// or, of what somebody acknowledged, the moment at which it derails; `null`: not known, each pass looks
    /// again. If it is not silent: the pass that speaks of it.
    pub until: Option<Timestamp>,
    /// When Mecris will speak of it; `null`: not within 35 days as things stand, or it does not follow from the
    /// clock.
    pub next: Option<Next>,
    /// How it stood at the newest decision, in one sentence.
    pub evidence: Option<String>,
    /// What the newest pass that decided about it decided.
    pub decided: Vec<DecisionRow>,
    /// What was last said about it.
    pub told: Option<Told>,
    /// What a person asked for that keeps Mecris silent about it now, whatever the reason above is; `null`: nothing.
    pub covered_by: Option<Covering>,
}

/// A silence or vacation that covers a subject. If several do, the one that ends last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Covering {
    /// Which of the two it is.
    pub kind: SilenceKind,
    /// When it ends.
    pub until: Timestamp,
    /// Who asked for it.
    pub author: String,
    /// Why; empty if they gave no reason.
    pub comment: String,
}

/// Something that was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// What.
    pub step: Step,
}

/// The newest decision about a subject: what a pass would decide now, if the last reading says that.
/// Otherwise the newest decision in the log.
struct Newest {
    speaks: bool,
    reason: Reason,
    until: Option<Timestamp>,
    by: Option<String>,
    evidence: String,
    /// When the condition no longer holds.
    expires_at: Option<Timestamp>,
}

/// Explains one subject, with the decision log on this connection.
///
/// # Errors
/// If the database cannot be read.
pub fn explain(view: &View, connection: &Connection, subject: &Subject) -> rusqlite::Result<Explanation> {
    let decided = decisions::newest_about(connection, subject)?;
    let told = steps::newest_about(connection, subject)?.map(|(at, step)| Told { at, step });
    // What was decided of a goal before it was over says nothing of it now.
    let by_log = || {
        decided
            .last()
            .filter(|_| !is_over(view, subject))
            .and_then(by_log)
    };
    let newest = by_last_reading(view, subject).or_else(by_log);
    let next = view.next.get(subject).copied();
    let covered_by = covering(connection, subject, view.standing.at)?;
    let Some(newest) = newest else {
        return Ok(Explanation {
            subject: subject.clone(),
            silent: true,
            reason: None,
            because: without_decision(view, subject),
            until: next.map(|next| next.at),
            next,
            evidence: None,
            decided,
            told,
            covered_by,
        });
    };
    let newest = newest.under(covered_by.as_ref());
    let by = newest.by.map(|by| format!(" ({by})")).unwrap_or_default();
    let speaks_at = view.standing.next_chance.filter(|_| newest.speaks);
    let forgotten_at = newest
        .expires_at
        .filter(|_| newest.reason == Reason::Acknowledged);
    let until = newest
        .until
        .or(next.map(|next| next.at))
        .or(speaks_at)
        .or(forgotten_at);
    Ok(Explanation {
        subject: subject.clone(),
        silent: !newest.speaks,
        reason: Some(newest.reason),
        because: format!("{}{by}", newest.reason.in_words()),
        until,
        next,
        evidence: Some(newest.evidence),
        decided,
        told,
        covered_by,
    })
}

impl Newest {
    /// The same under what a person asked for. A decision names the vacation where there is one, although a silence
    /// may last longer: the person is told of the one that ends last.
    fn under(self, covering: Option<&Covering>) -> Self {
        let is_asked = matches!(self.reason, Reason::Vacation | Reason::Silenced);
        match covering.filter(|covering| is_asked && self.until.is_some_and(|at| at < covering.until)) {
            Some(covering) => Self {
                reason: match covering.kind {
                    SilenceKind::Vacation => Reason::Vacation,
                    SilenceKind::Silence => Reason::Silenced,
                },
                until: Some(covering.until),
                by: Some(by(&covering.author, &covering.comment)),
                ..self
            },
            None => self,
        }
    }
}

fn covering(
    connection: &Connection,
    subject: &Subject,
    now: Timestamp,
) -> rusqlite::Result<Option<Covering>> {
    let holding = silences::active(connection, now)?.into_iter();
    let last = holding
        .filter(|silence| silence.pattern.covers(subject))
        .max_by_key(|silence| silence.ends_at);
    Ok(last.map(|silence| Covering {
        kind: silence.kind,
        until: silence.ends_at,
        author: silence.author,
        comment: silence.comment,
    }))
}

/// What a pass would decide now. `None` if the newest try to read Beeminder failed: then the decisions of
/// that pass, in the log, say more.
fn by_last_reading(view: &View, subject: &Subject) -> Option<Newest> {
    if view.standing.trouble.is_some() {
        return None;
    }
    let decision = view
        .now
        .iter()
        .find(|decision| decision.condition.subject == *subject)?;
    let word = decision.word.as_ref();
    Some(Newest {
        speaks: decision.action == Action::Notify,
        reason: decision.reason,
        until: word.and_then(|word| word.until),
        by: word.map(|word| by(&word.author, &word.comment)),
        evidence: decision.condition.evidence.clone(),
        expires_at: decision.condition.expires_at,
    })
}

/// Whether the subject is a goal that cannot derail any more by the last reading.
fn is_over(view: &View, subject: &Subject) -> bool {
    let goals = &view.standing.goals;
    goals
        .iter()
        .any(|goal| goal.subject == *subject && goal.state != GoalState::Active)
}

fn by_log(row: &DecisionRow) -> Option<Newest> {
    let LoggedReason::Rule(reason) = row.reason else {
        return None;
    };
    Some(Newest {
        speaks: false,
        reason: match row.action {
            // A pass has spoken of it, so it has been said by now.
            LoggedAction::Decided(Action::Notify) => Reason::AlreadyNotifiedToday,
            _ => reason,
        },
        until: row.until,
        by: row
            .author
            .as_ref()
            .map(|author| by(author, row.comment.as_deref().unwrap_or_default())),
        evidence: row.evidence.clone(),
        expires_at: None,
    })
}

fn by(author: &str, comment: &str) -> String {
    match comment {
        "" => format!("by {author}"),
        comment => format!("by {author}: {comment}"),
    }
}

/// Why no pass has decided about this subject.
fn without_decision(view: &View, subject: &Subject) -> String {
    let goal = view.standing.goals.iter().find(|goal| goal.subject == *subject);
    match goal {
        Some(goal) => goal.evidence.clone(),
        None => "no pass has decided anything about it yet".to_owned(),
    }
}
