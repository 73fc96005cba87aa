//! Quiet hours and limits.

use super::*;

#[test]
fn quiet_hours_hold_back_even_the_worst_and_it_is_said_when_they_end() {
    Timeline::new(policy())
        .at(
            "21 22:00",
            "budget:reading CRITICAL, walk WARNING",
            "quiet_hours, quiet_hours",
        )
        .at("22 07:59", "budget:reading CRITICAL", "quiet_hours")
        .at("22 08:00", "budget:reading CRITICAL", "first_of_day");
    Timeline::new(Policy {
        quiet_hours: None,
        ..policy()
    })
    .at("21 23:00", "budget:reading CRITICAL", "first_of_day");
}

#[test]
fn a_message_counts_once_however_much_it_says() {
    Timeline::new(Policy {
        max_messages_per_hour: 1,
        ..policy()
    })
    .at(
        "21 15:00",
        "budget:a CRITICAL, budget:b CRITICAL, walk WARNING",
        "first_of_day, first_of_day, first_of_day",
    )
    .at(
        "21 15:30",
        "budget:c CRITICAL, budget:d WARNING",
        "rate_limited, rate_limited",
    )
    .at(
        "21 16:00",
        "budget:c CRITICAL, budget:d WARNING",
        "first_of_day, first_of_day",
    );
}

#[test]
fn the_day_has_a_limit_of_its_own() {
    Timeline::new(Policy {
        max_messages_per_day: 4,
        ..policy()
    })
    .at("21 10:00", "budget:a WARNING", "first_of_day")
    .at("21 13:00", "budget:b WARNING", "first_of_day")
    .at("21 16:00", "budget:c CRITICAL", "rate_limited")
    .at("22 10:00", "budget:c CRITICAL", "first_of_day");
}
