//! The shipper's way from a line to an event, for `fuzz/fuzz_targets/journal_line.rs`.

use super::{
    batch::{Batch, cost},
    entry,
    pem::OpenKeys,
    redact::Redactor,
};
use crate::config::Secrets;

/// What is shipped of one line.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its name in the stream.
    pub cursor: String,
    /// Milliseconds since 1970.
    pub at: i64,
    /// One JSON object.
    pub text: String,
    /// The bytes that AWS counts for it.
    pub cost: usize,
}

impl From<entry::Event> for Event {
    fn from(event: entry::Event) -> Self {
        Self {
            cost: cost(&event),
            cursor: event.cursor,
            at: event.at,
            text: event.text,
        }
    }
}

/// The batches that these lines go out in.
pub fn batches<'a>(lines: impl Iterator<Item = &'a str>, secrets: &Secrets) -> Vec<Vec<Event>> {
    let (redactor, mut keys) = (Redactor::new(secrets), OpenKeys::default());
    let (mut batch, mut taken) = (Batch::default(), Vec::new());
    let mut take = |batch: &mut Batch| {
        let (events, _) = batch.take().unwrap_or_default();
        taken.push(events.into_iter().map(Event::from).collect());
    };
    for line in lines {
        let Some(event) = entry::event(line, &redactor, &mut keys) else {
            continue;
        };
        if let Err(event) = batch.push(event) {
            take(&mut batch);
            batch.push(event).expect("one event fits into an empty batch");
        }
    }
    take(&mut batch);
    taken
}
