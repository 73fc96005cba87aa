//! How a file joins the state off the machine: at start, and when another instance went on.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, backup::Backup};

use super::{
    checkpoint::Copier,
    generation,
    remote::{Generation, Remote, RemoteError},
};
use crate::{
    clock::Clock,
    durable::beside,
    failpoint,
    store::{
        Store, StoreError,
        file::{
            copies, image, migrate,
            writer::{self, Point},
        },
        tables::{
            export,
            lineage::{self, Lineage, Saved},
        },
    },
};

/// The pause before a backup tries again, if a person has the database open for writing.
const BUSY: std::time::Duration = std::time::Duration::from_millis(20);

/// How many files with replaced content are kept.
const SUPERSEDED_KEPT: usize = 3;

/// What a start found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// Nobody has any state yet.
    First,
    /// The file is the newest generation, perhaps with later writes.
    Newest(u64),
    /// The file was missing or older, so this generation was loaded.
    Loaded(u64),
    /// The remote does not answer. The file was joined with it before, so it goes on alone.
    Alone,
}

impl Store {
    /// Joins the file with its copies. Afterwards the file is the newest generation, perhaps with later
    /// writes of this machine, and [`Store::checkpoint`] makes new generations.
    ///
    /// # Errors
    /// If the remote does not answer and the file was never joined with it: then we cannot know what was said
    /// already. If the newest generation is damaged, or was made by a newer release.
    pub async fn join(&mut self, remote: &Remote, clock: &Clock) -> Result<Joined, StoreError> {
        let joined = match self.load_if_newer(remote).await {
            Ok(joined) => joined,
            Err(StoreError::Remote(error)) if error.is_silence() => match self.read(lineage::get)? {
                None => return Err(StoreError::NotRestored(error)),
                Some(_) => {
                    tracing::warn!(%error, "the copies of the state do not answer; going on with what this machine knows");
                    Joined::Alone
                }
            },
            Err(error) => return Err(error),
        };
        let lineage = self.read(lineage::get)?;
        self.copier = Some(Copier::new(remote.clone(), clock.clone(), lineage).into());
        Ok(joined)
    }

    /// Loads the newest generation, unless the file is that generation already. Makes no generation, and does
    /// not make the store copy its writes.
    ///
    /// # Errors
    /// As [`Store::join`].
    pub async fn load_if_newer(&self, remote: &Remote) -> Result<Joined, StoreError> {
        let here = self.read(lineage::get)?;
        let listed = remote.list(0).await?;
        failpoint!("restore.listed");
        let Some(newest) = listed.last().copied() else {
            if let Some(saved) = here.and_then(|here| here.saved) {
                tracing::error!(
                    remote = remote.name(),
                    generation = saved.generation,
                    made_at = %saved.at,
                    "the remote has no copy of the state any more: was it emptied, or is its folder not mounted? The next write makes a new copy there"
                );
            }
            return Ok(Joined::First);
        };
        match here {
            Some(here) if here.generation > newest.number => {
                // A generation of ours may never have arrived. But a confirmed generation was on the remote
                // once.
                if here.saved.is_some_and(|saved| saved.generation > newest.number) {
                    let (here, there) = (here.generation, newest.number);
                    tracing::warn!(
                        here,
                        there,
                        "the remote has lost generations, or is another one; going on from this file"
                    );
                }
                Ok(Joined::Newest(newest.number))
            }
            Some(here) if here.generation == newest.number => {
                match self.is_of(remote, newest, &here).await {
                    Ok(true) => {}
                    Ok(false) => {
                        return self
                            .load(remote, newest)
                            .await
                            .map(|(saved, _)| Joined::Loaded(saved.generation));
                    }
                    // The generation was sound when we made or loaded it, and this file still holds what was
                    // in it.
                    Err(error) if error.is_damage() && here.is_confirmed() => {
                        tracing::error!(%error, "the newest copy of the state was damaged since; this file still has what was in it, and makes a new one");
                        return Ok(Joined::Newest(newest.number));
                    }
                    Err(error) => return Err(error),
                }
                if !here.is_confirmed() {
                    let saved = Saved {
                        generation: newest.number,
                        at: newest.at,
                        bytes: newest.bytes,
                    };
                    self.note(move |tx| lineage::confirm(tx, saved)).await?;
                }
                Ok(Joined::Newest(newest.number))
            }
            _ => self
                .load(remote, newest)
                .await
                .map(|(saved, _)| Joined::Loaded(saved.generation)),
        }
    }

    /// Whether the newest generation, which has our number, has our nonce as well.
    async fn is_of(&self, remote: &Remote, newest: Generation, here: &Lineage) -> Result<bool, StoreError> {
        let Some(packed) = remote.fetch(newest.number).await? else {
            return Err(RemoteError::gone(newest.number).into());
        };
        let theirs = lineage::get(&generation::open(newest.number, &packed)?)?;
        Ok(theirs.is_some_and(|theirs| theirs.nonce == here.nonce))
    }

    /// Replaces everything in the file by a generation. What the file held is kept beside it. Also returns
    /// the first point of the new epoch.
    pub(in crate::store) async fn load(
        &self,
        remote: &Remote,
        generation: Generation,
    ) -> Result<(Saved, Point), StoreError> {
        let (mut source, _) = generation::fetch(remote, generation.number).await?;
        let made_as = generation::made_as(&source)?.filter(|&made_as| made_as != generation.number);
        if let Some(made_as) = made_as {
            let generation = generation.number;
            tracing::warn!(
                generation,
                made_as,
                "this copy of the state was made under another number: the number in its name counts"
            );
        }
        migrate::migrate_in_memory(&mut source, Path::new(remote.name()))?;
        let saved = Saved {
            generation: generation.number,
            at: generation.at,
            bytes: generation.bytes,
        };
        failpoint!("restore.fetched");
        writer::transact(&mut source, |tx| lineage::adopt(tx, saved))?;
        let (aside, reached) = self.put_in_place(source, None).await?;
        failpoint!("restore.loaded");
        let (generation, remote) = (generation.number, remote.name());
        match aside {
            None => tracing::info!(generation, remote, "state loaded"),
            Some(aside) => tracing::warn!(
                generation,
                remote,
                aside = %aside.display(),
                "state loaded in the place of what this machine had; what it wrote since its own last copy is in that file alone"
            ),
        }
        Ok((saved, reached))
    }

    /// Replaces everything in the file by a database of the newest schema. After a kill the file holds all of
    /// the new content or none of it. What the file held is kept beside it, in a copy whose name ends in
    /// `labelled`. Without that label, the copy replaces an earlier copy of the same generation. Returns the
    /// path of the copy, if the file held anything.
    pub(in crate::store) async fn put_in_place(
        &self,
        source: Connection,
        labelled: Option<String>,
    ) -> Result<(Option<PathBuf>, Point), StoreError> {
        let path = self.path().to_owned();
        let (told, aside) = std::sync::mpsc::channel();
        let replace = move |connection: &mut Connection| {
            let aside = keep_aside(connection, &path, labelled.as_deref().unwrap_or_default())?;
            Backup::new(&source, connection)?.run_to_completion(i32::MAX, BUSY, None)?;
            failpoint!("restore.replaced");
            // The receiver waits until this closure has ended.
            drop(told.send(aside));
            Ok(())
        };
        let reached = self.writer()?.replace(replace).await?;
        Ok((aside.try_recv().ok().flatten(), reached))
    }
}

/// Copies what is about to be replaced to `<file>.superseded-<generation><label>`, if there is anything in
/// it, and deletes the oldest such copies.
fn keep_aside(connection: &mut Connection, path: &Path, label: &str) -> Result<Option<PathBuf>, StoreError> {
    let generation = lineage::get(connection)?.map(|lineage| lineage.generation);
    if generation.is_none() && export::is_empty(connection)? {
        return Ok(None);
    }
    let copy = beside(
        path,
        &format!(".superseded-{:010}{label}", generation.unwrap_or_default()),
    );
    copies::keep(&copy, &image::take(connection)?)?;
    let mut copies = superseded(path);
    copies.sort();
    let oldest = copies.len().saturating_sub(SUPERSEDED_KEPT);
    for copy in copies.drain(..oldest) {
        if let Err(error) = std::fs::remove_file(&copy) {
            tracing::warn!(%error, copy = %copy.display(), "an old copy of replaced state cannot be removed");
        }
    }
    Ok(Some(copy))
}

fn superseded(path: &Path) -> Vec<PathBuf> {
    let start = beside(path, ".superseded-");
    // We compare file names, not paths: for `state.db` the folder is `.`, and its listing says `./state.db`.
    let name = start.file_name().unwrap_or_default().as_encoded_bytes();
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(name))
        .map(|entry| entry.path())
        .collect()
}
