use jiff::civil::{Weekday, date, time};

use super::*;
use crate::clock::Weekdays;

const NEW_YORK: &str = "America/New_York";

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// A window from 13:00 to 18:00 each day, with a pass every 15 minutes.
fn afternoon(days: Weekdays) -> Presence {
    Presence::Daily {
        window: Window {
            start: time(13, 0, 0, 0),
            length: SignedDuration::from_hours(5),
            days,
        },
        interval: minutes(15),
    }
}

fn timetable(zone: &str, daemon: Presence) -> Timetable {
    Timetable {
        zone: TimeZone::get(zone).unwrap(),
        daemon,
        passes: Vec::new(),
        quiet_hours: DailyRange::new(time(22, 0, 0, 0), time(8, 0, 0, 0)),
        vacations: Vec::new(),
    }
}

fn every_day() -> Timetable {
    timetable(NEW_YORK, afternoon(Weekdays::ALL))
}

fn weekdays() -> Weekdays {
    use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
    Weekdays::new([Monday, Tuesday, Wednesday, Thursday, Friday]).unwrap()
}

/// `2026-11-21 17:30` in New York.
fn at(local: &str) -> Timestamp {
    let local: jiff::civil::DateTime = local.replace(' ', "T").parse().unwrap();
    civil::local_instant(local, &TimeZone::get(NEW_YORK).unwrap())
}

fn clock(timetable: &Timetable, at: Timestamp) -> String {
    timetable.zone.to_datetime(at).strftime("%d %H:%M").to_string()
}

#[test]
fn a_window_has_a_chance_each_quarter_and_one_five_minutes_before_its_end() {
    let timetable = every_day();
    let chances = timetable.on(date(2026, 11, 21).into());
    let shown: Vec<_> = chances.iter().map(|&at| clock(&timetable, at)).collect();
    assert_eq!(shown.len(), 21);
    assert_eq!(shown[..2], ["21 13:00", "21 13:15"]);
    assert_eq!(shown[19..], ["21 17:45", "21 17:55"]);
}

#[test]
fn the_last_but_one_lies_a_quarter_of_an_hour_before_the_last() {
    let timetable = every_day();
    let outlook = timetable.outlook(at("2026-11-21 13:00"), 3);
    for (limit, last, but_one) in [
        ("2026-11-22 01:00", "21 17:55", "21 17:30"),
        ("2026-11-21 16:00", "21 16:00", "21 15:45"),
        ("2026-11-21 13:10", "21 13:00", "21 13:00"),
    ] {
        assert_eq!(clock(&timetable, outlook.last_today(at(limit)).unwrap()), last);
        assert_eq!(
            clock(&timetable, outlook.last_but_one_today(at(limit)).unwrap()),
            but_one
        );
    }
    assert_eq!(outlook.last_but_one_today(at("2026-11-21 12:59")), None);
}

#[test]
fn the_last_day_is_the_day_of_the_last_chance() {
    let outlook = every_day().outlook(at("2026-11-21 14:00"), 3);
    for (limit, day) in [
        ("2026-11-21 21:59", date(2026, 11, 21)),
        ("2026-11-22 01:00", date(2026, 11, 21)),
        ("2026-11-22 12:59", date(2026, 11, 21)),
        ("2026-11-22 13:00", date(2026, 11, 22)),
        ("2026-11-23 12:59", date(2026, 11, 22)),
    ] {
        assert_eq!(outlook.last_day(at(limit)), day.into(), "{limit}");
        assert_eq!(
            outlook.is_last_day(at(limit)),
            day == date(2026, 11, 21),
            "{limit}"
        );
    }
    assert_eq!(
        outlook.last_day(at("2027-11-22 13:00")),
        date(2026, 11, 24).into(),
        "beyond the horizon"
    );
}

#[test]
fn friday_covers_the_weekend_of_a_weekday_window() {
    let outlook = timetable(NEW_YORK, afternoon(weekdays())).outlook(at("2026-11-20 14:00"), 4);
    for (limit, is_last) in [
        ("2026-11-21 21:59", true),
        ("2026-11-23 09:00", true),
        ("2026-11-23 13:00", false),
    ] {
        assert_eq!(outlook.is_last_day(at(limit)), is_last, "{limit}");
    }
    let saturday = timetable(NEW_YORK, afternoon(weekdays())).outlook(at("2026-11-21 14:00"), 4);
    assert!(saturday.may_speak(), "a pass by hand");
    assert!(saturday.is_last_day(at("2026-11-21 21:59")) && saturday.is_last_chance(at("2026-11-21 21:59")));
}

#[test]
fn a_vacation_takes_chances_away() {
    let mut timetable = every_day();
    timetable.vacations = vec![(at("2026-11-21 17:00"), at("2026-11-24 00:00"))];
    let outlook = timetable.outlook(at("2026-11-21 16:00"), 5);
    assert!(
        outlook.is_last_day(at("2026-11-23 21:59")),
        "the eve of a vacation"
    );
    assert!(!outlook.is_last_day(at("2026-11-24 13:00")));
    assert_eq!(
        clock(&timetable, outlook.last_today(at("2026-11-23 21:59")).unwrap()),
        "21 16:45"
    );
    assert!(timetable.may_speak(at("2026-11-21 16:59")) && !timetable.may_speak(at("2026-11-21 17:00")));
}

#[test]
fn at_home_every_quarter_outside_quiet_hours_is_a_chance() {
    let home = timetable(
        NEW_YORK,
        Presence::Always {
            interval: minutes(15),
        },
    );
    let chances = home.on(date(2026, 11, 21).into());
    assert_eq!(chances.len(), 14 * 4);
    assert_eq!(clock(&home, chances[0]), "21 08:00");
    assert_eq!(clock(&home, *chances.last().unwrap()), "21 21:45");
}

#[test]
fn passes_besides_the_window_are_chances_unless_they_are_quiet() {
    let mut timetable = every_day();
    timetable.passes = [time(21, 30, 0, 0), time(22, 30, 0, 0)]
        .map(SinglePass::daily)
        .to_vec();
    let chances = timetable.on(date(2026, 11, 21).into());
    assert_eq!(clock(&timetable, *chances.last().unwrap()), "21 21:30");
    let outlook = timetable.outlook(at("2026-11-21 17:55"), 2);
    assert_eq!(outlook.next(), Some(at("2026-11-21 21:30")));
    assert!(!outlook.is_last_chance(at("2026-11-22 01:59")));
    assert!(outlook.is_last_chance(at("2026-11-21 21:29")));
}

#[test]
fn a_window_across_midnight_has_chances_on_both_days() {
    let mut timetable = every_day();
    timetable.quiet_hours = None;
    timetable.daemon = Presence::Daily {
        window: Window {
            start: time(23, 0, 0, 0),
            length: SignedDuration::from_hours(2),
            days: Weekdays::new([Weekday::Saturday]).unwrap(),
        },
        interval: minutes(30),
    };
    let shown = |day| -> Vec<String> {
        let chances = timetable.on(day);
        chances.iter().map(|&at| clock(&timetable, at)).collect()
    };
    assert_eq!(shown(date(2026, 11, 21).into()), ["21 23:00", "21 23:30"]);
    assert_eq!(
        shown(date(2026, 11, 22).into()),
        ["22 00:00", "22 00:30", "22 00:55"]
    );
    assert!(shown(date(2026, 11, 23).into()).is_empty());
}

#[test]
fn without_any_promise_a_pass_is_its_own_last_chance() {
    let outlook = timetable(NEW_YORK, Presence::Never).outlook(at("2026-11-21 14:00"), 3);
    let limit = at("2026-11-24 14:00");
    assert!(outlook.is_last_day(limit) && outlook.is_last_chance(limit));
    assert_eq!((outlook.last_today(limit), outlook.next()), (None, None));
    assert!(
        !outlook.is_last_day(at("2026-12-21 14:00")),
        "beyond the horizon nothing is known"
    );
}

/// In every zone, through every change of the clock of a year, for windows, homes and crontabs.
#[test]
fn chances_are_in_order_on_their_day_and_never_quiet_in_every_zone() {
    let horizon = 3;
    for name in jiff::tz::db().available() {
        let zone = TimeZone::get(name.as_str()).unwrap();
        for daemon in [
            afternoon(Weekdays::ALL),
            Presence::Always {
                interval: minutes(45),
            },
            Presence::Never,
        ] {
            let mut timetable = timetable(name.as_str(), daemon);
            timetable.passes = [time(2, 30, 0, 0), time(21, 30, 0, 0)]
                .map(SinglePass::daily)
                .to_vec();
            timetable.quiet_hours = DailyRange::new(time(23, 30, 0, 0), time(1, 15, 0, 0));
            for change in changes_of_a_year(&zone) {
                let today = local_day(change, &zone);
                let days = [
                    civil::previous(today.date()),
                    today.date(),
                    civil::next(today.date()),
                ];
                for day in days {
                    let chances = timetable.on(day.into());
                    assert!(chances.is_sorted_by(|a, b| a < b), "{name} {day}");
                    let (from, until) = local_day_bounds(day.into(), &zone);
                    for &at in &chances {
                        assert!(from <= at && at < until, "{name} {day}: {at} is another day's");
                        assert!(timetable.may_speak(at), "{name} {day}: {at} is quiet");
                    }
                    let outlook = timetable.outlook(from, horizon);
                    let last = chances.last().copied();
                    assert_eq!(outlook.last_today(Timestamp::MAX), last, "{name} {day}");
                    if let Some(last) = last {
                        let but_one = outlook.last_but_one_today(last).unwrap();
                        let has_earlier = chances[0].duration_since(last) <= -BETWEEN_LAST_TWO;
                        assert_eq!(but_one < last, has_earlier, "{name} {day}");
                        assert!(!outlook.is_last_day(Timestamp::MAX), "{name} {day}");
                    }
                }
            }
        }
    }
}

/// The instants of 2026 at which a zone's clock changes, and one ordinary noon.
fn changes_of_a_year(zone: &TimeZone) -> Vec<Timestamp> {
    let start: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
    let end: Timestamp = "2027-01-01T12:00:00Z".parse().unwrap();
    let changes = zone.following(start).map(|change| change.timestamp());
    std::iter::once(start)
        .chain(changes.take_while(|&at| at < end))
        .collect()
}

#[test]
fn a_weekend_promises_nothing_to_a_window_on_weekdays() {
    let timetable = timetable(NEW_YORK, afternoon(weekdays()));
    // The 20th of November is a Friday.
    for (from, until, expected) in [
        ("2026-11-20 17:55", "2026-11-23 13:00", false),
        ("2026-11-20 17:45", "2026-11-23 13:00", true),
        ("2026-11-20 17:55", "2026-11-23 13:01", true),
        ("2026-11-19 17:55", "2026-11-23 13:00", true),
        ("2026-11-23 13:00", "2026-11-20 17:55", false),
    ] {
        assert_eq!(
            timetable.promises_between(at(from), at(until)),
            expected,
            "{from} to {until}"
        );
    }
    let quiet = Timetable {
        passes: vec![SinglePass::daily(time(3, 0, 0, 0))],
        daemon: Presence::Never,
        ..every_day()
    };
    assert!(quiet.promises_between(at("2026-11-20 17:55"), at("2026-11-21 13:00")));
}

#[test]
fn promised_passes_take_place_in_quiet_hours_and_on_vacations_too() {
    let mut timetable = timetable(
        NEW_YORK,
        Presence::Always {
            interval: minutes(15),
        },
    );
    timetable.vacations = vec![(at("2026-11-21 00:00"), at("2026-11-23 00:00"))];
    let between = |from: &str, until: &str| timetable.promised_between(at(from), at(until)).count();
    assert_eq!(between("2026-11-21 23:00", "2026-11-22 00:00"), 4);
    assert_eq!(between("2026-11-21 23:01", "2026-11-21 23:14"), 0);
    assert_eq!(
        between("2026-11-22 00:00", "2026-11-21 00:00"),
        0,
        "a clock that was set back"
    );
}

#[test]
fn the_last_days_of_the_calendar_have_an_end() {
    let table = timetable(
        NEW_YORK,
        Presence::Always {
            interval: minutes(60),
        },
    );
    assert!(
        table
            .promised_between(at("9999-12-29 12:00"), Timestamp::MAX)
            .count()
            > 0
    );
}

#[test]
fn a_single_pass_is_read_back_as_it_is_written() {
    for (text, written) in [
        ("21:30", "21:30"),
        ("09:00 sat", "09:00 sat"),
        ("13:00 mon-fri", "13:00 mon,tue,wed,thu,fri"),
        ("13:00:30 MON, SUN", "13:00:30 mon,sun"),
        ("13:00 mon-sun", "13:00"),
    ] {
        let pass = SinglePass::parse(text).unwrap();
        assert_eq!(pass.to_string(), written);
        assert_eq!(SinglePass::parse(written), Some(pass));
    }
    for text in [
        "",
        "13",
        "25:00",
        "13:00 someday",
        "13:00 fri-mon",
        "13:00 sat sun",
    ] {
        assert_eq!(SinglePass::parse(text), None, "{text}");
    }
}

#[test]
fn quiet_hours_from_midnight_are_the_first_hours_of_each_day() {
    let timetable = Timetable {
        daemon: Presence::Always {
            interval: minutes(30),
        },
        quiet_hours: DailyRange::new(time(0, 0, 0, 0), time(8, 0, 0, 0)),
        ..every_day()
    };
    let chances = timetable.on(date(2026, 11, 21).into());
    assert_eq!(clock(&timetable, chances[0]), "21 08:00");
    assert_eq!(clock(&timetable, *chances.last().unwrap()), "21 23:30");
    for (now, may_speak) in [
        ("2026-11-20 23:59", true),
        ("2026-11-21 00:00", false),
        ("2026-11-21 07:59", false),
        ("2026-11-21 08:00", true),
    ] {
        assert_eq!(timetable.may_speak(at(now)), may_speak, "{now}");
    }
    let until_midnight = Timetable {
        quiet_hours: DailyRange::new(time(22, 0, 0, 0), time(0, 0, 0, 0)),
        ..timetable
    };
    let chances = until_midnight.on(date(2026, 11, 21).into());
    assert_eq!(clock(&until_midnight, chances[0]), "21 00:00");
    assert_eq!(clock(&until_midnight, *chances.last().unwrap()), "21 21:30");
}
