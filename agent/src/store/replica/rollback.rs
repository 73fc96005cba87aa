//! Going back to an earlier state, on purpose.
//!
//! 1. The lock is taken, so that the state is never changed under a running agent.
//! 2. The source is opened and checked in memory, and is brought to the newest schema there.
//! 3. What was said since then is taken over from the present file and from the newest sound generation
//!    (`carried`), so that it is not said again. With `exactly`, nothing is taken over.
//! 4. The source becomes a generation above every generation on the remote. It replaces everything in the
//!    file at once, and is copied as that generation, so that every other instance loads it. If another
//!    instance went on meanwhile, we begin again at step 3.
//!
//! What the file held is kept beside it, even if it cannot be read. After a kill at any point, the file holds
//! either the old state or the new one.
//!
//! A file that cannot be used holds no old state. It is moved aside before step 4, so a kill between the two
//! leaves no file here. The next start then loads the newest generation, or begins anew if there is no
//! remote. The same restore can be made again instead.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::Connection;
use serde::Serialize;

use super::{
    checkpoint::Copier,
    generation,
    remote::{Generation, Remote},
};
pub use crate::store::replica::carried::Carried;
use crate::{
    clock::{self, Clock},
    store::{
        Lock, Store, StoreError, Verdict,
        file::{copies, migrate, verify, version, writer},
        replica::carried,
        tables::lineage,
    },
};

/// How long copying the restored state to the remote may take.
const COPY: Duration = Duration::from_secs(20);
/// How often the rollback is tried in all, if another instance goes on each time.
const TRIES: u32 = 3;
/// How many generations are tried, the newest first, until one can be read.
const LOOKS: usize = 5;

/// A file that is about to become an earlier state. Nobody else can open it meanwhile.
#[derive(Debug)]
pub struct Rollback {
    path: PathBuf,
    lock: Lock,
}

/// What a rollback did.
#[derive(Debug, Default, Serialize)]
pub struct RolledBack {
    /// Where the replaced content is kept; `None` if there was none.
    pub kept_aside: Option<PathBuf>,
    /// What was taken over from later states.
    pub carried: Vec<Carried>,
    /// The generation that the file now is, if there is a remote.
    pub generation: Option<u64>,
    /// Whether that generation is on the remote.
    pub copied: bool,
    /// Why later states could not be read. What was said in them may be said again.
    pub unread: Vec<String>,
}

/// The file as it was found.
enum Present {
    Missing,
    Sound(Connection),
    Unusable(String),
}

impl Rollback {
    /// Takes the lock.
    ///
    /// # Errors
    /// If another process has the state.
    pub fn begin(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            path: path.to_owned(),
            lock: Lock::take(path)?,
        })
    }

    /// Makes the content of the file that of `source`. `what` names the source in errors. With `exactly`,
    /// what was said since then is forgotten.
    ///
    /// # Errors
    /// If the source is damaged or was made by a newer release. If the remote does not answer. If the file
    /// cannot be written. Then everything is as it was, or another instance goes on with the newest state.
    pub async fn finish(
        self,
        mut source: Connection,
        what: &str,
        remote: Option<&Remote>,
        clock: &Clock,
        exactly: bool,
    ) -> Result<RolledBack, StoreError> {
        verify::verify(&source, what)?;
        migrate::migrate_in_memory(&mut source, Path::new(what))?;
        let mut done = RolledBack::default();
        let present = present(&self.path)?;
        // We ask the remote before we change anything. If it fails, the next start could load its newest
        // generation and undo the restore.
        let has_generations = match remote {
            Some(remote) => !remote.list(0).await?.is_empty(),
            None => false,
        };
        if !exactly {
            done.take_from_present(&mut source, &present, &self.path, has_generations)?;
        }
        let own_generation = present.generation()?;
        let label = format!("-{}", clock.now().strftime("%Y%m%dT%H%M%SZ"));
        if let Present::Unusable(_) = present {
            done.kept_aside = Some(copies::move_aside(&self.path, &format!(".unusable{label}"))?);
        }
        let mut store = Store::open_locked(&self.path, self.lock.clone())?;
        let Some(remote) = remote else {
            done.put_in_place(&store, &source, label).await?;
            return Ok(done);
        };
        for _ in 0..TRIES {
            let listing = remote.list(0).await?;
            if !exactly {
                done.take_from_newest(&mut source, remote, &listing).await?;
            }
            let newest = listing.last().map_or(0, |newest| newest.number);
            begin_above(&mut source, own_generation.max(newest), clock)?;
            done.put_in_place(&store, &source, label.clone()).await?;
            let own = store.read(lineage::get)?;
            done.generation = own.as_ref().map(|own| own.generation);
            store.copier = Some(Copier::new(remote.clone(), clock.clone(), own).into());
            match store.checkpoint(store.epoch(), COPY).await {
                Verdict::Safe => {
                    done.copied = true;
                    return Ok(done);
                }
                Verdict::Unreachable | Verdict::Unsure => return Ok(done),
                Verdict::Fenced => {
                    tracing::warn!("another instance went on with the state meanwhile: once more");
                }
            }
        }
        Err(StoreError::Superseded)
    }
}

impl Present {
    /// The generation that the file is; 0: none.
    fn generation(&self) -> rusqlite::Result<u64> {
        match self {
            Self::Sound(present) => Ok(lineage::get(present)?.map_or(0, |own| own.generation)),
            Self::Missing | Self::Unusable(_) => Ok(0),
        }
    }
}

impl RolledBack {
    /// Takes over what was said, from the file as it was found. A missing file is nothing unread if there are
    /// generations: they hold what it held.
    fn take_from_present(
        &mut self,
        source: &mut Connection,
        present: &Present,
        path: &Path,
        has_generations: bool,
    ) -> Result<(), StoreError> {
        match present {
            Present::Sound(present) => self.take(carry_into(source, present)?),
            Present::Unusable(why) => self.unread.push(why.clone()),
            Present::Missing if has_generations => {}
            Present::Missing => self.unread.push(format!("{} does not exist", path.display())),
        }
        Ok(())
    }

    async fn put_in_place(
        &mut self,
        store: &Store,
        source: &Connection,
        label: String,
    ) -> Result<(), StoreError> {
        let mut copy = Connection::open_in_memory()?;
        rusqlite::backup::Backup::new(source, &mut copy)?.step(-1)?;
        let (aside, _) = store.put_in_place(copy, Some(label)).await?;
        // The first copy is what the person had. Later copies hold what another instance wrote meanwhile,
        // which is on the remote.
        self.kept_aside = self.kept_aside.take().or(aside);
        Ok(())
    }

    /// Takes over what was said, from the newest generation that can be read.
    async fn take_from_newest(
        &mut self,
        source: &mut Connection,
        remote: &Remote,
        listing: &[Generation],
    ) -> Result<(), StoreError> {
        for generation in listing.iter().rev().take(LOOKS) {
            match open_generation(remote, generation.number).await {
                Ok(later) => {
                    self.take(carry_into(source, &later)?);
                    return Ok(());
                }
                Err(StoreError::Remote(error)) if error.is_silence() => return Err(error.into()),
                Err(error) => self.unread.push(error.to_string()),
            }
        }
        Ok(())
    }

    fn take(&mut self, carried: Vec<Carried>) {
        for carried in carried.into_iter().filter(|carried| carried.rows > 0) {
            match self
                .carried
                .iter_mut()
                .find(|so_far| so_far.table == carried.table)
            {
                Some(so_far) => so_far.rows += carried.rows,
                None => self.carried.push(carried),
            }
        }
    }
}

/// A generation in memory, checked and of the newest schema.
async fn open_generation(remote: &Remote, number: u64) -> Result<Connection, StoreError> {
    let mut opened = generation::fetch(remote, number).await?.0;
    migrate::migrate_in_memory(&mut opened, Path::new(&format!("generation {number}")))?;
    Ok(opened)
}

fn present(path: &Path) -> Result<Present, StoreError> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Present::Missing),
        Ok(file) if file.len() == 0 => return Ok(Present::Missing),
        _ => {}
    }
    let open = || {
        let mut present = copies::open(path)?;
        version::refuse_foreign(&present, path)?;
        verify::verify(&present, &path.display().to_string())?;
        migrate::migrate_in_memory(&mut present, path)?;
        Ok(present)
    };
    match open() {
        Ok(present) => Ok(Present::Sound(present)),
        // The Python system's file is not an unusable state of ours: the person named the wrong file.
        Err(StoreError::NotOurs(path)) => Err(StoreError::NotOurs(path)),
        Err(error) => Ok(Present::Unusable(error.to_string())),
    }
}

/// Makes `source` the beginning of a lineage above `generation`.
fn begin_above(source: &mut Connection, generation: u64, clock: &Clock) -> rusqlite::Result<()> {
    let nonce = clock::time_ordered_id(clock.now());
    writer::transact(source, |tx| {
        lineage::forget(tx)?;
        lineage::begin(tx, &nonce, generation + 1)
    })?;
    Ok(())
}

fn carry_into(source: &mut Connection, later: &Connection) -> Result<Vec<Carried>, StoreError> {
    Ok(writer::transact(source, |tx| carried::carry(later, tx))?)
}

#[cfg(test)]
mod tests;
