//! The Call resource.

use serde::Deserialize;

use crate::{
    notify::channels::{
        AskError, ChannelKind, Scope, Status,
        twilio::{
            listing::Listed,
            outcome::{self, is_id},
        },
    },
    outbound::Reply,
};

/// The prefixes of a call's id.
pub(in super::super) const PREFIXES: &[&str] = &["CA"];

/// A Call resource: the answer to a fetch, and a row of a listing. Only fields that are used are read.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Call {
    pub(super) sid: String,
    status: Option<String>,
    pub(super) direction: Option<String>,
    date_created: Option<String>,
}

impl Call {
    /// The id, if it has the form of one.
    pub(super) fn id(&self) -> Option<&str> {
        is_id(PREFIXES, &self.sid).then_some(self.sid.as_str())
    }
}

impl Listed for Call {
    fn date_created(&self) -> Option<&str> {
        self.date_created.as_deref()
    }
}

/// Where a call stands, from the answer to a fetch. Twilio does not say why a call failed.
pub(in super::super) fn status(reply: &Reply) -> Result<Status, AskError> {
    let call: Call = outcome::read(ChannelKind::Voice, reply)?;
    let failed = |may_pass, why: &str| {
        Ok(Status::Failed {
            may_pass,
            scope: Scope::Message,
            code: None,
            why: format!("the call {why}"),
        })
    };
    match call.status.as_deref() {
        Some("queued" | "initiated" | "ringing" | "in-progress") => Ok(Status::Pending),
        Some("completed") => Ok(Status::Delivered),
        Some("busy") => failed(true, "met a busy line"),
        Some("no-answer") => failed(true, "was not answered"),
        Some("failed") => failed(
            false,
            "could not be made; the call log in the Twilio console says why",
        ),
        Some("canceled") => failed(false, "was canceled at Twilio"),
        other => Err(AskError::Unreadable(format!(
            "Twilio's status of the call is {other:?}, which Mecris does not know"
        ))),
    }
}
