//! The loop: read lines, fill a batch, put it, write down that it was shipped.

use std::{path::Path, time::Duration};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use jiff::{Timestamp, tz::TimeZone};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    batch::{Batch, cost},
    cloudwatch::{CloudWatch, Put},
    entry::{self, Event},
    pem::OpenKeys,
    position::{Pending, Position, PositionError, PositionFile},
    redact::Redactor,
    source::{Source, SourceError},
};
use crate::{clock::Clock, config::RenewableSecrets};

/// The longest time that a batch waits for more lines.
const WAIT: Duration = Duration::from_secs(2);

/// The pauses between two tries while CloudWatch does not accept a batch: half a second at first, then
/// doubled until half a minute is reached. There is no limit on the number of tries.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long CloudWatch may take to list a batch that was put.
const SETTLE: Duration = Duration::from_secs(10);

/// The time for the last batch when the process ends.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Ships the journal.
pub struct Shipper {
    clock: Clock,
    place: CloudWatch,
    file: PositionFile,
    position: Position,
    secrets: RenewableSecrets,
    redactor: (u64, Redactor),
    keys: OpenKeys,
    max_bytes_per_day: u64,
}

/// Why the shipper had to end.
#[derive(Debug, thiserror::Error)]
pub enum ShipError {
    /// The journal cannot be followed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The position cannot be read or written.
    #[error("the position in the journal cannot be read or written: {0}")]
    Position(#[from] PositionError),
}

impl Shipper {
    /// A shipper that goes on where the last process stopped: it reads the position from `folder`.
    ///
    /// # Errors
    /// If the position cannot be read.
    pub fn new(
        clock: Clock,
        place: CloudWatch,
        folder: &Path,
        secrets: RenewableSecrets,
        max_bytes_per_day: u32,
    ) -> Result<Self, ShipError> {
        let file = PositionFile::in_folder(folder);
        let position = file.read()?;
        let redactor = (secrets.edition(), Redactor::new(&secrets.get()));
        Ok(Self {
            clock,
            place,
            file,
            position,
            secrets,
            redactor,
            keys: OpenKeys::default(),
            max_bytes_per_day: max_bytes_per_day.into(),
        })
    }

    /// Ships until `stop` is cancelled. A batch that was not accepted by then stays pending, and the next
    /// process asks whether the batch arrived.
    ///
    /// # Errors
    /// If the journal ends or the position cannot be written. The next process reads again all lines that
    /// were not shipped.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), ShipError> {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            settled = self.settle() => settled?,
        }
        let mut source = Source::follow(self.position.shipped.as_deref())?;
        let (mut batch, mut due) = (Batch::default(), Instant::now());
        loop {
            let line = tokio::select! {
                () = stop.cancelled() => break,
                () = sleep_until(due), if !batch.is_empty() => None,
                line = source.next() => Some(line?),
            };
            let Some(line) = line else {
                self.ship(&mut batch, &stop).await?;
                if self.position.pending.is_some() {
                    return Ok(());
                }
                continue;
            };
            let Some(event) = self.event(&line) else {
                tracing::warn!(
                    bytes = line.len(),
                    "a line from journalctl is not a journal entry"
                );
                continue;
            };
            if batch.is_empty() {
                due = Instant::now() + WAIT;
            }
            for event in self.within_the_limit(event, &mut batch) {
                if let Err(event) = batch.push(event) {
                    self.ship(&mut batch, &stop).await?;
                    if self.position.pending.is_some() {
                        return Ok(());
                    }
                    due = Instant::now() + WAIT;
                    batch.push(event).expect("one event fits into an empty batch");
                }
            }
        }
        let last = CancellationToken::new();
        if timeout(LAST_WORDS, self.ship(&mut batch, &last)).await.is_err() {
            tracing::warn!(after = ?LAST_WORDS, "the last lines could not be shipped; the next start ships them");
        }
        Ok(())
    }

    /// If a batch was pending when the last process ended, finds out whether the batch arrived.
    async fn settle(&mut self) -> Result<(), ShipError> {
        let Some(pending) = self.position.pending.clone() else {
            return Ok(());
        };
        tracing::info!(
            cursor = pending.last,
            "the last process left a batch pending: asking CloudWatch whether it arrived"
        );
        let (end, mut pauses) = (Instant::now() + SETTLE, pauses());
        let mut absent_once = false;
        let arrived = loop {
            match self.place.has(&pending.last, pending.at).await {
                Ok(true) => break true,
                // CloudWatch may take a while to list a batch that was just put.
                Ok(false) if Instant::now() >= end && absent_once => break false,
                Ok(false) => absent_once = true,
                Err(error) => {
                    tracing::error!(%error, "cannot find out whether the last batch arrived: asking again");
                }
            }
            tokio::time::sleep(pauses.next().unwrap_or(LONGEST_PAUSE)).await;
        };
        if arrived {
            self.position.shipped = Some(pending.reaches);
        }
        tracing::info!(arrived, "found out whether the last batch arrived");
        self.position.pending = None;
        Ok(self.file.write(&self.position)?)
    }

    /// The event for one line, masked by the secrets as they are now.
    fn event(&mut self, line: &str) -> Option<Event> {
        let edition = self.secrets.edition();
        if self.redactor.0 != edition {
            self.redactor = (edition, Redactor::new(&self.secrets.get()));
        }
        entry::event(line, &self.redactor.1, &mut self.keys)
    }

    /// What to ship when `event` was read: first a line about the day's limit, if there is something to
    /// report; then `event` itself, if the limit allows it.
    fn within_the_limit(&mut self, event: Event, batch: &mut Batch) -> Vec<Event> {
        let mut shipped = Vec::new();
        let today = day(self.clock.now());
        if self.position.day != today {
            if self.position.dropped > 0 {
                let said = format!(
                    "{} lines of {} were not shipped, because journal.max_bytes_per_day was reached",
                    self.position.dropped, self.position.day
                );
                shipped.push(entry::own(&event.cursor, event.at, &said));
            }
            (self.position.day, self.position.bytes, self.position.dropped) = (today, 0, 0);
        }
        let cost = cost(&event) as u64;
        if event.matters || self.position.bytes + cost <= self.max_bytes_per_day {
            self.position.bytes += cost;
            shipped.push(event);
            return shipped;
        }
        if self.position.dropped == 0 {
            let said = format!(
                "journal.max_bytes_per_day = {} is reached: until midnight UTC only errors and metrics are shipped, all else is dropped",
                self.max_bytes_per_day
            );
            tracing::error!(
                limit = self.max_bytes_per_day,
                "the journal's limit of the day is reached"
            );
            shipped.push(entry::own(&event.cursor, event.at, &said));
        }
        self.position.dropped += 1;
        batch.skip(event.cursor);
        shipped
    }

    /// Ships a batch. Tries until CloudWatch has accepted or refused the batch. If `stop` is cancelled before
    /// that, the batch stays pending.
    async fn ship(&mut self, batch: &mut Batch, stop: &CancellationToken) -> Result<(), ShipError> {
        let Some((events, reaches)) = batch.take() else {
            return Ok(());
        };
        if let Some(last) = events.last() {
            self.position.pending = Some(Pending {
                last: last.cursor.clone(),
                at: last.at,
                reaches: reaches.clone(),
            });
            self.file.write(&self.position)?;
            if !self.put(&events, stop).await {
                return Ok(());
            }
        }
        (self.position.shipped, self.position.pending) = (Some(reaches), None);
        Ok(self.file.write(&self.position)?)
    }

    /// Puts a batch until CloudWatch has accepted or refused it. Returns false if `stop` was cancelled before
    /// that.
    async fn put(&self, events: &[Event], stop: &CancellationToken) -> bool {
        let mut pauses = pauses();
        loop {
            match self.place.put(events).await {
                Put::Accepted { rejected: 0 } => return true,
                Put::Accepted { rejected } => {
                    tracing::error!(
                        rejected,
                        "lines were too old or too new for CloudWatch and are lost"
                    );
                    return true;
                }
                Put::Refused(error) => {
                    tracing::error!(%error, lines = events.len(), "CloudWatch will never take these lines: they are lost");
                    return true;
                }
                Put::Failed(error) => {
                    tracing::warn!(%error, lines = events.len(), "not shipped yet: trying again");
                }
            }
            tokio::select! {
                () = stop.cancelled() => return false,
                () = tokio::time::sleep(pauses.next().unwrap_or(LONGEST_PAUSE)) => {}
            }
        }
    }
}

fn pauses() -> impl Iterator<Item = Duration> {
    let builder = ExponentialBuilder::default()
        .with_min_delay(FIRST_PAUSE)
        .with_max_delay(LONGEST_PAUSE);
    builder.without_max_times().with_jitter().build()
}

fn day(at: Timestamp) -> String {
    at.to_zoned_datetime(TimeZone::UTC).date().to_string()
}
