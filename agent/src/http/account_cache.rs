//! The recorded Beeminder account, parsed once.

use std::sync::{Arc, Mutex, PoisonError};

use crate::arms::beeminder::Account;

/// The account that was asked for last, and its JSON. The record changes with each pass, and every request
/// about goals reads it: most of their time would be spent parsing the same text.
#[derive(Debug, Default)]
pub(super) struct AccountCache(Mutex<Option<(String, Arc<Account>)>>);

impl AccountCache {
    /// The account in this JSON, as a snapshot records it.
    ///
    /// # Errors
    /// If the JSON is no account.
    pub(super) fn parse(&self, json: String) -> serde_json::Result<Arc<Account>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((text, account)) = &*last
            && *text == json
        {
            return Ok(Arc::clone(account));
        }
        let account: Arc<Account> = Arc::new(serde_json::from_str(&json)?);
        *last = Some((json, Arc::clone(&account)));
        Ok(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::views::testing::account;

    #[test]
    fn the_same_text_is_parsed_once_and_another_text_anew() {
        let cache = AccountCache::default();
        let text = |account: &Account| serde_json::to_string(account).unwrap();
        let first = account();
        let parsed = cache.parse(text(&first)).unwrap();
        assert_eq!(*parsed, first);
        assert!(Arc::ptr_eq(&parsed, &cache.parse(text(&first)).unwrap()));
        let second = Account {
            deadbeat: !first.deadbeat,
            ..first
        };
        assert_eq!(*cache.parse(text(&second)).unwrap(), second);
        assert!(cache.parse("{}".to_owned()).is_err());
        assert_eq!(*cache.parse(text(&second)).unwrap(), second);
    }
}
