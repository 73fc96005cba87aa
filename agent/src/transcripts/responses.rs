//! Gathers the lines of each response into one.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::line::Seen;
use crate::{
    budget::{CONVERSATION, Fullness, NewSession, SIDE_CONVERSATION, anthropic_usage::Part},
    domain::{Conditions, Provider, Used},
};

/// The number of a file in a scan.
pub type FileNumber = u32;

/// The responses of a scan, in the order in which they were first seen.
#[derive(Debug, Default)]
pub(super) struct Responses {
    by_request: HashMap<Arc<str>, usize>,
    all: Vec<Found>,
    kinds: HashSet<Arc<Kind>>,
}

/// A response.
#[derive(Debug)]
pub struct Found {
    request: Arc<str>,
    message: Option<Box<str>>,
    at: Timestamp,
    is_sidechain: bool,
    first: Billed,
    /// What it used of other models, and beside its own numbers. Nearly always nothing.
    more: Box<[Billed]>,
    file: FileNumber,
    /// Further files that have lines of it. Nearly always none.
    others: Vec<FileNumber>,
}

#[derive(Clone, Debug)]
struct Billed {
    used: Used,
    kind: Arc<Kind>,
}

/// A model and how it ran. A person has few of them, so they are kept once.
#[derive(Debug, Hash, PartialEq, Eq)]
struct Kind {
    model: String,
    conditions: Conditions,
}

impl Responses {
    /// Takes one line. Of two lines of a response the fuller one counts, and the earlier time.
    pub(super) fn take(&mut self, seen: &Seen<'_>, file: FileNumber) {
        let parts = seen.usage.parts(&seen.model);
        let request = request_of(seen, &parts);
        let Some(&known) = self.by_request.get(&*request) else {
            let found = self.found(seen, &parts, request.into(), file);
            self.by_request.insert(Arc::clone(&found.request), self.all.len());
            return self.all.push(found);
        };
        let found = &self.all[known];
        let is_fuller = full(
            seen.is_sidechain,
            parts
                .iter()
                .map(|part| (&part.used, &part.conditions, part.model)),
        ) > found.fullness();
        let at = found.at.min(seen.at);
        if is_fuller {
            let newer = self.found(seen, &parts, Arc::clone(&self.all[known].request), file);
            let older = std::mem::replace(&mut self.all[known], newer);
            self.all[known].message = self.all[known].message.take().or(older.message);
            self.all[known].has_lines_in(older.file);
            for other in older.others {
                self.all[known].has_lines_in(other);
            }
        } else {
            let found = &mut self.all[known];
            found.has_lines_in(file);
            if found.message.is_none() {
                found.message = seen.message.as_deref().map(Into::into);
            }
        }
        self.all[known].at = at;
    }

    pub(super) fn into_found(self) -> Vec<Found> {
        self.all
    }

    fn found(&mut self, seen: &Seen<'_>, parts: &[Part<'_>], request: Arc<str>, file: FileNumber) -> Found {
        let mut billed = parts
            .iter()
            .filter(|part| part.used != Used::default())
            .map(|part| Billed {
                used: part.used,
                kind: self.kind(part),
            });
        // A line of a response that used nothing is not taken.
        let first = billed.next().unwrap_or_else(|| unreachable!("an empty response"));
        Found {
            request,
            message: seen.message.as_deref().map(Into::into),
            at: seen.at,
            is_sidechain: seen.is_sidechain,
            first,
            more: billed.collect(),
            file,
            others: Vec::new(),
        }
    }

    fn kind(&mut self, part: &Part<'_>) -> Arc<Kind> {
        let kind = Kind {
            model: part.model.to_owned(),
            conditions: part.conditions.clone(),
        };
        if let Some(known) = self.kinds.get(&kind) {
            return Arc::clone(known);
        }
        let kind = Arc::new(kind);
        self.kinds.insert(Arc::clone(&kind));
        kind
    }
}

impl Found {
    /// The sessions that it is: one, or one for each model and sampling that is billed apart. The first has the id of the
    /// request, and the others have `#1`, `#2` … after it.
    pub fn sessions(&self, billed: bool) -> impl Iterator<Item = NewSession> {
        std::iter::once(&self.first)
            .chain(&self.more)
            .enumerate()
            .map(move |(index, part)| self.session(index, part, billed))
    }

    /// The files that have lines of it.
    pub fn files(&self) -> impl Iterator<Item = FileNumber> {
        std::iter::once(self.file).chain(self.others.iter().copied())
    }

    fn session(&self, index: usize, part: &Billed, billed: bool) -> NewSession {
        let numbered = |id: &str| match index {
            0 => id.to_owned(),
            index => format!("{id}#{index}"),
        };
        let count = |tokens: i64| u64::try_from(tokens).unwrap_or(0);
        let (used, conditions) = (&part.used, &part.kind.conditions);
        let conversation = if self.is_sidechain {
            SIDE_CONVERSATION
        } else {
            CONVERSATION
        };
        NewSession {
            cache_creation_input_tokens: None,
            ephemeral_5m_input_tokens: count(used.cache_write),
            ephemeral_1h_input_tokens: count(used.cache_write_1h),
            cache_read_input_tokens: count(used.cache_read),
            web_search_requests: count(used.web_searches),
            speed: conditions.speed,
            service_tier: conditions.service_tier.clone(),
            inference_geo: conditions.inference_geo.clone(),
            request_id: Some(numbered(&self.request)),
            message_id: self.message.as_deref().map(numbered),
            at: Some(self.at),
            billed,
            session_type: conversation.to_owned(),
            ..NewSession::new(
                Provider::Anthropic,
                &part.kind.model,
                count(used.input),
                count(used.output),
            )
        }
    }

    fn fullness(&self) -> Fullness {
        let parts = std::iter::once(&self.first).chain(&self.more);
        full(
            self.is_sidechain,
            parts.map(|part| (&part.used, &part.kind.conditions, part.kind.model.as_str())),
        )
    }

    fn has_lines_in(&mut self, file: FileNumber) {
        if self.file != file && !self.others.contains(&file) {
            self.others.push(file);
        }
    }
}

/// How full a line is: by the sum of all parts, and then by the first one.
fn full<'a>(
    is_sidechain: bool,
    parts: impl Iterator<Item = (&'a Used, &'a Conditions, &'a str)>,
) -> Fullness {
    let parts: Vec<_> = parts.filter(|(used, ..)| **used != Used::default()).collect();
    let (first, conditions, model) = parts[0];
    let total = parts
        .iter()
        .map(|(used, ..)| used.total())
        .fold(0, i64::saturating_add);
    Fullness::new(is_sidechain, first, conditions, model).with_total(total)
}

/// What names the request: its id, or that of its message. A line that has neither is named by what it says.
fn request_of(seen: &Seen<'_>, parts: &[Part<'_>]) -> String {
    let named = seen.request.as_ref().or(seen.message.as_ref());
    match named {
        Some(id) => id.clone().into_owned(),
        None => {
            let Seen {
                session, uuid, at, ..
            } = seen;
            let all = format!("{session:?} {uuid:?} {at} {parts:?}");
            format!("line_{}", hex::encode(&Sha256::digest(all)[..16]))
        }
    }
}
