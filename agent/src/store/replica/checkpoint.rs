//! Checkpoints: how the state survives this machine, and how two instances find out about each other.
//!
//! A checkpoint creates the whole database on the remote as the next generation, but only if no generation
//! has that number yet. This one conditional create makes the state durable, fences other instances, and
//! keeps a history:
//!
//! 1. *Draft.* The file notes that it is the next generation, with a fresh nonce, and is copied ([`lineage`],
//!    [`image`]).
//! 2. *Create.* The remote refuses the create if the number is taken. If the generation of that number has
//!    our nonce, it is our own put whose reply was lost, and we try the next number. Otherwise another
//!    instance went on with the state, and we are **fenced**.
//! 3. *Look beyond.* A writer may be suspended for so long that its number is taken, pruned, and free again.
//!    Its create then succeeds, but there is a higher generation. That shows that the writer is fenced.
//! 4. *Confirm.* The file notes that the generation is safe.
//!
//! Once fenced, we replace everything in the file by the newest generation, and a new **epoch** begins. What
//! was written in the old epoch is gone. Nobody may act on it any more, and [`Store::write_and_copy`] writes
//! it again. The lost content is kept beside the file.
//!
//! While the remote does not answer, we cannot know whether we are fenced. Then the agent goes on with what
//! this machine knows, reports the trouble ([`Store::copies`]), and tries again after growing pauses. If an
//! earlier try arrives late, its nonce shows that it is ours.

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

/// How many rounds a checkpoint makes before it fails. Each of our puts whose reply was lost costs a round.
const OWN_PUTS: u32 = 8;

/// How often a write is made in all, if another instance is first each time.
const REWRITES: u32 = 4;

/// A number is pruned, and becomes free again, after about a hundred newer generations. We assume that a
/// hundred generations take longer than this duration. The assumption is only a hint: the listing of the
/// remote decides.
const LATELY: Duration = Duration::from_secs(120);

/// How often the remote is asked in all, if this process is suspended each time it asks. Another instance may
/// have gone on meanwhile. If we mistook our own suspension for an outage, we would send every message twice.
const TRIES_AFTER_SLEEP: u32 = 4;

/// The pause between tries while the remote fails. It doubles from the first value up to the second.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));

/// How a checkpoint ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// What was written is safe off the machine, or there is no remote to copy it to.
    Safe,
    /// The remote did not take the copy. Go on with what this machine knows.
    Unreachable,
    /// We cannot know yet whether another instance went on. Act on nothing until we know.
    Unsure,
    /// Another instance went on. What was written in the epoch is gone, or will be replaced soon. Act on none
    /// of it.
    Fenced,
}

impl Verdict {
    /// Whether the caller may act on what was written.
    pub fn allows_acting(self) -> bool {
        matches!(self, Self::Safe | Self::Unreachable)
    }
}

/// The condition of the copies off the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Copies {
    /// Where the copies go.
    pub remote: String,
    /// The newest copy that is known to be safe.
    pub saved: Option<Saved>,
    /// Why copies fail; `None` while they succeed.
    pub trouble: Option<Trouble>,
}

/// What [`Store`] needs to make checkpoints.
pub(in crate::store) struct Copier {
    remote: Remote,
    clock: Clock,
    /// Lets one checkpoint run at a time. Holds the point up to which every write is safe.
    turn: tokio::sync::Mutex<Option<Point>>,
    state: Mutex<State>,
}

struct State {
    copies: Copies,
    standing: Standing,
    /// When we last knew that nobody had gone on without us, by CLOCK_BOOTTIME.
    looked_beyond: Option<Duration>,
    /// Whether this process has logged the present trouble.
    warned: bool,
    pause: Duration,
    /// The end of the pause, by two clocks. `Instant` stands still while the machine sleeps, and boot time
    /// does not. The pause ends as soon as one of them says so.
    again_at: Option<(Instant, Duration)>,
}

/// Whether this file is still the newest state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It is, as far as we can know.
    Good,
    /// The remote answered a put, but has not told us yet whether another instance went on.
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

    /// The clock that checkpoints use.
    pub(in crate::store) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The generation that this file made or loaded last. `None` while something is wrong with the copies.
    pub(in crate::store) fn unquestioned(&self) -> Option<u64> {
        let state = self.state();
        let fine = state.standing == Standing::Good && state.copies.trouble.is_none();
        state.copies.saved.filter(|_| fine).map(|saved| saved.generation)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the last try failed so recently that we do not try again yet.
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

    /// Notes that, as of now, no other instance has gone on without us.
    fn is_good(&self) {
        let mut state = self.state();
        (state.standing, state.looked_beyond) = (Standing::Good, Some(self.clock.boottime()));
    }

    /// Whether we knew less than `LATELY` ago that no other instance had gone on without us. Time in which
    /// the machine slept counts.
    fn looked_beyond_lately(&self) -> bool {
        self.state()
            .looked_beyond
            .is_some_and(|at| self.clock.boottime().saturating_sub(at) < LATELY)
    }
}

impl Store {
    /// Makes sure that what was written in `epoch` survives this machine. The verdict says whether it does.
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

    /// Makes a checkpoint of everything that has no copy yet, even if the remote failed a moment ago. A
    /// process does this before it ends.
    pub async fn save(&self, within: Duration) {
        if let Some(copier) = &self.copier {
            self.try_checkpoint(copier, self.epoch(), within).await;
        }
    }

    /// Writes, and tries to copy the write off the machine. If another instance was first, `work` is run
    /// again on top of what that instance wrote, unless that state holds this write already.
    ///
    /// `Ok` means that the write is on this disk. The copy may still be missing: the remote did not answer in
    /// time, or did not say whether another instance went on. [`Store::copies`] says which, and a later
    /// [`Store::checkpoint`] makes the copy.
    ///
    /// # Errors
    /// As [`Store::write`]. Also [`StoreError::Superseded`], if another instance's generation cannot be
    /// loaded, or if other instances were first each time.
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

    /// The condition of the copies; `None` without a remote.
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
            // A number becomes free again only after it was pruned, which takes longer than `LATELY`.
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
        // We pack on the writer thread, because memory that many threads allocate and free stays with the
        // process.
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

    /// Notes that a generation is safe. If the note fails, the next draft has the same number and nonce, and
    /// finds its own put on the remote.
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

    /// The verdict without an answer from the remote: what we knew before still holds.
    fn verdict_of_failure(&self, copier: &Copier, epoch: u64) -> Verdict {
        match copier.standing() {
            _ if self.epoch() != epoch => Verdict::Fenced,
            Standing::Superseded => Verdict::Fenced,
            Standing::Unsure => Verdict::Unsure,
            Standing::Good => Verdict::Unreachable,
        }
    }

    /// Replaces everything in the file by the newest generation.
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
