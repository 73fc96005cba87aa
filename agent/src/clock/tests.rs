//! The three kinds of day, by example and over every zone there is.

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, Time, date, time},
    tz::TimeZone,
};
use proptest::prelude::*;

use super::*;
use crate::domain::Daystamp;

const DEADLINES: [i64; 5] = [-61_200, -4_500, 0, 10_800, 21_600];

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn new_york() -> TimeZone {
    zone("America/New_York")
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn day(text: &str) -> Daystamp {
    text.parse().unwrap()
}

fn deadline(seconds: i64) -> DeadlineOffset {
    DeadlineOffset::from_seconds(seconds).unwrap()
}

fn range(from: Time, until: Time) -> DailyRange {
    DailyRange::new(from, until).unwrap()
}

fn minute_of_day(minute: i16) -> Time {
    Time::midnight() + i64::from(minute).minutes()
}

fn shortly_before(at: Timestamp) -> Timestamp {
    at - SignedDuration::from_nanos(1)
}

#[test]
fn a_deadline_is_between_seven_in_the_morning_before_and_six_in_the_morning_after() {
    for seconds in [-61_200, 0, 21_600] {
        assert_eq!(i64::from(deadline(seconds).seconds()), seconds);
    }
    for seconds in [-61_201, 21_601, i64::MIN, i64::MAX] {
        assert_eq!(DeadlineOffset::from_seconds(seconds), None);
        assert!(serde_json::from_str::<DeadlineOffset>(&seconds.to_string()).is_err());
    }
    assert_eq!(serde_json::to_string(&deadline(-4_500)).unwrap(), "-4500");
    assert_eq!(
        serde_json::from_str::<DeadlineOffset>("-4500").unwrap(),
        deadline(-4_500)
    );
}

#[test]
fn the_recorded_losedates_are_the_last_second_of_their_beeminder_day() {
    // Recorded 2026-01-25 about 16:40 EST: safebuf 1 and 2, deadline 0.
    let recorded_at = at("2026-01-25T21:40:00Z");
    let today = beeminder_day(recorded_at, &new_york(), deadline(0));
    assert_eq!(today, day("2026-01-25"));
    for (safebuf, losedate) in [(1, 1_769_489_999), (2, 1_769_576_399)] {
        let losedate = Timestamp::from_second(losedate).unwrap();
        let last_day = Daystamp::from(today.date() + safebuf.days());
        assert_eq!(beeminder_day(losedate, &new_york(), deadline(0)), last_day);
        assert_eq!(
            beeminder_day_bounds(last_day, &new_york(), deadline(0)).1,
            losedate + SignedDuration::from_secs(1)
        );
    }
}

#[test]
fn a_deadline_before_midnight_starts_the_next_day_early() {
    let early = deadline(-4_500);
    assert_eq!(
        beeminder_day(at("2026-06-01T22:44:59-04:00"), &new_york(), early),
        day("2026-06-01")
    );
    assert_eq!(
        beeminder_day(at("2026-06-01T22:45:00-04:00"), &new_york(), early),
        day("2026-06-02")
    );
    assert_eq!(
        local_day(at("2026-06-01T22:45:00-04:00"), &new_york()),
        day("2026-06-01")
    );
}

#[test]
fn a_deadline_after_midnight_keeps_the_day_longer() {
    let late = deadline(10_800);
    assert_eq!(
        beeminder_day(at("2026-06-02T02:00:00-04:00"), &new_york(), late),
        day("2026-06-01")
    );
    assert_eq!(
        beeminder_day(at("2026-06-02T03:00:00-04:00"), &new_york(), late),
        day("2026-06-02")
    );
    let (start, end) = beeminder_day_bounds(day("2026-06-01"), &new_york(), late);
    assert_eq!(
        (start, end),
        (at("2026-06-01T03:00:00-04:00"), at("2026-06-02T03:00:00-04:00"))
    );
}

#[test]
fn local_days_have_23_24_or_25_hours() {
    for (name, hours) in [("2026-03-08", 23), ("2026-06-01", 24), ("2026-11-01", 25)] {
        let (start, end) = local_day_bounds(day(name), &new_york());
        assert_eq!(
            end.duration_since(start),
            SignedDuration::from_hours(hours),
            "{name}"
        );
    }
}

#[test]
fn a_day_that_samoa_skipped_is_empty_and_nothing_belongs_to_it() {
    let apia = zone("Pacific/Apia");
    for seconds in DEADLINES {
        let bounds = |name| beeminder_day_bounds(day(name), &apia, deadline(seconds));
        let days = [
            "2011-12-28",
            "2011-12-29",
            "2011-12-30",
            "2011-12-31",
            "2012-01-01",
        ];
        assert_eq!(
            days.iter()
                .filter(|name| bounds(name).0 == bounds(name).1)
                .count(),
            1,
            "deadline {seconds}"
        );
        for pair in days.windows(2) {
            assert_eq!(bounds(pair[0]).1, bounds(pair[1]).0);
        }
    }
    assert_eq!(local_day(at("2011-12-30T09:59:59Z"), &apia), day("2011-12-29"));
    assert_eq!(local_day(at("2011-12-30T10:00:00Z"), &apia), day("2011-12-31"));
}

#[test]
fn a_clock_set_back_across_midnight_does_not_bring_yesterday_back() {
    // Newfoundland changed at 00:01: from 7 November 2010, 00:01, back to 6 November, 23:01.
    let newfoundland = zone("America/St_Johns");
    let second_2330 = at("2010-11-06T23:30:00-03:30");
    assert_eq!(newfoundland.to_datetime(second_2330).date(), date(2010, 11, 6));
    assert_eq!(local_day(second_2330, &newfoundland), day("2010-11-07"));
}

#[test]
fn the_end_of_the_calendar_is_no_panic() {
    let range = range(time(22, 0, 0, 0), time(8, 0, 0, 0));
    let window = Window {
        start: time(13, 0, 0, 0),
        length: SignedDuration::from_hours(5),
        days: Weekdays::ALL,
    };
    for zone in [TimeZone::UTC, zone("Pacific/Kiritimati"), zone("Pacific/Niue")] {
        for seconds in DEADLINES {
            for now in [Timestamp::MIN, Timestamp::MAX] {
                let today = beeminder_day(now, &zone, deadline(seconds));
                beeminder_day_bounds(today, &zone, deadline(seconds));
                range.contains(now, &zone);
                assert!(range.next_end(now, &zone) >= now);
                assert!(window.current_or_next(now, &zone).1 >= now);
            }
        }
        for extreme in [Date::MIN, Date::MAX] {
            local_day_bounds(extreme.into(), &zone);
            range.on(extreme.into(), &zone);
            window.on(extreme.into(), &zone);
        }
    }
}

#[test]
fn the_time_of_day_is_the_persons() {
    let losedate = Timestamp::from_second(1_769_489_999).unwrap();
    assert_eq!(local_time_of_day(losedate, &new_york()), "23:59");
    assert_eq!(local_time_of_day(losedate, &TimeZone::UTC), "04:59");
}

#[test]
fn a_range_needs_two_different_ends() {
    assert_eq!(DailyRange::new(time(8, 0, 0, 0), time(8, 0, 0, 0)), None);
}

#[test]
fn quiet_hours_reach_across_midnight() {
    let quiet = range(time(22, 0, 0, 0), time(8, 0, 0, 0));
    let inside = |text| quiet.contains(at(text), &new_york());
    assert!(!inside("2026-06-01T21:59:59-04:00"));
    assert!(inside("2026-06-01T22:00:00-04:00"));
    assert!(inside("2026-06-02T00:00:00-04:00"));
    assert!(inside("2026-06-02T07:59:59-04:00"));
    assert!(!inside("2026-06-02T08:00:00-04:00"));
    for now in [
        "2026-06-01T12:00:00-04:00",
        "2026-06-01T23:00:00-04:00",
        "2026-06-02T01:00:00-04:00",
    ] {
        assert_eq!(
            quiet.next_end(at(now), &new_york()),
            at("2026-06-02T08:00:00-04:00"),
            "{now}"
        );
    }
    assert_eq!(
        quiet.next_end(at("2026-06-02T08:00:00-04:00"), &new_york()),
        at("2026-06-03T08:00:00-04:00"),
        "an end that is reached is over"
    );
}

#[test]
fn a_range_within_the_day_ends_on_that_day_or_the_next() {
    let walk = range(time(14, 0, 0, 0), time(18, 0, 0, 0));
    assert!(!walk.contains(at("2026-06-01T13:59:59-04:00"), &new_york()));
    assert!(walk.contains(at("2026-06-01T14:00:00-04:00"), &new_york()));
    assert!(!walk.contains(at("2026-06-01T18:00:00-04:00"), &new_york()));
    assert_eq!(
        walk.next_end(at("2026-06-01T09:00:00-04:00"), &new_york()),
        at("2026-06-01T18:00:00-04:00")
    );
    assert_eq!(
        walk.next_end(at("2026-06-01T18:30:00-04:00"), &new_york()),
        at("2026-06-02T18:00:00-04:00")
    );
}

#[test]
fn an_end_that_the_clock_skips_is_where_it_resumes_and_one_shown_twice_is_the_first() {
    let quiet = range(time(22, 0, 0, 0), time(2, 30, 0, 0));
    assert_eq!(
        quiet.next_end(at("2026-03-08T01:00:00-05:00"), &new_york()),
        at("2026-03-08T03:00:00-04:00"),
        "02:30 does not exist on that night"
    );
    let quiet = range(time(22, 0, 0, 0), time(1, 30, 0, 0));
    let first_0130 = at("2026-11-01T01:30:00-04:00");
    assert_eq!(
        quiet.next_end(at("2026-11-01T01:00:00-04:00"), &new_york()),
        first_0130
    );
    assert!(
        !quiet.contains(at("2026-11-01T01:10:00-05:00"), &new_york()),
        "the hour that is shown again is not quiet"
    );
}

#[test]
fn a_window_keeps_its_length_and_its_start_on_the_local_clock() {
    let window = Window {
        start: time(13, 0, 0, 0),
        length: SignedDuration::from_hours(5),
        days: Weekdays::ALL,
    };
    assert_eq!(
        window.current_or_next(at("2026-03-07T18:00:00-05:00"), &new_york()),
        (at("2026-03-08T13:00:00-04:00"), at("2026-03-08T18:00:00-04:00"))
    );
    assert_eq!(
        window
            .current_or_next(at("2026-03-08T17:59:59-04:00"), &new_york())
            .0,
        at("2026-03-08T13:00:00-04:00")
    );
    let night = Window {
        start: time(2, 30, 0, 0),
        length: SignedDuration::from_hours(5),
        days: Weekdays::ALL,
    };
    assert_eq!(
        night.on(day("2026-03-08"), &new_york()),
        (at("2026-03-08T03:00:00-04:00"), at("2026-03-08T08:00:00-04:00")),
        "the clock resumes at 03:00"
    );
    let night = Window {
        start: time(1, 30, 0, 0),
        length: SignedDuration::from_hours(5),
        days: Weekdays::ALL,
    };
    assert_eq!(
        night.on(day("2026-11-01"), &new_york()),
        (at("2026-11-01T01:30:00-04:00"), at("2026-11-01T05:30:00-05:00")),
        "the first 01:30, and five real hours"
    );
    let late = Window {
        start: time(22, 0, 0, 0),
        length: SignedDuration::from_hours(5),
        days: Weekdays::ALL,
    };
    assert_eq!(
        late.current_or_next(at("2026-06-02T01:00:00-04:00"), &new_york())
            .0,
        at("2026-06-01T22:00:00-04:00"),
        "yesterday's window is still on"
    );
}

#[test]
fn a_window_of_some_days_waits_for_the_next_one() {
    use jiff::civil::Weekday::{Friday, Monday};
    let window = Window {
        start: time(13, 0, 0, 0),
        length: SignedDuration::from_hours(5),
        days: Weekdays::new([Monday, Friday]).unwrap(),
    };
    let (friday, monday) = (at("2026-11-20T18:00:00-05:00"), at("2026-11-23T13:00:00-05:00"));
    for during_the_pause in [
        "2026-11-20T18:00:00-05:00",
        "2026-11-21T14:00:00-05:00",
        "2026-11-23T12:59:59-05:00",
    ] {
        let now = at(during_the_pause);
        assert_eq!(window.current_or_next(now, &new_york()).0, monday, "{now}");
        assert_eq!(window.last_end(now, &new_york()), Some(friday), "{now}");
        assert_eq!(
            window.last_pass(now, &new_york()),
            Some(at("2026-11-23T17:55:00-05:00"))
        );
    }
    let saturday = at("2026-11-21T18:00:00-05:00");
    let over = window.over(saturday, &new_york(), SignedDuration::from_mins(10));
    assert_eq!(
        over,
        Some(SignedDuration::from_hours(24)),
        "no window on Saturday"
    );
    assert_eq!(Weekdays::new([]), None);
}

/// Every zone of the database with the days to try: those around each change of the clock, and some ordinary
/// days.
fn every_zone() -> impl Iterator<Item = (String, TimeZone, Vec<Date>)> {
    let (first, last) = (date(2020, 1, 1), date(2035, 12, 31));
    jiff::tz::db().available().map(move |name| {
        let zone = jiff::tz::db().get(name.as_str()).unwrap();
        let begin = zone.to_timestamp(first.at(0, 0, 0, 0)).unwrap();
        let mut days: Vec<Date> = zone
            .following(begin)
            .map(|change| zone.to_datetime(change.timestamp()).date())
            .take_while(|&day| day <= last)
            .flat_map(|day| (-2..=2).map(move |n: i64| day + n.days()))
            .collect();
        days.extend(first.series(31.days()).take_while(|&day| day <= last));
        days.sort_unstable();
        days.dedup();
        (name.as_str().to_owned(), zone, days)
    })
}

#[test]
fn in_every_zone_beeminder_days_tile_the_line_and_each_instant_has_one() {
    let mut zones = 0;
    for (name, zone, days) in every_zone() {
        zones += 1;
        for seconds in DEADLINES {
            let deadline = deadline(seconds);
            for &date in &days {
                let what = || format!("{name} {date} {seconds}");
                let (start, end) = beeminder_day_bounds(date.into(), &zone, deadline);
                assert!(start < end, "{}", what());
                assert_eq!(
                    beeminder_day_bounds((date + 1.day()).into(), &zone, deadline).0,
                    end,
                    "{}",
                    what()
                );
                for inside in [start, shortly_before(end)] {
                    assert_eq!(
                        beeminder_day(inside, &zone, deadline),
                        date.into(),
                        "{} {inside}",
                        what()
                    );
                }
            }
        }
    }
    assert!(zones > 300, "only {zones} zones: the database is not complete");
}

#[test]
fn in_every_zone_each_local_day_has_one_window_and_they_start_in_order() {
    for (name, zone, days) in every_zone() {
        for start in [
            time(0, 0, 0, 0),
            time(2, 30, 0, 0),
            time(13, 0, 0, 0),
            time(23, 45, 0, 0),
        ] {
            let window = Window {
                start,
                length: SignedDuration::from_hours(5),
                days: Weekdays::ALL,
            };
            for &date in &days {
                let (begin, end) = window.on(date.into(), &zone);
                let (next, _) = window.on((date + 1.day()).into(), &zone);
                assert!(end <= next, "{name} {date} {start}: windows overlap");
                // If the clock skips the start together with midnight, the window starts at midnight.
                let (day_begins, day_ends) = local_day_bounds(date.into(), &zone);
                assert!(day_begins <= begin && begin <= day_ends, "{name} {date} {start}");
                assert_eq!(
                    window.current_or_next(begin, &zone),
                    (begin, end),
                    "{name} {date} {start}"
                );
                assert_eq!(
                    window.current_or_next(end, &zone).0,
                    next,
                    "{name} {date} {start}"
                );
            }
        }
    }
}

/// A zone and an instant, anywhere in 2000 to 2035.
fn anywhere() -> impl Strategy<Value = (TimeZone, Timestamp)> {
    let names: Vec<String> = jiff::tz::db()
        .available()
        .map(|name| name.as_str().to_owned())
        .collect();
    (prop::sample::select(names), 946_684_800..2_082_758_400_i64).prop_map(|(name, second)| {
        (
            jiff::tz::db().get(&name).unwrap(),
            Timestamp::from_second(second).unwrap(),
        )
    })
}

/// A zone and an instant, half of them within a day of a change of the clock.
fn moment() -> impl Strategy<Value = (TimeZone, Timestamp)> {
    (anywhere(), prop::option::of(-100_000..100_000_i64)).prop_map(|((zone, at), near)| {
        let change = near.zip(zone.following(at).next());
        let near_change = change.map(|(off, change)| change.timestamp() + SignedDuration::from_secs(off));
        (zone, near_change.unwrap_or(at))
    })
}

/// A zone and an instant with no change of the clock for two days before and after.
fn ordinary() -> impl Strategy<Value = (TimeZone, Timestamp)> {
    let near = SignedDuration::from_hours(48);
    anywhere().prop_filter("the clock changes", move |(zone, at)| {
        zone.following(*at - near)
            .next()
            .is_none_or(|change| change.timestamp() > *at + near)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn each_instant_is_inside_the_day_it_belongs_to((zone, now) in moment(), seconds in -61_200..=21_600_i64) {
        let today = beeminder_day(now, &zone, deadline(seconds));
        let (start, end) = beeminder_day_bounds(today, &zone, deadline(seconds));
        prop_assert!(start <= now && now < end, "{today}: {start} <= {now} < {end}");
    }

    #[test]
    fn where_the_clock_does_not_change_a_day_is_the_date_on_the_clock_less_the_deadline(
        (zone, now) in ordinary(), seconds in -61_200..=21_600_i64,
    ) {
        let shown = zone.to_datetime(now) - SignedDuration::from_secs(seconds);
        prop_assert_eq!(beeminder_day(now, &zone, deadline(seconds)), shown.date().into());
    }

    #[test]
    fn a_range_ends_exactly_at_its_next_end((zone, now) in moment(), from in 0..1440_i16, length in 1..1440_i16) {
        let range = range(minute_of_day(from), minute_of_day(from + length));
        let end = range.next_end(now, &zone);
        prop_assert!(end > now);
        prop_assert!(range.contains(shortly_before(end), &zone));
    }

    #[test]
    fn where_the_clock_does_not_change_a_range_is_what_the_clock_shows(
        (zone, now) in ordinary(), from in 0..1440_i16, length in 1..1440_i16,
    ) {
        let shown = zone.to_datetime(now).time();
        let minute = i16::from(shown.hour()) * 60 + i16::from(shown.minute());
        let inside = (minute - from).rem_euclid(1440) < length;
        prop_assert_eq!(range(minute_of_day(from), minute_of_day(from + length)).contains(now, &zone), inside);
    }
}
