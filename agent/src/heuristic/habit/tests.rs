use super::*;

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-21T13:00:00-05:00")
}

fn hours(hours: i64) -> DeadlineOffset {
    DeadlineOffset::from_seconds(hours * 3600).unwrap()
}

fn entry(nth: usize, entered: Timestamp) -> Entry {
    Entry {
        goal: "g".to_owned(),
        datapoint: nth.to_string(),
        day: "2026-11-20".parse().unwrap(),
        entered_at: entered,
        value: Some(1.0),
        is_dummy: false,
        is_derail: false,
        gone_at: None,
    }
}

/// One entry on each of the last days, at these times; the first is of yesterday.
fn entered(times: &[&str]) -> Vec<Entry> {
    let yesterday: jiff::civil::Date = "2026-11-20".parse().unwrap();
    times
        .iter()
        .enumerate()
        .map(|(nth, time)| {
            let day = yesterday - jiff::Span::new().days(i64::try_from(nth).unwrap());
            let local = day.to_datetime(time.parse().unwrap());
            entry(nth, local_instant(local, &zone()))
        })
        .collect()
}

fn usual(times: &[&str], deadline: i64) -> String {
    let found = usual_time(
        &entered(times),
        Some(&DataSource::Person),
        hours(deadline),
        &zone(),
        now(),
    );
    match found {
        Ok(usual) => usual.clock_time().strftime("%H:%M").to_string(),
        Err(why) => format!("{why:?}"),
    }
}

#[test]
fn three_quarters_of_the_entries_and_half_an_hour() {
    let cases: [(&[&str], i64, &str); 12] = [
        // Five are enough; the third quarter of five is the fourth.
        (&["09:00", "09:10", "09:20", "09:30", "12:00"], 0, "10:00"),
        (&["09:00", "09:10", "09:20", "09:30"], 0, "TooFew(4)"),
        (&[], 0, "TooFew(0)"),
        (&["21:00"; 14], 0, "21:30"),
        // A day off early or late does not move it.
        (
            &[
                "21:00", "21:10", "21:05", "21:20", "21:15", "07:00", "21:00", "21:10",
            ],
            0,
            "21:40",
        ),
        // Two peaks, four hours and a minute apart; four hours are one.
        (
            &["09:00", "09:00", "09:00", "13:01", "13:01", "13:01"],
            0,
            "Scattered",
        ),
        (
            &["09:00", "09:00", "09:00", "13:00", "13:00", "13:00"],
            0,
            "13:30",
        ),
        // With a deadline of 03:00 the evening goes on after midnight.
        (&["22:30", "00:30", "23:00", "00:10", "23:50"], 3, "00:40"),
        (&["22:30", "00:30", "23:00", "00:10", "23:50"], 0, "Scattered"),
        // With a deadline of 18:00 the day begins at 18:00.
        (&["17:00", "17:10", "16:50", "17:20", "17:05"], -6, "17:40"),
        // Never past the deadline.
        (&["23:50", "23:50", "23:50", "23:50", "23:50"], 0, "23:59"),
        (&["17:50", "17:50", "17:50", "17:50", "17:50"], -6, "17:59"),
    ];
    for (times, deadline, wanted) in cases {
        assert_eq!(usual(times, deadline), wanted, "{times:?}, deadline {deadline} h");
    }
}

#[test]
fn only_real_entries_of_the_last_fourteen_days_count() {
    let usual = |change: &dyn Fn(&mut Entry)| {
        let mut entries = entered(&["09:00"; 5]);
        change(&mut entries[2]);
        usual_time(&entries, Some(&DataSource::Person), hours(0), &zone(), now()).map(|usual| usual.entries)
    };
    assert_eq!(usual(&|_| {}), Ok(5));
    let few = Err(NoHabit::TooFew(4));
    assert_eq!(usual(&|entry| entry.is_dummy = true), few);
    assert_eq!(usual(&|entry| entry.is_derail = true), few);
    assert_eq!(usual(&|entry| entry.gone_at = Some(now())), few);
    assert_eq!(usual(&|entry| entry.entered_at = now() - LATELY), few);
    let second = SignedDuration::from_secs(1);
    assert_eq!(usual(&|entry| entry.entered_at = now() + second), few);
}

#[test]
fn a_goal_that_a_service_fills_has_no_habit() {
    let why = |source: Option<DataSource>| {
        usual_time(&entered(&["09:00"; 9]), source.as_ref(), hours(0), &zone(), now()).unwrap_err()
    };
    assert_eq!(
        why(Some(DataSource::Autodata("fitbit".to_owned()))),
        NoHabit::Autodata
    );
    assert_eq!(why(None), NoHabit::SourceUnknown);
}

#[test]
fn the_usual_time_is_on_the_goals_own_day() {
    let on = |times: &[&str], deadline, day: &str| {
        let person = Some(&DataSource::Person);
        usual_time(&entered(times), person, hours(deadline), &zone(), now())
            .unwrap()
            .on(day.parse().unwrap(), &zone())
    };
    // The day of 21 November ends at 03:00 of the 22nd, and 00:40 is its evening.
    assert_eq!(
        on(&["22:30", "00:30", "23:00", "00:10", "23:50"], 3, "2026-11-21"),
        at("2026-11-22T00:40:00-05:00")
    );
    // The day of 21 November began at 18:00 of the 20th.
    assert_eq!(
        on(&["17:00"; 5], -6, "2026-11-21"),
        at("2026-11-21T17:30:00-05:00")
    );
    assert_eq!(
        on(&["19:00"; 5], -6, "2026-11-21"),
        at("2026-11-20T19:30:00-05:00")
    );
    // A clock time, also on the day on which the clock is set.
    assert_eq!(
        on(&["09:00"; 5], 0, "2027-03-14"),
        at("2027-03-14T09:30:00-04:00")
    );
    assert_eq!(
        on(&["02:00"; 5], 0, "2027-03-14"),
        at("2027-03-14T03:00:00-04:00"),
        "02:30 is skipped on that day"
    );
}

#[test]
fn days_are_the_goals_days() {
    let days = |entries: &[Entry], deadline| days_entered(entries, hours(deadline), &zone(), now());
    assert_eq!(days(&entered(&["09:00"; 10]), 0), 10);
    assert_eq!(days(&entered(&["09:00"; 20]), 0), 13, "older ones do not count");
    let night = [
        entry(0, at("2026-11-20T22:00:00-05:00")),
        entry(1, at("2026-11-21T01:00:00-05:00")),
    ];
    assert_eq!((days(&night, 0), days(&night, 3)), (2, 1));
}
