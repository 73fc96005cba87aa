//! The objects in the bucket, and S3's rules for creating and deleting them.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

/// An object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The key, without the bucket.
    pub key: String,
    /// The content.
    pub bytes: Bytes,
    /// The ETag: quoted and opaque, made of the content alone.
    pub etag: String,
    /// When the object was put, by the fake's clock, in whole seconds as in S3.
    pub last_modified: Timestamp,
}

/// Why a conditional create was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conflict {
    /// 412: the key is taken.
    Taken,
    /// 409: the key was deleted while this request was under way. Whether the key is free is unknown; the
    /// client must retry.
    Concurrent,
}

#[derive(Debug, Default)]
pub(super) struct Objects {
    by_key: BTreeMap<String, Object>,
    deletions: u64,
    deleted: HashMap<String, u64>,
}

impl Objects {
    /// The number of deletions. A request remembers this number from its arrival.
    pub(super) fn deletions(&self) -> u64 {
        self.deletions
    }

    pub(super) fn create(
        &mut self,
        key: &str,
        bytes: Bytes,
        now: Timestamp,
        arrived: u64,
    ) -> Result<&Object, Conflict> {
        if self.deleted.get(key).is_some_and(|at| *at > arrived) {
            return Err(Conflict::Concurrent);
        }
        if self.by_key.contains_key(key) {
            return Err(Conflict::Taken);
        }
        Ok(self.put(key, bytes, now))
    }

    pub(super) fn put(&mut self, key: &str, bytes: Bytes, now: Timestamp) -> &Object {
        let etag = format!("\"{}\"", &hex::encode(Sha256::digest(&bytes))[..32]);
        let last_modified = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let object = Object {
            key: key.to_owned(),
            bytes,
            etag,
            last_modified,
        };
        self.by_key.entry(key.to_owned()).insert_entry(object).into_mut()
    }

    pub(super) fn get(&self, key: &str) -> Option<&Object> {
        self.by_key.get(key)
    }

    /// Deletes a key. Returns whether it existed. Deleting a missing key counts too: S3 answers both alike.
    pub(super) fn delete(&mut self, key: &str) -> bool {
        self.deletions += 1;
        self.deleted.insert(key.to_owned(), self.deletions);
        self.by_key.remove(key).is_some()
    }

    /// The objects whose key begins with `prefix` and sorts after `after`, by key.
    pub(super) fn list<'a>(&'a self, prefix: &'a str, after: &'a str) -> impl Iterator<Item = &'a Object> {
        self.by_key
            .range(prefix.to_owned()..)
            .map(|(_, object)| object)
            .take_while(move |object| object.key.starts_with(prefix))
            .filter(move |object| object.key.as_str() > after)
    }
}
