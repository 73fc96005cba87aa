//! The recorded Beeminder account, parsed once.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::views::reading::Read;

/// The account that was asked for last, when it was read, and its JSON. The record changes with each pass, and every request
/// about goals reads it: most of their time would be spent parsing the same text.
#[derive(Debug, Default)]
pub(super) struct AccountCache(Mutex<Option<(Timestamp, String, Arc<Read>)>>);

impl AccountCache {
    /// The account in this JSON, as a snapshot records it, that was read at `at`.
    ///
    /// # Errors
    /// If the JSON is no account, with the reason.
    pub(super) fn parse(&self, at: Timestamp, json: String) -> Result<Arc<Read>, String> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((when, text, read)) = &*last
            && (*when, text) == (at, &json)
        {
            return Ok(Arc::clone(read));
        }
        let account = serde_json::from_str(&json).map_err(|error| error.to_string())?;
        let read = Arc::new(Read::new(account, at));
        *last = Some((at, json, Arc::clone(&read)));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        arms::beeminder::Account,
        http::views::testing::{account, minutes_ago, now},
    };

    #[test]
    fn the_same_text_is_parsed_once_and_another_text_anew() {
        let cache = AccountCache::default();
        let text = |account: &Account| serde_json::to_string(account).unwrap();
        let first = account();
        let parsed = cache.parse(now(), text(&first)).unwrap();
        assert_eq!(*parsed, Read::new(first.clone(), now()));
        assert!(Arc::ptr_eq(&parsed, &cache.parse(now(), text(&first)).unwrap()));
        let earlier = cache.parse(minutes_ago(60), text(&first)).unwrap();
        assert_eq!(*earlier, Read::new(first.clone(), minutes_ago(60)));
        let second = Account {
            deadbeat: !first.deadbeat,
            ..first
        };
        let parsed = |cache: &AccountCache| cache.parse(now(), text(&second)).unwrap();
        assert_eq!(parsed(&cache).account, second);
        assert!(cache.parse(now(), "{}".to_owned()).is_err());
        assert_eq!(parsed(&cache).account, second);
    }
}
