//! `[notify.slack]`.

use super::ON_DOUBT;
use crate::{
    config::{
        reader::Reader,
        setting::{Form, Kind, Setting, Table},
    },
    domain::OnDoubt,
};

pub(in crate::config) const TABLE: Table = Table {
    name: "notify.slack",
    doc: "An incoming webhook of Slack. Its URL is the secret `SLACK_WEBHOOK_URL`.",
    form: Form::Always,
    settings: &[Setting::new(
        "notify.slack.on_doubt",
        Kind::Text,
        "after a lost answer: `\"resend\"` may send a message twice, `\"give_up\"` perhaps not at all",
    )
    .default("\"resend\"")],
};

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
