//! Whether another installation of Mecris speaks to the same person. Two of them for one account and one number
//! say everything twice, and neither knows of the other: only the provider's list shows the messages of both.

mod finding;
mod memory;

use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use self::{
    finding::{Finding, Words},
    memory::Memory,
};
use super::{CONNECTION_TIMEOUT, CheckResult};
use crate::{
    clock::{self, Clock},
    config::Loaded,
    notify::channels::{AskError, Channel},
};

/// How many days of the provider's list are looked at.
const DAYS: u32 = 7;

/// Compares the provider's list of the last days with the messages that the state has. `None`: the channel has no
/// list.
///
/// The list is read before the state. A message is in the state before it leaves, so a message that a daemon sends
/// meanwhile is not taken for another installation's.
pub(super) async fn look(
    loaded: &Loaded,
    channel: &dyn Channel,
    probed: &CheckResult,
) -> Option<CheckResult> {
    if !channel.has_list() {
        return None;
    }
    let name = format!("others.{}", channel.kind().as_str());
    let unknown = |why: String| Some(CheckResult::warning(&name, format!("unknown: {why}")));
    if !probed.ok {
        return unknown(format!("see {}", probed.name));
    }
    let settings = &loaded.settings;
    // Messages are kept for at least a week and may leave a day after they were made.
    let days = DAYS.min(settings.state.retention_days.saturating_sub(1)).max(1);
    let since = Clock::system()
        .now()
        .saturating_sub(SignedDuration::from_hours(24 * i64::from(days)))
        .unwrap_or(Timestamp::MIN);
    let listed = timeout(CONNECTION_TIMEOUT, channel.sent(since)).await;
    let sent = match listed.unwrap_or(Err(AskError::Late(CONNECTION_TIMEOUT))) {
        Ok(sent) => sent,
        Err(error) => return unknown(error.to_string()),
    };
    let memory = Memory::of(&settings.state, &sent).await;
    let finding = Finding::of(&sent, &memory.ours);
    let words = Words {
        days,
        role: settings.role,
        at: &|at| clock::local_minute(at, &settings.time_zone),
    };
    Some(match words.about(&finding, &memory) {
        Ok(detail) => CheckResult::new(&name, Ok(detail)),
        Err(problem) => CheckResult::warning(&name, problem),
    })
}
