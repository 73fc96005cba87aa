//! `ship-journal`: ships the journal of the whole machine to CloudWatch Logs. The instance and its disk are
//! gone after a day, so without the shipped journal no crash could be explained.
//!
//! `source` follows journald, `entry` makes an event of each line, `metrics` knows our metrics, `redact` and
//! `pem` mask secrets, `batch` keeps to the limits of the API, `position` remembers how far the journal was shipped, `cloudwatch` talks to
//! CloudWatch Logs, `ship` is the loop. One batch is in memory at a time. While it cannot be delivered, no
//! further line is read, and journald keeps the lines that wait.
//!
//! **No line is lost and no line comes twice.** Before a batch is put, its last cursor is written down as
//! *pending*. When the batch is accepted, the last entry that was read for it is written down as *shipped*.
//! Every event contains its cursor. If the process finds a pending batch when it starts, it asks the stream
//! whether the stream has that cursor.

mod batch;
mod cloudwatch;
mod entry;
#[cfg(fuzzing)]
pub mod fuzzing;
mod metrics;
mod pem;
mod position;
mod redact;
mod ship;
mod source;

pub use cloudwatch::{CloudWatch, Place};
pub use position::PositionError;
pub use redact::Redactor;
pub use ship::{ShipError, Shipper};
pub use source::SourceError;
