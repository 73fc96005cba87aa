//! What the arm makes of a reply, for `fuzz/fuzz_targets/beeminder_reply.rs`.

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;

use super::{Account, BeeminderError, Malformed, RecentDatapoints, convert, error, repair::Document};
use crate::{domain::Slug, outbound};

/// The JSON of a reply.
#[derive(Clone, Debug)]
pub struct Reply(Document);

/// Reads a reply as the client of the API does.
///
/// # Errors
/// If it is no success, or no JSON.
pub fn read(status: StatusCode, body: &[u8], token: &str) -> Result<Reply, BeeminderError> {
    let reply = outbound::Reply {
        status,
        body: Bytes::copy_from_slice(body),
        retry_after: None,
    };
    error::json(&reply, "the goals of me", &SecretString::from(token)).map(Reply)
}

impl Reply {
    /// The elements of the list; `None` for one that cannot be read.
    ///
    /// # Errors
    /// If it is no list.
    pub fn elements(self) -> Result<Vec<Option<Value>>, Malformed> {
        let elements = self.0.elements("the goals")?;
        Ok(elements.into_iter().map(Result::ok).collect())
    }

    /// The account, if these are its goals.
    ///
    /// # Errors
    /// If they are none.
    pub fn as_goals(self, ignore: &[Slug], now: Timestamp) -> Result<Account, Malformed> {
        convert::account(None, self.0, ignore, now)
    }

    /// The account without goals, if this is its user.
    ///
    /// # Errors
    /// If it is none.
    pub fn as_user(self, now: Timestamp) -> Result<Account, Malformed> {
        let user = self.0.whole("the user")?;
        convert::account(Some(user), Value::Array(Vec::new()), &[], now)
    }

    /// The datapoints, if these are some.
    ///
    /// # Errors
    /// If they are none.
    pub fn as_datapoints(self) -> Result<RecentDatapoints, Malformed> {
        convert::datapoints(self.0)
    }
}
