//! End to end: the real binary against the fakes, one file for each promise of the product.
//!
//! Every test has its own fakes and its own installation, so the tests run side by side.

mod beside;
mod broken_channel;
mod budget;
mod clock_ahead;
mod cloud;
mod config;
mod crash;
mod demo;
mod displaced;
mod effectively_once;
mod escalation;
mod everywhere;
mod examples;
mod fallback;
mod garbage;
mod goal_channels;
mod http;
mod import;
mod in_doubt;
mod journal;
mod main_file;
mod many_goals;
mod memory;
mod notify_codes;
mod off_machine;
mod one_pass;
mod other_answers;
mod other_installation;
mod person;
mod queued;
mod seats;
mod secrets;
mod silences;
mod simulated;
mod stage;
mod state;
mod timelines;
mod twilio_ways;
mod unknown;
mod upgrade;
mod upstream_down;
mod waiting;
mod walk;
mod year;
