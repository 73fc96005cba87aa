//! A batch within the limits of PutLogEvents: at most 1 MiB (AWS adds 26 bytes to each event), at most 10,000
//! events, less than 24 hours from the first event to the last, in chronological order.

use std::mem;

use super::entry::Event;

/// The bytes that AWS counts for each event beside its text.
const OVERHEAD: usize = 26;
const MOST_BYTES: usize = 1 << 20;
const MOST_EVENTS: usize = 10_000;
const LONGEST_MS: i64 = 24 * 60 * 60 * 1000;

/// How far the clock may go back within a batch. A running clock is corrected now and then. An event that is
/// dated earlier than the event before it gets that event's date. A larger step begins a new batch.
const CORRECTION_MS: i64 = 60_000;

/// Events that go out together, in the order of the journal.
#[derive(Debug, Default)]
pub(super) struct Batch {
    events: Vec<Event>,
    bytes: usize,
    /// The last entry that was read for this batch. It may be missing among the events, because an entry that
    /// the day's limit drops counts as done.
    reaches: Option<String>,
}

/// The bytes that AWS counts for one event.
pub(super) fn cost(event: &Event) -> usize {
    event.text.len() + OVERHEAD
}

impl Batch {
    /// Adds an event. Returns the event if the batch must be put first.
    pub(super) fn push(&mut self, mut event: Event) -> Result<(), Event> {
        if let (Some(first), Some(last)) = (self.events.first(), self.events.last()) {
            let is_full = self.events.len() >= MOST_EVENTS || self.bytes + cost(&event) > MOST_BYTES;
            if is_full || event.at - first.at >= LONGEST_MS || last.at - event.at > CORRECTION_MS {
                return Err(event);
            }
            event.at = event.at.max(last.at);
        }
        self.bytes += cost(&event);
        if event.is_entry {
            self.reaches = Some(event.cursor.clone());
        }
        self.events.push(event);
        Ok(())
    }

    /// Notes that the journal was read up to this entry, and that the entry is not shipped.
    pub(super) fn skip(&mut self, cursor: String) {
        self.reaches = Some(cursor);
    }

    /// Whether no entry was read for this batch.
    pub(super) fn is_empty(&self) -> bool {
        self.reaches.is_none()
    }

    /// Empties the batch. Returns its events, and the cursor of the last entry that was read for the batch.
    /// `None`, and the events stay, if no entry was read for it.
    pub(super) fn take(&mut self) -> Option<(Vec<Event>, String)> {
        let reaches = self.reaches.take()?;
        self.bytes = 0;
        Some((mem::take(&mut self.events), reaches))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: usize, at: i64, size: usize) -> Event {
        Event {
            cursor: format!("c{number}"),
            is_entry: true,
            at,
            text: "x".repeat(size),
            matters: false,
        }
    }

    #[test]
    fn it_is_full_at_ten_thousand_events_and_at_a_mebibyte() {
        let mut batch = Batch::default();
        let pushed = (0..20_000)
            .take_while(|n| batch.push(event(*n, 0, 1)).is_ok())
            .count();
        assert_eq!(pushed, 10_000);
        let mut batch = Batch::default();
        let pushed = (0..20_000)
            .take_while(|n| batch.push(event(*n, 0, 1000)).is_ok())
            .count();
        assert_eq!(pushed, (1 << 20) / 1026);
        let (events, reaches) = batch.take().unwrap();
        assert_eq!((events.len(), reaches), (pushed, format!("c{}", pushed - 1)));
        assert!(batch.is_empty() && batch.take().is_none());
    }

    #[test]
    fn it_is_chronological_and_spans_less_than_a_day() {
        let mut batch = Batch::default();
        batch.push(event(0, 1_000_000, 1)).unwrap();
        batch.push(event(1, 999_000, 1)).unwrap();
        assert!(batch.push(event(2, 1_000_000 + LONGEST_MS, 1)).is_err());
        assert!(batch.push(event(3, 1_000_000 - CORRECTION_MS - 1, 1)).is_err());
        let (events, _) = batch.take().unwrap();
        assert_eq!(
            events.iter().map(|event| event.at).collect::<Vec<_>>(),
            [1_000_000, 1_000_000]
        );
    }

    #[test]
    fn what_was_skipped_is_reached_all_the_same() {
        let mut batch = Batch::default();
        batch.skip("c7".to_owned());
        assert_eq!(batch.take(), Some((Vec::new(), "c7".to_owned())));
    }
}
