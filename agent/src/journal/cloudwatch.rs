//! Puts batches into CloudWatch Logs, and finds out whether a batch arrived.

use aws_sdk_cloudwatchlogs::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::InputLogEvent,
};

use super::entry::{CURSOR, Event};
use crate::cloud::{self, CloudError};

/// A log stream and its log group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The log group, `/mecris/prod`. It must exist.
    pub group: String,
    /// The log stream, `i-0123456789abcdef0/journal`. It is created if it does not exist.
    pub stream: String,
}

/// The client for the stream that takes the journal.
#[derive(Clone, Debug)]
pub struct CloudWatch {
    client: Client,
    place: Place,
}

/// The outcome of a put.
#[derive(Debug)]
pub(super) enum Put {
    /// CloudWatch has the batch, except for `rejected` events, which were too old, expired or too new.
    Accepted { rejected: usize },
    /// CloudWatch will never accept this batch.
    Refused(CloudError),
    /// The outcome is unknown, or the batch was not taken this time. Put the same batch again.
    Failed(CloudError),
}

impl CloudWatch {
    /// Makes the client. It opens no connection yet.
    pub async fn new(place: Place) -> Self {
        Self {
            client: Client::new(cloud::sdk().await),
            place,
        }
    }

    /// Puts a batch. Creates the stream if it does not exist.
    pub(super) async fn put(&self, events: &[Event]) -> Put {
        let input = events.iter().map(|event| {
            let event = InputLogEvent::builder()
                .timestamp(event.at)
                .message(&event.text)
                .build();
            event.expect("both fields are set")
        });
        let Place { group, stream } = &self.place;
        let request = self
            .client
            .put_log_events()
            .log_group_name(group)
            .log_stream_name(stream);
        let error = match request.set_log_events(Some(input.collect())).send().await {
            Ok(answer) => {
                return Put::Accepted {
                    rejected: rejected(&answer, events.len()),
                };
            }
            Err(error) => error,
        };
        match code(&error) {
            // An earlier put of the same batch was accepted.
            Some("DataAlreadyAcceptedException") => Put::Accepted { rejected: 0 },
            Some("InvalidParameterException") => Put::Refused(self.error("logs:PutLogEvents", &error)),
            Some("ResourceNotFoundException") => match self.make_stream().await {
                Ok(()) => Put::Failed(self.error("logs:PutLogEvents", &error)),
                Err(error) => Put::Failed(error),
            },
            _ => Put::Failed(self.error("logs:PutLogEvents", &error)),
        }
    }

    /// Creates the stream, if it does not exist.
    pub(super) async fn make_stream(&self) -> Result<(), CloudError> {
        let Place { group, stream } = &self.place;
        match self
            .client
            .create_log_stream()
            .log_group_name(group)
            .log_stream_name(stream)
            .send()
            .await
        {
            Err(error) if code(&error) != Some("ResourceAlreadyExistsException") => {
                Err(self.error("logs:CreateLogStream", &error))
            }
            _ => Ok(()),
        }
    }

    /// Whether the stream has the event with this cursor and this time (`at`, in milliseconds).
    pub(super) async fn has(&self, cursor: &str, at: i64) -> Result<bool, CloudError> {
        let Place { group, stream } = &self.place;
        let mut token = None;
        loop {
            let request = self
                .client
                .get_log_events()
                .log_group_name(group)
                .log_stream_name(stream);
            let request = request.start_time(at).end_time(at + 1).start_from_head(true);
            let answer = match request.set_next_token(token.clone()).send().await {
                Ok(answer) => answer,
                Err(error) if code(&error) == Some("ResourceNotFoundException") => return Ok(false),
                Err(error) => return Err(self.error("logs:GetLogEvents", &error)),
            };
            if answer
                .events()
                .iter()
                .any(|event| event.message().is_some_and(|text| is_of(text, cursor)))
            {
                return Ok(true);
            }
            // The same token again means the end of the stream.
            let next = answer.next_forward_token().map(str::to_owned);
            if next.is_none() || next == token {
                return Ok(false);
            }
            token = next;
        }
    }

    fn error<E: ProvideErrorMetadata + std::error::Error + 'static, R: std::fmt::Debug>(
        &self,
        action: &'static str,
        error: &SdkError<E, R>,
    ) -> CloudError {
        let what = format!("the log stream {} in {}", self.place.stream, self.place.group);
        CloudError::about(
            action,
            &what,
            "create the log group, or change journal.log_group",
            error,
        )
    }
}

/// AWS's error code. `None`: there was no answer, or it had no code.
fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Option<&str> {
    error.as_service_error()?.code()
}

/// Whether the event has this cursor.
fn is_of(text: &str, cursor: &str) -> bool {
    let event = serde_json::from_str::<serde_json::Value>(text).ok();
    event
        .and_then(|event| event.get(CURSOR)?.as_str().map(|found| found == cursor))
        .unwrap_or_default()
}

/// How many events CloudWatch rejected, from the indices in its answer.
fn rejected(
    answer: &aws_sdk_cloudwatchlogs::operation::put_log_events::PutLogEventsOutput,
    events: usize,
) -> usize {
    let Some(info) = answer.rejected_log_events_info() else {
        return 0;
    };
    let count = |index: i32| usize::try_from(index).unwrap_or_default();
    // Both end indices are exclusive; the start index is inclusive.
    let old = info
        .too_old_log_event_end_index()
        .into_iter()
        .chain(info.expired_log_event_end_index());
    let old = old.map(count).max().unwrap_or(0);
    let new = info
        .too_new_log_event_start_index()
        .map_or(0, |index| events.saturating_sub(count(index)));
    old + new
}
