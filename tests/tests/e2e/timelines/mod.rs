//! Days of a person, in virtual time: which messages leave, when, and that no other does.
//!
//! Every pass that is promised is made by the real binary, one process each. One file for each kind of day.

mod beeminder_down;
mod crontab;
mod days;
mod deadlines;
mod done_early;
mod evening_person;
mod goal;
mod late_sync;
mod one_afternoon;
mod renamed;
mod turning_red;
mod weekday_window;
