//! Checkpoints: how the state survives this machine, and how two instances find out about each other.
//!
//! The whole database is created as the next generation, only if there is none of that number. That one
//! conditional create is durability, fence and history at once:
//!
//! 1. *Draft.* The file names itself the next generation, under a fresh nonce, and is copied ([`lineage`],
//!    [`image`]).
//! 2. *Create.* Refused because the number is taken: if that generation has our nonce, it is our own put
//!    whose reply was lost, and the next number is tried. Otherwise somebody else went on: we are **fenced**.
//! 3. *Look beyond.* A writer may be suspended until its number is pruned and free again, and then create it.
//!    A higher generation shows that. Fenced.
//! 4. *Confirm.* The file notes that the generation is safe.
//!
//! Once fenced, we replace everything in the file by the newest generation, and a new **epoch** begins. What
//! was written in the old epoch is gone: nobody may act on it any more, and [`Store::write_and_copy`] writes it
//! again. The lost content is kept beside the file.
//!
//! While the remote does not answer, we cannot know whether we are fenced. Then the agent goes on with what it
//! knows here, says so ([`Store::copies`]), and tries again with growing pauses. A nonce makes the late
//! arrival of an earlier try harmless.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use rusqlite::Transaction;
use serde::Serialize;
use tokio::time::Instant;

use super::remote::{Creation, Remote, RemoteError};
use crate::{
    clock::{self, Clock},
    failpoint,
    store::{
        Store, StoreError,
        file::{
            image,
            writer::{self, Point, Written},
        },
        replica::{generation, suspend, write_marks},
        tables::lineage::{self, Lineage, Saved, Trouble},
    },
};

/// How many own lost puts are tolerated before the checkpoint fails.
const OWN_PUTS: u32 = 8;

/// How often a write is made again because another instance was first.
const REWRITES: u32 = 4;

/// A number is pruned, and free again, after about a hundred newer generations. We assume that a hundred
/// generations take longer than this. It is only a hint: the listing decides.
const LATELY: Duration = Duration::from_secs(120);

/// How often the remote is asked again because this process was suspended while it asked. Another instance may
/// have gone on meanwhile. If we mistook our own suspension for an outage, we would send every message twice.
const TRIES_AFTER_SLEEP: u32 = 4;

/// Between tries while the remote fails: doubled from the first to the second.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));

/// How a checkpoint ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// What was written is safe off the machine, or there is no remote and it never will be.
    Safe,
    /// The remote could not be brought to take it: go on with what this machine knows.
    Unreachable,
    /// The remote answers, but not whether another instance went on: act on nothing until it does.
    Unsure,
    /// Another instance went on. What was written in the epoch in question is gone, or about to go: act on
    /// none of it.
    Fenced,
}

impl Verdict {
    /// Whether what was written may be acted on.
    pub fn allows_acting(self) -> bool {
        matches!(self, Self::Safe | Self::Unreachable)
    }
}

/// How the copies fare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Copies {
    /// Where they go.
    pub remote: String,
    /// The newest that is known to be safe.
    pub saved: Option<Saved>,
    /// Why they fail, while they do.
    pub trouble: Option<Trouble>,
}

/// What [`Store`] needs for it.
pub(in crate::store) struct Copier {
    remote: Remote,
    clock: Clock,
    /// One checkpoint at a time; inside, the point up to which all is safe.
    turn: tokio::sync::Mutex<Option<Point>>,
    state: Mutex<State>,
}

struct State {
    copies: Copies,
    standing: Standing,
    /// When we last knew that nobody had gone on without us, by CLOCK_BOOTTIME.
    looked_beyond: Option<Duration>,
    /// The log of this process has it.
    warned: bool,
    pause: Duration,
    /// By both clocks: one of them stands still while the machine sleeps.
    again_at: Option<(Instant, Duration)>,
}

/// Whether this file still is the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// As far as anybody can know.
    Good,
    /// A put was answered, and the question that follows from the answer was not.
    Unsure,
    /// Another instance went on, and what it wrote is not loaded yet.
    Superseded,
}

/// A generation that is about to be created.
struct Draft {
    lineage: Lineage,
    packed: Bytes,
    writes: u64,
}

impl Copier {
    pub(in crate::store) fn new(remote: Remote, clock: Clock, lineage: Option<Lineage>) -> Self {
        let (saved, trouble) = lineage.map_or((None, None), |lineage| (lineage.saved, lineage.trouble));
        let copies = Copies {
            remote: remote.name().to_owned(),
            saved,
            trouble,
        };
        let state = State {
            copies,
            standing: Standing::Good,
            looked_beyond: None,
            warned: false,
            pause: PAUSES.0,
            again_at: None,
        };
        Self {
            remote,
            clock,
            turn: tokio::sync::Mutex::new(None),
            state: Mutex::new(state),
        }
    }

    /// Where the copies go.
    pub(in crate::store) fn remote(&self) -> &Remote {
        &self.remote
    }

    /// The time.
    pub(in crate::store) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The generation that this file made or loaded last, while nothing is wrong with the copies.
    pub(in crate::store) fn unquestioned(&self) -> Option<u64> {
        let state = self.state();
        let fine = state.standing == Standing::Good && state.copies.trouble.is_none();
        state.copies.saved.filter(|_| fine).map(|saved| saved.generation)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the last try failed so recently that nobody waits for another one.
    fn pauses(&self) -> bool {
        self.state()
            .again_at
            .is_some_and(|(at, boottime)| Instant::now() < at && self.clock.boottime() < boottime)
    }

    fn standing(&self) -> Standing {
        self.state().standing
    }

    fn stands(&self, standing: Standing) {
        self.state().standing = standing;
    }

    /// Nobody went on without us, as of now.
    fn is_good(&self) {
        let mut state = self.state();
        (state.standing, state.looked_beyond) = (Standing::Good, Some(self.clock.boottime()));
    }

    /// Whether we know from a moment ago that nobody went on without us. Time in which the machine slept
    /// counts.
    fn looked_beyond_lately(&self) -> bool {
        self.state()
            .looked_beyond
            .is_some_and(|at| self.clock.boottime().saturating_sub(at) < LATELY)
    }
}

impl Store {
    /// Makes sure that what was written in `epoch` survives this machine, or says why that cannot be known.
    /// Takes at most `within`.
    ///
    /// Returns at once if a copy with this write exists already.
    pub async fn checkpoint(&self, epoch: u64, within: Duration) -> Verdict {
        match &self.copier {
            Some(copier) => self.try_checkpoint(copier, epoch, within).await,
            None => Verdict::Safe,
        }
    }

    /// [`Store::checkpoint`], but does not ask a remote that failed a moment ago.
    async fn checkpoint_unless_failing(&self, epoch: u64, within: Duration) -> Verdict {
        match &self.copier {
            Some(copier) if copier.pauses() => self.verdict_of_failure(copier, epoch),
            _ => self.checkpoint(epoch, within).await,
        }
    }

    /// Makes a checkpoint of everything that has no copy yet, unless the remote failed a moment ago.
    pub async fn catch_up(&self, within: Duration) {
        if let Some(copier) = self.copier.as_ref().filter(|copier| !copier.pauses()) {
            self.try_checkpoint(copier, self.epoch(), within).await;
        }
    }

    /// Makes a checkpoint of everything that has no copy yet, even if the remote failed a moment ago: what a
    /// process does before it ends.
    pub async fn save(&self, within: Duration) {
        if let Some(copier) = &self.copier {
            self.try_checkpoint(copier, self.epoch(), within).await;
        }
    }

    /// Writes, and tries to copy the write off the machine. If another instance was first, `work` is run again
    /// on top of what that instance wrote, unless the instance had this write already.
    ///
    /// `Ok` means that the write is on this disk. The copy may still be missing: the remote did not answer in
    /// time, or did not say whether another instance went on. [`Store::copies`] tells, and a later
    /// [`Store::checkpoint`] makes the copy.
    ///
    /// # Errors
    /// As [`Store::write`]; and [`StoreError::Superseded`] if what other instances write cannot be loaded.
    pub async fn write_and_copy<T, F>(&self, within: Duration, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Transaction<'_>) -> rusqlite::Result<T> + Clone + Send + 'static,
    {
        let copied = self.copier.is_some();
        for _ in 0..REWRITES {
            let (work, nonce) = (work.clone(), fastrand::i64(..));
            let marked = move |tx: &Transaction<'_>| {
                let before = tx.total_changes();
                let value = work(tx)?;
                if copied && tx.total_changes() != before {
                    write_marks::mark(tx, nonce)?;
                }
                Ok(value)
            };
            let Written { value, epoch } = self.write_in_epoch(marked).await?;
            failpoint!("store.committed");
            match self.checkpoint_unless_failing(epoch, within).await {
                Verdict::Fenced if self.epoch() == epoch => break,
                Verdict::Fenced if self.read(|connection| write_marks::has(connection, nonce))? => {
                    return Ok(value);
                }
                Verdict::Fenced => {}
                Verdict::Safe | Verdict::Unreachable | Verdict::Unsure => return Ok(value),
            }
        }
        Err(StoreError::Superseded)
    }

    /// How the copies fare; `None` without a remote.
    pub fn copies(&self) -> Option<Copies> {
        self.copier.as_ref().map(|copier| copier.state().copies.clone())
    }

    async fn try_checkpoint(&self, copier: &Copier, epoch: u64, within: Duration) -> Verdict {
        let mut tries = 1;
        loop {
            let ended = suspend::ask(&copier.clock, within, self.make_safe(copier, epoch)).await;
            let (why, is_ours) = match ended.answer {
                Some(Ok(verdict)) => return verdict,
                Some(Err(StoreError::Remote(error))) => (error.to_string(), false),
                Some(Err(error)) => (error.to_string(), true),
                None => (
                    format!("{}: no answer within {within:?}", copier.remote.name()),
                    false,
                ),
            };
            if !ended.stood_still || tries == TRIES_AFTER_SLEEP {
                // A local failure proves nothing about the remote: treat it as unsure.
                return match self.failed(copier, epoch, why).await {
                    Verdict::Unreachable if is_ours => Verdict::Unsure,
                    known => known,
                };
            }
            tries += 1;
            tracing::info!(why, "this process stood still meanwhile: asking the remote again");
        }
    }

    async fn make_safe(&self, copier: &Copier, epoch: u64) -> Result<Verdict, StoreError> {
        let wanted = self.writes();
        let mut safe = copier.turn.lock().await;
        for _ in 0..OWN_PUTS {
            if copier.standing() == Standing::Superseded {
                self.load_newest(copier, &mut safe).await?;
            }
            if self.epoch() != epoch {
                return Ok(Verdict::Fenced);
            }
            if safe.is_some_and(|safe| safe.holds(epoch, wanted)) {
                return Ok(Verdict::Safe);
            }
            let draft = self.draft(copier).await?;
            let generation = draft.lineage.generation;
            failpoint!("checkpoint.drafted");
            let created = copier.remote.create(generation, draft.packed.clone()).await?;
            failpoint!("checkpoint.created");
            // A number is free again only if it was pruned, which takes longer than this.
            if created == Creation::Exists || !copier.looked_beyond_lately() {
                copier.stands(Standing::Unsure);
            }
            let ours = (created == Creation::Created || self.is_ours(copier, &draft.lineage).await?)
                && copier.remote.newest(generation).await?.is_none();
            if !ours {
                tracing::warn!(
                    generation,
                    "another instance went on with the state: its newest generation counts"
                );
                copier.stands(Standing::Superseded);
                failpoint!("checkpoint.fenced");
                continue;
            }
            copier.is_good();
            failpoint!("checkpoint.looked_beyond");
            if created == Creation::Created {
                *safe = Some(Point {
                    epoch,
                    writes: draft.writes,
                });
            }
            self.confirm(copier, generation, draft.packed.len()).await?;
            failpoint!("checkpoint.confirmed");
        }
        Err(StoreError::Superseded)
    }

    /// Whether the generation on the remote was made by this file: an earlier put of ours whose reply was
    /// lost.
    async fn is_ours(&self, copier: &Copier, draft: &Lineage) -> Result<bool, StoreError> {
        let Some(packed) = copier.remote.fetch(draft.generation).await? else {
            return Ok(false);
        };
        failpoint!("checkpoint.compared");
        let theirs = lineage::get(&generation::open(draft.generation, &packed)?)?;
        Ok(theirs.is_some_and(|theirs| theirs.nonce == draft.nonce))
    }

    async fn draft(&self, copier: &Copier) -> Result<Draft, StoreError> {
        let nonce = clock::time_ordered_id(copier.clock.now());
        let writer = self.writer()?.clone();
        let counters = writer.clone();
        // Packed on the writer thread: memory that many threads take and give back stays with the process.
        writer
            .exclusively(move |connection| {
                let lineage = writer::transact(connection, |tx| lineage::begin(tx, &nonce, 0))?;
                let packed = image::take_packed(connection)?
                    .map_err(RemoteError::Compression)?
                    .into();
                Ok(Draft {
                    lineage,
                    packed,
                    writes: counters.writes(),
                })
            })
            .await
    }

    /// Notes that a generation is safe. Should the note fail, the next draft names the same generation and
    /// finds itself.
    async fn confirm(&self, copier: &Copier, generation: u64, bytes: usize) -> Result<(), StoreError> {
        let saved = Saved {
            generation,
            at: copier.clock.now(),
            bytes: bytes as u64,
        };
        self.note(move |tx| lineage::confirm(tx, saved)).await?;
        let mut state = copier.state();
        if state.copies.trouble.take().is_some() {
            tracing::info!(generation, "the state is safe off the machine again");
        }
        (state.copies.saved, state.pause, state.again_at) = (Some(saved), PAUSES.0, None);
        state.warned = false;
        Ok(())
    }

    async fn failed(&self, copier: &Copier, epoch: u64, why: String) -> Verdict {
        let trouble = {
            let mut state = copier.state();
            let since = state
                .copies
                .trouble
                .as_ref()
                .map_or_else(|| copier.clock.now(), |trouble| trouble.since);
            if !std::mem::replace(&mut state.warned, true) {
                tracing::warn!(
                    why,
                    "the state cannot be copied off the machine; going on with what this machine knows"
                );
            }
            state.again_at = Some((
                Instant::now() + state.pause,
                copier.clock.boottime() + state.pause,
            ));
            state.pause = (2 * state.pause).min(PAUSES.1);
            let trouble = Trouble { since, why };
            state.copies.trouble = Some(trouble.clone());
            trouble
        };
        if let Err(error) = self.note(move |tx| lineage::troubled(tx, &trouble)).await {
            tracing::debug!(%error, "the trouble with the copies cannot be noted");
        }
        failpoint!("checkpoint.failed");
        self.verdict_of_failure(copier, epoch)
    }

    /// Without an answer from the remote: what we knew before still holds.
    fn verdict_of_failure(&self, copier: &Copier, epoch: u64) -> Verdict {
        match copier.standing() {
            _ if self.epoch() != epoch => Verdict::Fenced,
            Standing::Superseded => Verdict::Fenced,
            Standing::Unsure => Verdict::Unsure,
            Standing::Good => Verdict::Unreachable,
        }
    }

    /// Puts the newest generation in the place of everything in the file.
    async fn load_newest(&self, copier: &Copier, safe: &mut Option<Point>) -> Result<(), StoreError> {
        let listed = copier.remote.list(0).await?;
        let Some(newest) = listed.last().copied() else {
            return Err(RemoteError::Empty(copier.remote.name().to_owned()).into());
        };
        let (saved, reached) = self.load(&copier.remote, newest).await?;
        *safe = Some(reached);
        let mut state = copier.state();
        (state.standing, state.copies.saved, state.copies.trouble) = (Standing::Good, Some(saved), None);
        (state.pause, state.again_at) = (PAUSES.0, None);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
