use jiff::civil::Time;

use super::*;
use crate::{
    config::{self, Source},
    domain::RunOutcome,
    store::{self, tables::runs::RunRow},
};

fn at(text: &str) -> Timestamp {
    format!("2026-11-{text}-05:00").parse().unwrap()
}

/// What a pass of `run` sees after the passes of a daemon and of `run`, each by day of November and time.
fn seen(more: &str, by_daemon: &[&str], by_run: &[&str], now: &str) -> Outlook {
    let text = format!(
        "heuristic.interval = \"15m\"\npolicy.quiet_hours = []\ntime_zone = \"America/New_York\"\n\
         notify.channels = [\"console\"]\nstate.path = \"none\"\n{more}\n"
    );
    let table = toml::from_str(&text).unwrap();
    let settings = config::load_given(None, vec![(Source::File("test.toml".into()), table)], &[]).unwrap();
    let mut connection = store::in_memory().unwrap();
    let tx = connection.transaction().unwrap();
    let passes = [(Trigger::Schedule, by_daemon), (Trigger::Cli, by_run)];
    for (trigger, times) in passes {
        for time in times {
            let run = RunRow {
                id: format!("{trigger}{time}"),
                started_at: at(time),
                finished_at: at(time),
                trigger,
                outcome: RunOutcome::Done,
                succeeded: true,
                overran: false,
                changed: false,
                observations: None,
            };
            runs::insert(&tx, &run).unwrap();
        }
    }
    tx.commit().unwrap();
    let promises = Promises::new(&settings);
    let timetable = promises.timetable(&connection, Trigger::Cli, at(now)).unwrap();
    promises.outlook(&timetable, at(now))
}

/// Whether a pass takes itself for the last one that can speak before the end of the day.
fn is_last_today(outlook: &Outlook) -> bool {
    outlook.is_last_chance(Timestamp::MAX)
}

#[test]
fn a_daemon_that_missed_three_passes_is_gone() {
    let tried = ["16T09:00:00", "16T09:15:00", "16T09:30:00"];
    assert!(
        !is_last_today(&seen("", &tried, &[], "16T10:15:00")),
        "two were missed, one is due"
    );
    assert!(is_last_today(&seen("", &tried, &[], "16T10:16:00")));
    // It is the crontab whose passes are promised then.
    let crontab = ["16T13:00:00", "16T21:30:00", "17T13:00:00", "17T21:30:00"];
    let outlook = seen("", &tried, &crontab, "18T13:00:00");
    assert_eq!(outlook.next(), Some(at("18T21:30:00")));
    assert!(is_last_today(&seen("", &tried, &crontab, "18T21:30:00")));
}

#[test]
fn a_daemon_misses_no_pass_outside_its_window() {
    // 16 November 2026 is a Monday.
    let window = "window = { mode = \"daily\", start = \"13:00\", hours = 5, days = [\"MON\", \"THU\"], \
                  passes = [\"21:30\"] }";
    let monday = ["16T17:45:00", "16T17:55:00"];
    for (now, next) in [
        ("16T21:30:00", "17T21:30:00"),
        ("18T21:30:00", "19T13:00:00"),
        ("19T13:25:00", "19T13:30:00"),
    ] {
        let outlook = seen(window, &monday, &["16T21:30:00", "17T21:30:00"], now);
        assert_eq!(outlook.next(), Some(at(next)), "{now}");
    }
    let outlook = seen(window, &monday, &["16T21:30:00", "17T21:30:00"], "19T13:31:00");
    assert_eq!(
        outlook.next(),
        Some(at("19T21:30:00")),
        "the window's day began without it"
    );
}

#[test]
fn a_pass_at_a_new_time_does_not_wait_for_the_old_one() {
    let days = ["16", "17", "18", "19", "20"];
    let evenings: Vec<String> = days.iter().map(|day| format!("{day}T21:30:00")).collect();
    let mut passes: Vec<&str> = evenings.iter().map(String::as_str).collect();
    // The line was moved to noon on the 21st. No day on which something derails at its end is lost.
    for noon in ["21T12:00:00", "22T12:00:00", "23T12:00:00", "24T12:00:00"] {
        let outlook = seen("", &[], &passes, noon);
        let now = at(noon);
        assert!(
            is_last_today(&outlook) || outlook.last_but_one_today(Timestamp::MAX) == Some(now),
            "{noon}: {outlook:?}"
        );
        passes.push(noon);
    }
    let outlook = seen("", &[], &passes, "25T12:00:00");
    assert_eq!(
        outlook.next(),
        Some(at("26T12:00:00")),
        "the old line is forgotten"
    );
}

#[test]
fn a_pass_in_the_evening_does_not_wait_for_the_noon_before() {
    let passes = ["18T12:00:00", "19T12:00:00", "20T12:00:00"];
    let outlook = seen("", &[], &passes, "21T21:30:00");
    assert!(
        outlook.is_last_day(at("22T15:59:00")),
        "tomorrow at noon no pass may run"
    );
}

#[test]
fn lines_that_are_missing_on_two_days_are_gone() {
    let three = |day: u8| ["09:00:00", "20:00:00", "21:30:00"].map(|time| format!("{day}T{time}"));
    let mut passes: Vec<String> = (16..=20).flat_map(three).collect();
    passes.extend(["21T09:00:00", "22T09:00:00"].map(str::to_owned));
    let refs: Vec<&str> = passes.iter().map(String::as_str).collect();
    assert!(
        is_last_today(&seen("", &[], &refs, "23T09:00:00")),
        "both evenings were taken out"
    );
    // A machine that was off on two days has said nothing about its evenings.
    let refs: Vec<&str> = refs.into_iter().take(15).collect();
    let outlook = seen("", &[], &refs, "23T09:00:00");
    assert_eq!(outlook.next(), Some(at("23T20:00:00")));
}

/// No daemon, no quiet hours, no vacation.
fn passes_alone(passes: Vec<SinglePass>, zone: &TimeZone) -> Timetable {
    Timetable {
        zone: zone.clone(),
        daemon: Presence::Never,
        passes,
        quiet_hours: None,
        vacations: Vec::new(),
    }
}

#[test]
fn passes_at_the_same_time_on_two_days_are_a_line_of_a_crontab() {
    let zone = TimeZone::get("America/New_York").unwrap();
    let lines = |passes: &[&str], this: &str| -> Vec<String> {
        let passes = passes.iter().map(|text| text.parse().unwrap());
        let lines = crontab::lines(passes, this.parse().unwrap(), &zone);
        lines
            .iter()
            .map(|line| line.time.strftime("%H:%M").to_string())
            .collect()
    };
    let today = "2026-11-22T08:00:00-05:00";
    let cron = [
        "2026-11-20T12:30:00-05:00",
        "2026-11-20T17:45:03-05:00",
        "2026-11-21T12:35:00-05:00",
        "2026-11-21T17:45:01-05:00",
        "2026-11-21T19:00:00-05:00",
    ];
    assert_eq!(lines(&cron, today), ["12:30", "17:45"]);
    let one_day = ["2026-11-21T12:30:00-05:00", "2026-11-21T12:31:00-05:00"];
    assert!(lines(&one_day, today).is_empty(), "one day is no habit");
    let across_a_change = ["2026-10-31T17:45:00-04:00", "2026-11-01T17:45:00-05:00"];
    assert_eq!(
        lines(&across_a_change, "2026-11-02T08:00:00-05:00"),
        ["17:45"],
        "crontabs keep the clock's time"
    );
}

#[test]
fn a_pass_that_begins_a_little_earlier_than_usual_belongs_to_its_usual_line() {
    let zone = TimeZone::get("America/New_York").unwrap();
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    let usual = ["2026-11-20T17:45:00.9-05:00", "2026-11-21T17:45:01.2-05:00"].map(at);
    for this in ["2026-11-22T17:45:00.2-05:00", "2026-11-22T17:36:00-05:00"].map(at) {
        let timetable = passes_alone(crontab::lines(usual.into_iter(), this, &zone), &zone);
        let outlook = timetable.outlook(this, HORIZON_DAYS);
        assert!(outlook.is_last_chance(Timestamp::MAX), "{this}");
        assert_eq!(outlook.last_but_one_today(Timestamp::MAX), Some(this));
    }
    let much_earlier = at("2026-11-22T17:30:00-05:00");
    let lines = crontab::lines(usual.into_iter(), much_earlier, &zone);
    let times: Vec<Time> = lines.iter().map(|line| line.time).collect();
    assert_eq!(
        times,
        [zone.to_datetime(usual[0]).time()],
        "another line, not a habit yet"
    );
}

#[test]
fn a_crontab_of_working_days_promises_nothing_at_the_weekend() {
    let zone = TimeZone::get("America/New_York").unwrap();
    let at = |day: i8, time: &str| -> Timestamp { format!("2026-11-{day:02}T{time}-05:00").parse().unwrap() };
    // 2 November 2026 is a Monday.
    let days_after = |ran: &[i8], this: i8| -> Vec<&str> {
        let passes = ran.iter().map(|&day| at(day, "17:45:00"));
        let lines = crontab::lines(passes, at(this, "17:45:01"), &zone);
        lines[0].days.names().collect()
    };
    let working = ["MON", "TUE", "WED", "THU", "FRI"];
    assert_eq!(days_after(&[2, 3, 4, 5, 6], 9), working, "after a week");
    assert_eq!(
        days_after(&[4, 5, 6, 9, 10, 11, 12], 13),
        working,
        "after nine days"
    );
    assert_eq!(
        days_after(&[4, 5], 6),
        ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"],
        "no weekend has come yet"
    );
    assert_eq!(
        days_after(&[2, 3, 5, 6, 7, 8, 9, 10], 11),
        ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"],
        "a Wednesday was left out once, and this pass is on the next"
    );
    let weekend = crontab::lines(
        [2, 3, 4, 5, 6].map(|day| at(day, "17:45:00")).into_iter(),
        at(6, "17:45:01"),
        &zone,
    );
    let timetable = passes_alone(weekend, &zone);
    let outlook = timetable.outlook(at(6, "17:45:01"), HORIZON_DAYS);
    assert!(
        !outlook.is_last_day(at(7, "20:00:00")),
        "the first weekend may have passes"
    );
}

#[test]
fn what_derails_on_a_weekend_without_passes_has_its_last_chance_on_friday() {
    let zone = TimeZone::get("America/New_York").unwrap();
    let at = |day: i8| -> Timestamp { format!("2026-11-{day:02}T17:45:00-05:00").parse().unwrap() };
    let ran = [2, 3, 4, 5, 6, 9, 10, 11, 12].map(at);
    let timetable = passes_alone(crontab::lines(ran.into_iter(), at(13), &zone), &zone);
    let friday = timetable.outlook(at(13), HORIZON_DAYS);
    assert!(friday.is_last_day(at(15)), "a losedate on Sunday");
    assert_eq!(friday.next_day(), Some(at(16)));
    let since_friday = timetable.promised_between(at(13), at(16));
    assert_eq!(
        since_friday.collect::<Vec<_>>(),
        [at(16)],
        "nothing was due at the weekend"
    );
}
