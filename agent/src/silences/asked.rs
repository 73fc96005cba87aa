//! What a person asks for at the command line. It can wait in a file until the process that has the state takes it
//! up ([`crate::alerts`]).

use jiff::{Timestamp, tz::TimeZone};
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use super::{
    record::{self, Begun, Waits},
    request::{self, SilenceError, SilenceRequest},
};
use crate::{
    domain::{PatternError, Silence, SubjectPattern},
    heuristic::{
        Rules,
        standing::{self, UnknownSubject},
    },
    store::tables::outbox::{self, Notification},
};

/// A person's word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Time-ordered unique id: a word that is recorded twice counts once.
    pub id: String,
    /// When they said it.
    pub at: Timestamp,
    /// Who said it.
    pub author: String,
    /// What they said.
    pub what: What,
}

/// What a person says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// "Not now", or "I am away".
    Silence(SilenceRequest),
    /// Ends the silences of this pattern.
    Unsilence(String),
    /// Ends the vacation, and those that begin later.
    EndVacation,
    /// "I know": the message with this id or tag.
    Acknowledge(String),
    /// "I know": the newest message about something.
    AcknowledgeLast,
}

/// What became of a person's word.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A silence or vacation is on record.
    Begun(Box<Begun>),
    /// These ended. There may be none.
    Ended(Vec<Silence>),
    /// The message that was acknowledged.
    Acknowledged(Box<Notification>),
}

/// Why a person's word cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub enum AskedError {
    /// The silence cannot be understood.
    #[error(transparent)]
    Silence(#[from] SilenceError),
    /// The pattern cannot be understood.
    #[error("subject: {0}")]
    Pattern(PatternError),
    /// Nothing has the name of the subject.
    #[error("subject: {0}")]
    Unknown(UnknownSubject),
    /// There is no such message.
    #[error(
        "there is no message {0:?}: expected the id or the tag of a message, as `status --json` or its text shows it"
    )]
    NoMessage(String),
    /// There is no message at all.
    #[error("there is no message yet")]
    NoMessageYet,
}

/// The request with the pattern that the person means by its subject.
fn called(
    tx: &Transaction<'_>,
    request: &SilenceRequest,
) -> rusqlite::Result<Result<SilenceRequest, UnknownSubject>> {
    let Some(subject) = request.subject.as_deref().filter(|_| !request.vacation) else {
        return Ok(Ok(request.clone()));
    };
    Ok(
        standing::meant_pattern(tx, subject)?.map(|pattern| SilenceRequest {
            subject: Some(pattern),
            ..request.clone()
        }),
    )
}

impl Asked {
    /// Records it.
    ///
    /// # Errors
    /// The error of SQLite; inside, why it cannot be recorded.
    pub fn record(
        &self,
        tx: &Transaction<'_>,
        rules: &Rules,
        waits: Waits,
    ) -> rusqlite::Result<Result<Answer, AskedError>> {
        let zone = rules.zone();
        match &self.what {
            What::Silence(request) => {
                let request = match called(tx, request)? {
                    Ok(request) => request,
                    Err(unknown) => return Ok(Err(AskedError::Unknown(unknown))),
                };
                let planned = match request::plan(request, self.id.clone(), self.at, zone) {
                    Ok(planned) => planned,
                    Err(error) => return Ok(Err(error.into())),
                };
                let begun = record::silence(tx, &planned, rules, waits)?;
                Ok(Ok(Answer::Begun(begun.into())))
            }
            // A silence may be on record under a name that nothing has any more.
            What::Unsilence(name) => match standing::meant_pattern(tx, name)?
                .as_deref()
                .unwrap_or_else(|_| name.trim())
                .parse()
            {
                Ok(pattern) => self.end(tx, Some(&pattern), zone),
                Err(error) => Ok(Err(AskedError::Pattern(error))),
            },
            What::EndVacation => self.end(tx, None, zone),
            What::Acknowledge(name) => {
                let found = outbox::named(tx, name)?;
                self.acknowledge(tx, found, || AskedError::NoMessage(name.clone()), zone)
            }
            What::AcknowledgeLast => {
                let found = outbox::newest_about_something(tx, self.at)?;
                self.acknowledge(tx, found, || AskedError::NoMessageYet, zone)
            }
        }
    }

    fn end(
        &self,
        tx: &Transaction<'_>,
        pattern: Option<&SubjectPattern>,
        zone: &TimeZone,
    ) -> rusqlite::Result<Result<Answer, AskedError>> {
        let ended = record::unsilence_all(tx, pattern, &self.author, self.at, zone)?;
        Ok(Ok(Answer::Ended(ended)))
    }

    fn acknowledge(
        &self,
        tx: &Transaction<'_>,
        id: Option<String>,
        missing: impl FnOnce() -> AskedError,
        zone: &TimeZone,
    ) -> rusqlite::Result<Result<Answer, AskedError>> {
        let Some(id) = id else { return Ok(Err(missing())) };
        let message = record::acknowledge(tx, &id, &self.author, self.at, zone)?;
        Ok(message
            .map(Box::new)
            .map(Answer::Acknowledged)
            .ok_or_else(missing))
    }
}

#[cfg(test)]
mod tests;
