//! The copies off the machine: numbered generations `state/0000000123.db.zst` in a bucket or a folder.
//!
//! Here is what a generation is and how one is listed, created, fetched and deleted. A generation is created
//! only if there is none of its number, by whoever comes first, and is never changed. When to make one, and
//! what it means that somebody else was first, is in [`super::checkpoint`].

mod bounded;
mod open;
mod reply;

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, path::Path};

/// Where the generations are, below the remote's prefix.
const FOLDER: &str = "state";

/// The largest packed generation. That of a year with twelve goals has a hundredth of it.
pub(in crate::store) const LARGEST: u64 = 16 * 1024 * 1024;

/// The highest number that a generation can have: 21 passes a day do not reach it. Names with a higher number are
/// none of ours. Nobody could go on from the highest number of ten digits, because listings are in the order of the
/// names.
const HIGHEST: u64 = 8_999_999_999;

/// For one request, with its tries.
pub(super) const REQUEST: Duration = Duration::from_secs(5);

/// How often a creation may run into another request under way before that is an error.
const CONFLICTS: u32 = 3;

/// Why a copy could not be made, read or found.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The address makes no sense.
    #[error("state.remote = {url}: {why}")]
    Address {
        /// As configured.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The remote refused, or did not answer.
    #[error("{remote}: {why}")]
    Request {
        /// Whose.
        remote: String,
        /// What it said, without the secrets that it may have repeated.
        why: String,
    },
    /// The remote did not answer in time.
    #[error("{remote}: no answer within {within:?}")]
    Slow {
        /// Whose.
        remote: String,
        /// How long it was waited for.
        within: Duration,
    },
    /// A generation cannot be read.
    #[error("generation {generation} is damaged: {why}")]
    Damaged {
        /// Which.
        generation: u64,
        /// What is wrong with it.
        why: String,
    },
    /// There was a generation a moment ago, and now there is none.
    #[error("{0} lists no generation any more: was it emptied?")]
    Empty(String),
    /// A state has grown beyond what any machine would load.
    #[error(
        "the state has {0} bytes, and none is copied that has more than {LARGEST}: a smaller state.retention_days makes it smaller"
    )]
    TooLarge(u64),
    /// A folder, a pipe or a device has the name of the next generation.
    #[error("{} has the name of a copy and is no file: move it away", .0.display())]
    NoFile(PathBuf),
    /// A copy could not be compressed.
    #[error("the state could not be compressed: {0}")]
    Compression(std::io::Error),
}

impl RemoteError {
    /// Whether this only says that the remote could not be asked, not that what it holds is wrong.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Request { .. } | Self::Slow { .. })
    }

    /// A generation was listed and is not there.
    pub(super) fn gone(generation: u64) -> Self {
        Self::Damaged {
            generation,
            why: "it is listed, but not there".to_owned(),
        }
    }
}

/// A generation as the remote lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Generation {
    /// Its number, from 1.
    pub number: u64,
    /// When it was made, by the remote's clock.
    pub at: Timestamp,
    /// Its size, compressed.
    pub bytes: u64,
}

/// What became of an attempt to create a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// It is ours.
    Created,
    /// There was one of this number.
    Exists,
}

/// Where generations are kept. Cheap to clone.
#[derive(Clone)]
pub struct Remote {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    folder: Path,
    /// The folder of the generations, if it is one of this machine.
    local: Option<Arc<std::path::Path>>,
    name: Arc<str>,
}

impl Remote {
    /// Over any object store; generations are under `prefix/state/`. `name` is what errors and people call
    /// it.
    pub fn new(store: Arc<dyn ObjectStore>, prefix: &Path, name: &str) -> Self {
        Self {
            store,
            prefix: prefix.clone(),
            folder: prefix.clone().join(FOLDER),
            local: None,
            name: name.into(),
        }
    }

    /// What errors and people call it: its URL.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The generations above `after`, ascending.
    ///
    /// # Errors
    /// If the remote cannot be asked.
    pub async fn list(&self, after: u64) -> Result<Vec<Generation>, RemoteError> {
        let listing = self.store.list_with_offset(Some(&self.folder), &self.path(after));
        let objects: Vec<_> = self.within(listing.try_collect()).await?;
        let mut generations: Vec<Generation> = objects
            .into_iter()
            .filter_map(|object| {
                let number = number(object.location.filename()?)?;
                let at =
                    Timestamp::from_second(object.last_modified.timestamp()).unwrap_or(Timestamp::UNIX_EPOCH);
                Some(Generation {
                    number,
                    at,
                    bytes: object.size,
                })
            })
            .filter(|generation| generation.number > after)
            .collect();
        generations.sort_unstable_by_key(|generation| generation.number);
        Ok(generations)
    }

    /// The highest generation above `after`, if there is any.
    ///
    /// # Errors
    /// If the remote cannot be asked.
    pub async fn newest(&self, after: u64) -> Result<Option<u64>, RemoteError> {
        Ok(self.list(after).await?.last().map(|generation| generation.number))
    }

    /// Creates a generation, if there is none of its number.
    ///
    /// # Errors
    /// If nobody can say whether it was created, or if it is larger than [`Remote::fetch`] takes.
    pub async fn create(&self, generation: u64, packed: Bytes) -> Result<Creation, RemoteError> {
        let size = packed.len() as u64;
        if size > LARGEST {
            return Err(RemoteError::TooLarge(size));
        }
        let path = self.path(generation);
        let put = async {
            let mut conflicts = 0;
            loop {
                let options = PutOptions::from(PutMode::Create);
                match self.store.put_opts(&path, packed.clone().into(), options).await {
                    Ok(_) => return Ok(Creation::Created),
                    Err(error) if reply::is_conflict(&error) => {
                        conflicts += 1;
                        if conflicts == CONFLICTS {
                            return Err(error);
                        }
                    }
                    Err(object_store::Error::AlreadyExists { .. }) => return Ok(Creation::Exists),
                    Err(error) => return Err(error),
                }
            }
        };
        let creation = self.within(put).await?;
        if creation == Creation::Exists {
            self.refuse_no_file(generation)?;
        }
        Ok(creation)
    }

    /// Another instance can only have made a file. What is none is not listed either, so that everybody would take
    /// it for a generation of somebody else for ever.
    fn refuse_no_file(&self, generation: u64) -> Result<(), RemoteError> {
        let Some(folder) = &self.local else { return Ok(()) };
        let path = folder.join(filename(generation));
        match std::fs::symlink_metadata(&path) {
            Ok(found) if !found.is_file() => Err(RemoteError::NoFile(path)),
            _ => Ok(()),
        }
    }

    /// What a generation holds, compressed; `None` if there is none of that number.
    ///
    /// # Errors
    /// If the remote cannot be asked, or the generation is larger than any can be.
    pub async fn fetch(&self, generation: u64) -> Result<Option<Bytes>, RemoteError> {
        let path = self.path(generation);
        let get = async {
            match self.store.get(&path).await {
                Ok(found) if found.meta.size > LARGEST => Ok(Some(Err(found.meta.size))),
                Ok(found) => found.bytes().await.map(|bytes| Some(Ok(bytes))),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        };
        match self.within(get).await? {
            None => Ok(None),
            Some(Ok(packed)) => Ok(Some(packed)),
            Some(Err(size)) => Err(RemoteError::Damaged {
                generation,
                why: format!("it has {size} bytes, and no generation has more than {LARGEST}"),
            }),
        }
    }

    /// Removes a generation; one that is gone already is no error.
    ///
    /// # Errors
    /// If the remote refuses.
    pub async fn delete(&self, generation: u64) -> Result<(), RemoteError> {
        let path = self.path(generation);
        let delete = async {
            match self.store.delete(&path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(error),
            }
        };
        self.within(delete).await
    }

    /// Whether a generation could be made and pruned: writes an object that is none, under a name that nobody
    /// else uses, and removes it.
    ///
    /// # Errors
    /// If the remote refuses either, or cannot be asked.
    pub async fn try_out(&self, unique: &str) -> Result<(), RemoteError> {
        // Beside the generations, whose folder is the daemon's to make, perhaps as another user.
        let path = self.prefix.clone().join(format!("check-{unique}"));
        let put = self
            .store
            .put_opts(&path, Bytes::new().into(), PutOptions::from(PutMode::Create));
        self.within(put).await?;
        self.within(self.store.delete(&path)).await
    }

    fn path(&self, generation: u64) -> Path {
        self.folder.clone().join(filename(generation))
    }

    async fn within<T>(
        &self,
        request: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T, RemoteError> {
        match tokio::time::timeout(REQUEST, request).await {
            Ok(answer) => answer.map_err(|error| RemoteError::Request {
                remote: self.name.to_string(),
                why: reply::sentence(&error),
            }),
            Err(_) => Err(RemoteError::Slow {
                remote: self.name.to_string(),
                within: REQUEST,
            }),
        }
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

fn filename(generation: u64) -> String {
    format!("{generation:010}.db.zst")
}

/// The number in `0000000123.db.zst`; whatever else lies in the folder is none of ours.
fn number(filename: &str) -> Option<u64> {
    let digits = filename.strip_suffix(".db.zst")?;
    let fits = digits.len() == 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = fits.then(|| digits.parse().ok())??;
    (1..=HIGHEST).contains(&number).then_some(number)
}

#[cfg(test)]
pub(crate) mod tests;
