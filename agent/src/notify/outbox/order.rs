//! Which channel a message begins with, and which channel is next. Healthy channels first, broken ones last.

use jiff::Timestamp;
use rusqlite::Connection;

use crate::{
    notify::channels::ChannelKind,
    store::tables::{
        broken_channels::{self, BrokenChannel},
        outbox::{self as table, Row},
    },
};

/// The channels that a message may use, in their order: its own, as far as they are configured, or all of them.
pub(super) fn usable(own: Option<&[ChannelKind]>, configured: &[ChannelKind]) -> Vec<ChannelKind> {
    match own {
        None => configured.to_vec(),
        Some(own) => {
            let is_configured = |kind: &ChannelKind| configured.contains(kind);
            own.iter().copied().filter(is_configured).collect()
        }
    }
}

/// The channel that a new message begins with: the first channel that is healthy, or broken and due for a new
/// chance. If there is none, the first configured channel.
pub(super) fn first(
    configured: &[ChannelKind],
    broken: &[BrokenChannel],
    now: Timestamp,
) -> Option<ChannelKind> {
    let skipped = |kind: &ChannelKind| {
        broken
            .iter()
            .any(|mark| mark.channel == *kind && now < mark.skip_until)
    };
    configured
        .iter()
        .find(|kind| !skipped(kind))
        .or(configured.first())
        .copied()
}

/// The channel to use after the channels in `tried`: the first healthy channel that is left, else the first
/// broken channel that is left.
pub(super) fn after(
    configured: &[ChannelKind],
    tried: &[ChannelKind],
    broken: &[BrokenChannel],
) -> Option<ChannelKind> {
    let left = || configured.iter().filter(|kind| !tried.contains(kind));
    let healthy = |kind: &&ChannelKind| !broken.iter().any(|mark| mark.channel == **kind);
    left().find(healthy).or_else(|| left().next()).copied()
}

/// [`after`], for one message.
pub(super) fn fallback(
    connection: &Connection,
    row: &Row,
    configured: &[ChannelKind],
) -> rusqlite::Result<Option<ChannelKind>> {
    if row.pinned {
        return Ok(None);
    }
    let mut tried = table::channels_tried(connection, &row.id)?;
    tried.push(row.channel);
    let usable = usable(row.channels.as_deref(), configured);
    Ok(after(&usable, &tried, &broken_channels::all(connection)?))
}

#[cfg(test)]
mod tests {
    use ChannelKind::{Console, Sms, Voice, WhatsApp};
    use jiff::SignedDuration;

    use super::*;

    const CONFIGURED: [ChannelKind; 3] = [Sms, WhatsApp, Voice];

    fn now() -> Timestamp {
        "2026-11-21T18:00:00Z".parse().unwrap()
    }

    fn broken(kinds: &[ChannelKind]) -> Vec<BrokenChannel> {
        let skip_until = now() + SignedDuration::from_hours(1);
        let mark = |&channel| BrokenChannel {
            channel,
            since: now(),
            refused_at: now(),
            skip_until,
            code: None,
            why: String::new(),
        };
        kinds.iter().map(mark).collect()
    }

    #[test]
    fn a_message_begins_with_the_first_channel_that_is_not_broken() {
        assert_eq!(first(&CONFIGURED, &[], now()), Some(Sms));
        assert_eq!(first(&CONFIGURED, &broken(&[Sms]), now()), Some(WhatsApp));
        assert_eq!(first(&CONFIGURED, &broken(&[WhatsApp, Sms]), now()), Some(Voice));
        assert_eq!(
            first(&CONFIGURED, &broken(&CONFIGURED), now()),
            Some(Sms),
            "all broken: none is given up"
        );
        assert_eq!(first(&[], &[], now()), None);
    }

    #[test]
    fn a_message_with_channels_of_its_own_uses_no_others() {
        assert_eq!(usable(None, &CONFIGURED), CONFIGURED);
        assert_eq!(usable(Some(&[Voice, Sms]), &CONFIGURED), [Voice, Sms]);
        assert_eq!(
            usable(Some(&[Console, Sms]), &CONFIGURED),
            [Sms],
            "a channel that is configured no more"
        );
        assert_eq!(usable(Some(&[Console]), &CONFIGURED), []);
    }

    #[test]
    fn a_broken_channel_gets_a_new_chance_when_its_time_has_come() {
        let marks = broken(&[Sms]);
        assert_eq!(first(&CONFIGURED, &marks, marks[0].skip_until), Some(Sms));
    }

    #[test]
    fn every_channel_is_tried_once_the_broken_ones_last() {
        assert_eq!(after(&CONFIGURED, &[Sms], &[]), Some(WhatsApp));
        assert_eq!(after(&CONFIGURED, &[WhatsApp], &broken(&[Sms])), Some(Voice));
        assert_eq!(
            after(&CONFIGURED, &[WhatsApp, Voice], &broken(&[Sms])),
            Some(Sms),
            "rather than nobody"
        );
        assert_eq!(
            after(&CONFIGURED, &[Sms], &broken(&CONFIGURED)),
            Some(WhatsApp),
            "all broken: all in order"
        );
        assert_eq!(after(&CONFIGURED, &CONFIGURED, &[]), None);
        assert_eq!(
            after(&CONFIGURED, &[Console], &[]),
            Some(Sms),
            "a channel that is configured no more"
        );
    }
}
