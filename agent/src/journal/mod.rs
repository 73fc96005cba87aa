//! `ship-journal`: the journal of the whole machine to CloudWatch Logs. The disk is gone tonight; without
//! this no crash can be explained.
//!
//! `source` follows journald, `entry` makes an event of what it says, `redact` takes secrets out, `batch`
//! keeps to the limits of the API, `position` remembers how far it came, `ship` is the loop, `cloudwatch` the
//! place where it all goes. One batch is in memory at a time: while it cannot be delivered nothing more is
//! read, and journald keeps what waits.
//!
//! **Nothing is lost and nothing comes twice.** Before a batch goes out, its last cursor is written down as
//! *pending*; when it is accepted, as *shipped*. A start that finds a pending batch asks the stream whether
//! it has that cursor, which is in every event.

mod batch;
mod cloudwatch;
mod entry;
mod position;
mod redact;
mod ship;
mod source;

pub use cloudwatch::{CloudWatch, Place};
pub use position::PositionError;
pub use redact::Redactor;
pub use ship::{ShipError, Shipper};
pub use source::SourceError;
