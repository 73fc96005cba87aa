//! The requests, in numbers.

use serde::Serialize;

use super::Operation;

/// Requests that arrived whole and were signed correctly, including those that failed by a planned fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// PUTs.
    pub puts: u64,
    /// PUTs that made an object.
    pub created: u64,
    /// PUTs answered 412, because the key was taken.
    pub conditional_conflicts: u64,
    /// PUTs answered 409, because the key was deleted meanwhile or a fault said so.
    pub concurrent_conflicts: u64,
    /// GETs of an object.
    pub gets: u64,
    /// HEADs.
    pub heads: u64,
    /// Lists, each page.
    pub lists: u64,
    /// Requests to delete.
    pub deletes: u64,
    /// Keys in the requests to delete.
    pub deleted_keys: u64,
    /// Requests refused for their credentials. No other figure counts them.
    pub denied: u64,
    /// Bytes of all request bodies, without heads.
    pub bytes_in: u64,
    /// Bytes of all response bodies, without heads.
    pub bytes_out: u64,
}

impl Counts {
    pub(super) fn arrived(&mut self, operation: Operation) {
        match operation {
            Operation::Put => self.puts += 1,
            Operation::Get => self.gets += 1,
            Operation::Head => self.heads += 1,
            Operation::List => self.lists += 1,
            Operation::Delete => self.deletes += 1,
            Operation::Any => {}
        }
    }
}
