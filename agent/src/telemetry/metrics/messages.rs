use std::collections::BTreeMap;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use super::registered;
use crate::{domain::ChannelKind, notify::outbox::State};

/// Messages and channels.
#[derive(Clone, Debug)]
pub(super) struct MessageMetrics {
    /// Messages by their current state.
    by_state: Family<StateLabel, Gauge>,
    /// Messages that a provider accepted.
    accepted: Family<ChannelLabel, Counter>,
    /// 1 while a channel is broken.
    broken: Family<ChannelLabel, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabel {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ChannelLabel {
    channel: &'static str,
}

impl MessageMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            by_state: registered(
                registry,
                "notifications",
                "Messages by where they stand now",
                Family::default(),
            ),
            accepted: registered(
                registry,
                "messages_accepted",
                "Messages that a provider took, by channel",
                Family::default(),
            ),
            broken: registered(
                registry,
                "channel_broken",
                "1 while a channel refuses for a reason that only a person can remove",
                Family::default(),
            ),
        };
        for state in State::ALL {
            drop(metrics.by_state.get_or_create(&of_state(state)));
        }
        for channel in ChannelKind::ALL {
            drop(metrics.accepted.get_or_create(&of_channel(channel)));
            drop(metrics.broken.get_or_create(&of_channel(channel)));
        }
        metrics
    }

    pub(super) fn set_counts(&self, counts: &BTreeMap<State, u32>) {
        for state in State::ALL {
            let count = counts.get(&state).copied().unwrap_or_default();
            self.by_state.get_or_create(&of_state(state)).set(count.into());
        }
    }

    pub(super) fn set_accepted(&self, totals: &BTreeMap<ChannelKind, u32>) {
        for (&channel, &total) in totals {
            let counter = self.accepted.get_or_create(&of_channel(channel));
            counter.inc_by(u64::from(total).saturating_sub(counter.get()));
        }
    }

    pub(super) fn set_broken(&self, channel: ChannelKind, broken: bool) {
        self.broken
            .get_or_create(&of_channel(channel))
            .set(i64::from(broken));
    }
}

fn of_state(state: State) -> StateLabel {
    StateLabel {
        state: state.as_str(),
    }
}

fn of_channel(channel: ChannelKind) -> ChannelLabel {
    ChannelLabel {
        channel: channel.as_str(),
    }
}
