use std::collections::HashSet;

use rusqlite::Connection;

/// What tells the messages of this state from those of others in a provider's list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ours {
    /// The tag of every message.
    pub tags: HashSet<String>,
    /// Every id that a provider gave to an attempt.
    pub provider_ids: HashSet<String>,
}

impl Ours {
    /// Adds what another state knows.
    pub fn add(&mut self, other: Self) {
        self.tags.extend(other.tags);
        self.provider_ids.extend(other.provider_ids);
    }
}

/// The tags and ids of all messages that the state still has.
pub fn ours(connection: &Connection) -> rusqlite::Result<Ours> {
    let all = |sql: &str| -> rusqlite::Result<Vec<Option<String>>> {
        connection
            .prepare_cached(sql)?
            .query_map([], |row| row.get(0))?
            .collect()
    };
    let tags = all("SELECT tag FROM notifications")?;
    let mut ids = all("SELECT provider_id FROM attempts")?;
    ids.extend(all("SELECT provider_id FROM notifications")?);
    Ok(Ours {
        tags: tags.into_iter().flatten().collect(),
        provider_ids: ids.into_iter().flatten().collect(),
    })
}
