//! `[notify.slack]`.

use super::ON_DOUBT;
use crate::{config::reader::Reader, domain::OnDoubt};

/// `[notify.slack]`. Where to is the secret `SLACK_WEBHOOK_URL`.
#[derive(Clone, Debug)]
pub struct SlackSettings {
    /// After doubt.
    pub on_doubt: OnDoubt,
}

pub(super) fn read(reader: &mut Reader, wanted: bool) -> Option<Option<SlackSettings>> {
    let on_doubt = reader.choice("notify.slack.on_doubt", ON_DOUBT)?;
    Some(wanted.then_some(SlackSettings { on_doubt }))
}
