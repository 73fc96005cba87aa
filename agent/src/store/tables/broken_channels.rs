//! `broken_channels`: which channels refuse for a reason that only a person can remove. What to do about such
//! a channel is decided elsewhere.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Transaction, named_params, params};
use serde::Serialize;

use super::sql::{Columns, time};
use crate::domain::ChannelKind;

/// How long new messages skip a broken channel. After that, one message begins with it, so that a repaired
/// channel comes back although nobody reports the repair.
pub const SKIPPED_FOR: SignedDuration = SignedDuration::from_hours(6);

/// A channel that is broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct BrokenChannel {
    /// The channel.
    #[schema(value_type = String)]
    pub channel: ChannelKind,
    /// When it first refused for that reason.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// When it last refused for that reason.
    #[schema(value_type = String, format = DateTime)]
    pub refused_at: Timestamp,
    /// Until then no new message begins with this channel.
    #[schema(value_type = String, format = DateTime)]
    pub skip_until: Timestamp,
    /// The provider's code.
    pub code: Option<String>,
    /// Why, and what to do about it.
    pub why: String,
}

/// A refusal because of the channel, not because of the message.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    /// Whether the provider had accepted the message before it was refused.
    pub at_arrival: bool,
    /// The provider's code.
    pub code: Option<&'a str>,
    /// Why, and what to do about it.
    pub why: &'a str,
}

/// What shows that a channel works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The provider took a message.
    Accepted,
    /// A message arrived.
    Arrived,
}

/// Marks a channel as broken. A channel that is marked already keeps its `since`, so that any number of
/// refusals count as one breakage.
pub fn mark(
    tx: &Transaction<'_>,
    channel: ChannelKind,
    refusal: Refusal<'_>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO broken_channels (channel, since, refused_at, skip_until, at_arrival, code, why)
         VALUES (:channel, :now, :now, :skip_until, :at_arrival, :code, :why)
         ON CONFLICT (channel) DO UPDATE
            SET refused_at = excluded.refused_at, skip_until = excluded.skip_until, at_arrival = excluded.at_arrival,
                code = excluded.code, why = excluded.why",
    )?
    .execute(named_params! {
        ":channel": channel,
        ":now": time(now),
        ":skip_until": time(now.saturating_add(SKIPPED_FOR).unwrap_or(Timestamp::MAX)),
        ":at_arrival": refusal.at_arrival,
        ":code": refusal.code,
        ":why": refusal.why,
    })?;
    Ok(())
}

/// Clears a channel's mark, if `proof` shows that the channel works. Returns whether a mark was cleared. If
/// the channel refused a message after accepting it, accepting another message proves nothing.
pub fn clear(tx: &Transaction<'_>, channel: ChannelKind, proof: Proof) -> rusqlite::Result<bool> {
    let changed = tx
        .prepare_cached("DELETE FROM broken_channels WHERE channel = ?1 AND (at_arrival = 0 OR ?2)")?
        .execute(params![channel, proof == Proof::Arrived])?;
    Ok(changed > 0)
}

/// Lets the next message begin with a broken channel again. This is done once at the start of a process,
/// because the person who repaired the channel may have restarted the process.
pub fn give_all_a_chance(tx: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
    tx.execute(
        "UPDATE broken_channels SET skip_until = ?1 WHERE skip_until > ?1",
        [time(now)],
    )?;
    Ok(())
}

/// Notes that a message begins with this channel. If the channel is broken, the next messages skip it for
/// [`SKIPPED_FOR`].
pub fn take_chance(tx: &Transaction<'_>, channel: ChannelKind, now: Timestamp) -> rusqlite::Result<()> {
    let skip_until = time(now.saturating_add(SKIPPED_FOR).unwrap_or(Timestamp::MAX));
    tx.prepare_cached("UPDATE broken_channels SET skip_until = ?2 WHERE channel = ?1")?
        .execute(params![channel, skip_until])?;
    Ok(())
}

/// The broken channels among the configured ones, in the order in which they broke. A broken channel that is
/// not configured any more is left out.
pub fn among(connection: &Connection, configured: &[ChannelKind]) -> rusqlite::Result<Vec<BrokenChannel>> {
    let mut broken = all(connection)?;
    broken.retain(|mark| configured.contains(&mark.channel));
    Ok(broken)
}

/// Every broken channel, in the order in which they broke. A channel that this release does not know is left
/// out. This release cannot use it, and it must not prevent the use of the others.
pub fn all(connection: &Connection) -> rusqlite::Result<Vec<BrokenChannel>> {
    let mut statement = connection.prepare_cached(
        "SELECT channel, since, refused_at, skip_until, code, why FROM broken_channels ORDER BY since, channel",
    )?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let mut columns = Columns::of(row);
        let Ok(channel) = columns.get() else {
            continue;
        };
        all.push(BrokenChannel {
            channel,
            since: columns.time()?,
            refused_at: columns.time()?,
            skip_until: columns.time()?,
            code: columns.get()?,
            why: columns.get()?,
        });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, tests::scratch};

    fn at(hour: i64) -> Timestamp {
        "2026-11-21T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hour)
    }

    async fn refuse(store: &Store, hour: i64, at_arrival: bool) {
        let refusal = Refusal {
            at_arrival,
            code: Some("30034"),
            why: "register it",
        };
        store
            .write(move |tx| mark(tx, ChannelKind::Sms, refusal, at(hour)))
            .await
            .unwrap();
    }

    fn marks(store: &Store) -> Vec<BrokenChannel> {
        store.read(all).unwrap()
    }

    #[tokio::test]
    async fn a_channel_that_refuses_again_has_been_broken_since_the_first_time() {
        let (_folder, store) = scratch();
        refuse(&store, 0, false).await;
        refuse(&store, 7, false).await;
        let mark = &marks(&store)[0];
        assert_eq!(
            (marks(&store).len(), mark.since, mark.refused_at, mark.skip_until),
            (1, at(0), at(7), at(13))
        );
        assert_eq!(
            (mark.code.as_deref(), mark.why.as_str()),
            (Some("30034"), "register it")
        );
    }

    #[tokio::test]
    async fn what_refused_after_accepting_proves_nothing_by_accepting() {
        for (at_arrival, proof, cleared) in [
            (false, Proof::Accepted, true),
            (false, Proof::Arrived, true),
            (true, Proof::Accepted, false),
            (true, Proof::Arrived, true),
        ] {
            let (_folder, store) = scratch();
            refuse(&store, 0, at_arrival).await;
            let other = store
                .write(move |tx| clear(tx, ChannelKind::Voice, proof))
                .await
                .unwrap();
            let was = store
                .write(move |tx| clear(tx, ChannelKind::Sms, proof))
                .await
                .unwrap();
            assert_eq!(
                (other, was, marks(&store).is_empty()),
                (false, cleared, cleared),
                "{at_arrival} {proof:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_channel_of_another_release_does_not_hide_the_others() {
        let (_folder, store) = scratch();
        refuse(&store, 0, false).await;
        let pigeon = "UPDATE broken_channels SET channel = 'pigeon'";
        store.write(move |tx| tx.execute(pigeon, [])).await.unwrap();
        refuse(&store, 1, false).await;
        assert_eq!(marks(&store).len(), 1);
        let only_voice = store
            .read(|connection| among(connection, &[ChannelKind::Voice]))
            .unwrap();
        assert_eq!(only_voice, [], "what is not configured is nobody's concern");
    }

    #[tokio::test]
    async fn a_chance_is_given_at_once_and_taken_for_a_while() {
        let (_folder, store) = scratch();
        refuse(&store, 0, false).await;
        store.write(|tx| give_all_a_chance(tx, at(1))).await.unwrap();
        assert_eq!(marks(&store)[0].skip_until, at(1));
        store
            .write(|tx| take_chance(tx, ChannelKind::Sms, at(1)))
            .await
            .unwrap();
        assert_eq!(marks(&store)[0].skip_until, at(7));
        store.write(|tx| give_all_a_chance(tx, at(9))).await.unwrap();
        assert_eq!(marks(&store)[0].skip_until, at(7), "it has its chance already");
    }
}
