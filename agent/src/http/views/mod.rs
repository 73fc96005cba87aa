//! Recorded state shaped into the JSON that clients know. Pure: what was recorded, and the instant, come in
//! as arguments.
//!
//! One rule runs through all of it: what could not be found out is `UNKNOWN` or `null` and says why, and is
//! never counted as safe.

pub mod activity;
pub mod alert;
pub mod emergency;
pub mod goal;
pub mod narrator;
pub mod reading;
pub mod records;
pub mod runway;
pub mod silence;
pub mod status;
#[cfg(test)]
pub(super) mod testing;
pub mod trigger;
pub mod usage;
pub mod when;

pub use activity::ActivityStatus;
pub use alert::AlertReply;
pub use emergency::Emergency;
pub use goal::GoalView;
pub use reading::Reading;
pub use silence::SilenceView;
pub use status::BeeminderStatus;
pub use trigger::TriggerReply;
