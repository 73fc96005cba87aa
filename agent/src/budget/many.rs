//! Records many sessions at once: those of transcripts.

use std::{
    borrow::Borrow,
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use super::{BudgetArm, BudgetError, BudgetToday, NewSession, arm::Rules, merge, writes::COPY_TIMEOUT};
use crate::{
    domain::{Provider, SessionSource},
    store::tables::{
        removals,
        sessions::{self, Kept, Session},
    },
};

/// Replays of a message are looked for so far around it. Claude Code deletes transcripts after a month.
const REPLAYED_WITHIN: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Sessions of one source.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct NewSessions {
    /// How they were found.
    pub source: SessionSource,
    /// The sessions.
    pub sessions: Vec<NewSession>,
}

/// What became of one of many sessions.
#[derive(Debug)]
pub enum Outcome {
    /// It is new.
    Recorded(Kept),
    /// Its request was on record.
    Repeated(Kept),
    /// A person took it back. A transcript does not bring it again.
    TakenBack,
    /// It is not recorded. The others are.
    Refused(BudgetError),
}

/// Many sessions that were recorded.
#[derive(Debug)]
pub struct RecordedSessions {
    /// What became of each, in the order in which they came.
    pub outcomes: Vec<Outcome>,
    /// Every provider's budget after the write.
    pub usage: Vec<BudgetToday>,
}

/// Records sessions one by one in one transaction, and computes no budget.
#[derive(Debug)]
pub struct Recording<'a> {
    rules: &'a Rules,
    tx: &'a Transaction<'a>,
    source: SessionSource,
    now: Timestamp,
    messages: Messages,
    taken_back: HashSet<String>,
}

/// What is known of earlier sessions while others are recorded.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// The requests of transcripts by the hash of their message.
    requests: HashMap<u64, Vec<Box<str>>>,
    /// Models whose price is a guess, and which were looked for on record.
    guessed: HashSet<String>,
}

impl BudgetArm {
    /// Prices and records sessions in one transaction, each as [`BudgetArm::record_session`] does. One that is refused
    /// does not keep the others from being recorded.
    ///
    /// # Errors
    /// If the state cannot be written. Then nothing is recorded.
    pub async fn record_sessions(
        &self,
        new: NewSessions,
        now: Timestamp,
    ) -> Result<RecordedSessions, BudgetError> {
        let NewSessions { source, sessions } = new;
        let sessions: Arc<[NewSession]> = sessions.into();
        self.record_in_one(source, now, move |recording| {
            recording.expect(sessions.iter())?;
            sessions.iter().map(|session| recording.record(session)).collect()
        })
        .await
        .map(|(outcomes, usage)| RecordedSessions { outcomes, usage })
    }

    /// Records what `each` records, in one transaction. Returns what `each` returns, and every provider's budget.
    ///
    /// # Errors
    /// If the state cannot be written. Then nothing is recorded.
    pub async fn record_in_one<T: Send + 'static>(
        &self,
        source: SessionSource,
        now: Timestamp,
        each: impl Fn(&mut Recording<'_>) -> rusqlite::Result<T> + Clone + Send + 'static,
    ) -> Result<(T, Vec<BudgetToday>), BudgetError> {
        let rules = self.rules.clone();
        let write = self.store.write_and_copy(COPY_TIMEOUT, move |tx| {
            let told = each(&mut Recording::begin(&rules, tx, source, now))?;
            rules.refresh(tx, now)?;
            Ok((told, rules.usage(tx, now)?))
        });
        Ok(write.await?)
    }
}

impl<'a> Recording<'a> {
    /// Begins to record in a transaction.
    pub fn begin(rules: &'a Rules, tx: &'a Transaction<'a>, source: SessionSource, now: Timestamp) -> Self {
        Self {
            rules,
            tx,
            source,
            now,
            messages: Messages::default(),
            taken_back: HashSet::new(),
        }
    }

    /// Looks once for everything that is on record of the messages of these sessions, and for what was taken back.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn expect<S: Borrow<NewSession>>(
        &mut self,
        sessions: impl Iterator<Item = S>,
    ) -> rusqlite::Result<()> {
        let (mut wanted, mut times) = (HashSet::new(), None);
        for session in sessions {
            let session = session.borrow();
            if let (Some(message), Some(at)) = (&session.message_id, session.at) {
                wanted.insert(hash(message));
                let (first, last) = times.unwrap_or((at, at));
                times = Some((at.min(first), at.max(last)));
            }
        }
        let Some((first, last)) = times.filter(|_| self.source == SessionSource::Transcripts) else {
            return Ok(());
        };
        self.taken_back = removals::requests(self.tx, Provider::Anthropic, self.source)?;
        let from = first.saturating_sub(REPLAYED_WITHIN).unwrap_or(Timestamp::MIN);
        let until = last.saturating_add(REPLAYED_WITHIN).unwrap_or(Timestamp::MAX);
        // The id of a message is the note of a session of a transcript.
        let messages = &mut self.messages;
        sessions::each_note(
            self.tx,
            Provider::Anthropic,
            self.source,
            (from, until),
            |message, request| {
                let message = hash(message);
                if wanted.contains(&message) {
                    messages.add(message, request);
                }
            },
        )
    }

    /// Records one session.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub fn record(&mut self, session: &NewSession) -> rusqlite::Result<Outcome> {
        let request = session.request_id.as_deref();
        if request.is_some_and(|request| self.taken_back.contains(request)) {
            return Ok(Outcome::TakenBack);
        }
        let put = self
            .rules
            .put(self.tx, session, self.source, self.now, &mut self.messages)?;
        let put = match put {
            Ok(put) => put,
            Err(refused) => return Ok(Outcome::Refused(refused)),
        };
        if put.is_first_guess {
            super::sessions::warn_of_guess(&put.kept.session);
        }
        Ok(if put.is_repeated {
            Outcome::Repeated(put.kept)
        } else {
            Outcome::Recorded(put.kept)
        })
    }
}

impl Messages {
    /// Whether the guess at a model's price is the first one here: then the record must be looked at.
    pub(super) fn is_new_guess(&mut self, model: &str) -> bool {
        !self.guessed.contains(model) && self.guessed.insert(model.to_owned())
    }

    /// Notes that a request has this message.
    pub(super) fn note(&mut self, message: &str, request: &str) {
        self.add(hash(message), request);
    }

    fn add(&mut self, message: u64, request: &str) {
        let requests = self.requests.entry(message).or_default();
        if !requests.iter().any(|known| &**known == request) {
            requests.push(request.into());
        }
    }

    /// The session on record that is the same response as this one under another request's id.
    pub(super) fn same_response(
        &self,
        tx: &Transaction<'_>,
        new: &Session,
    ) -> rusqlite::Result<Option<Kept>> {
        for request in self.requests.get(&hash(&new.notes)).into_iter().flatten() {
            let known = sessions::of_request(tx, new.provider, request)?;
            let same = known.filter(|known| merge::is_same_response(&known.session, new));
            if same.is_some() {
                return Ok(same);
            }
        }
        Ok(None)
    }
}

/// Two messages may have the same hash: whoever finds one compares the messages.
fn hash(message: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    message.hash(&mut hasher);
    hasher.finish()
}
