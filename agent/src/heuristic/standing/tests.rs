//! What is foreseen is what the passes then do, because both ask the same rules.

mod explain;

use std::{collections::HashMap, time::Duration};

use jiff::{SignedDuration, civil::Time};
use rusqlite::{Connection, Transaction};

use super::*;
use crate::{
    arms::beeminder::{Account, DataSource, Goal},
    clock::{DeadlineOffset, beeminder_day, days_from},
    config::{self, Settings, Source},
    domain::{ChannelKind, Condition, GoalState, Money, Observation, Reason, Silence, SilenceKind, Trigger},
    heuristic::{Forewarning, assess::Observed},
    notify::outbox::insert_delivered,
    store::{
        self,
        tables::{entries::Entry, forewarned, runs::RunRow, silences},
    },
};

const CHANNELS: [ChannelKind; 1] = [ChannelKind::Sms];

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

/// A person in New York who gets as many messages as there are.
fn settings(more: &str) -> Settings {
    // Fewer passes than usual make the same point.
    let interval = if more.contains("interval") {
        ""
    } else {
        "heuristic.interval = \"1h\"\n"
    };
    let text = format!(
        "{interval}time_zone = \"America/New_York\"\nnotify.channels = [\"console\"]\nstate.path = \"none\"\n{more}\n"
    );
    let table = toml::from_str(&text).unwrap();
    let many = [
        ("policy.max_messages_per_hour", "1000"),
        ("policy.max_messages_per_day", "1000"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()));
    config::load_given(None, vec![(Source::File("test.toml".into()), table)], &many).unwrap()
}

/// Monday, the first day of each test.
const MONDAY: &str = "2026-11-16T12:00:00-05:00";

/// A goal that derails so many days after Monday at the end of its day.
fn goal(slug: &str, days: i64, deadline: i32) -> Goal {
    let deadline = DeadlineOffset::from_seconds(deadline.into()).unwrap();
    let losedate = at("2026-11-17T00:00:00-05:00")
        + SignedDuration::from_hours(24 * days)
        + SignedDuration::from_secs(i64::from(deadline.seconds()) - 1);
    Goal {
        safebuf: Some(days),
        losedate: Some(losedate),
        deadline,
        pledge: Some(Money::from_usd(5.0).unwrap()),
        source: Some(DataSource::Person),
        alert_start: Some(Time::constant(9, 0, 0, 0)),
        ..Goal::named(slug.parse().unwrap())
    }
}

/// What Beeminder shows at an instant if nothing is entered. A goal that derailed is gone.
fn shown(goals: &[Goal], now: Timestamp) -> Account {
    let day = |goal: &Goal, at| beeminder_day(at, &zone(), goal.deadline).date();
    let left = goals
        .iter()
        .filter(|goal| goal.losedate.is_none_or(|losedate| losedate > now));
    let goals = left.map(|goal| Goal {
        safebuf: goal
            .safebuf
            .map(|days| (days - i64::from(days_from(day(goal, at(MONDAY)), day(goal, now)))).max(0)),
        ..goal.clone()
    });
    Account {
        time_zone: Some("America/New_York".to_owned()),
        deadbeat: false,
        goals: goals.collect(),
        unreadable: Vec::new(),
        ignored: 0,
    }
}

/// Makes a pass at `now`. Returns what its message told.
fn pass(
    connection: &mut Connection,
    rules: &Rules,
    goals: &[Goal],
    trigger: Trigger,
    now: Timestamp,
) -> Vec<(Subject, Next)> {
    let observed = Observed {
        beeminder: Observation::Fresh {
            value: shown(goals, now),
            at: now,
        },
        cure: None,
        walk: None,
        budgets: Vec::new(),
        elapsed: Duration::ZERO,
    };
    let tx = connection.transaction().unwrap();
    let pass = rules.assess(&tx, observed, trigger, now).unwrap();
    let insert = |tx: &Transaction<'_>, message| {
        insert_delivered(tx, &message, &CHANNELS, now).map(|delivered| delivered.id)
    };
    let (report, _) = rules
        .decide_and_record(&tx, &pass, now, |_| Ok(()), |message| insert(&tx, message))
        .unwrap();
    tx.commit().unwrap();
    let told = report.decisions.iter().zip(&report.conditions);
    told.filter(|(decision, _)| decision.action == crate::domain::Action::Notify)
        .map(|(decision, condition): (_, &Condition)| {
            let step = condition.ask.unwrap().step;
            (decision.subject.clone(), Next { at: now, step })
        })
        .collect()
}

/// Compares what is foreseen on Monday with the first message about each goal in the next ten days.
fn foreseen_is_done(more: &str, goals: &[Goal], prepare: impl FnOnce(&Connection)) -> HashMap<Subject, Next> {
    let settings = settings(more);
    let rules = Rules::new(&settings, CHANNELS.to_vec());
    let mut connection = store::in_memory().unwrap();
    prepare(&connection);
    pass(&mut connection, &rules, goals, Trigger::Schedule, at(MONDAY));
    let view = rules.view(&connection, at(MONDAY)).unwrap();
    let timetable = crate::heuristic::promised_by_serve(&settings);
    let mut first = HashMap::new();
    let passes: Vec<Timestamp> = timetable
        .promised_between(at(MONDAY), at(MONDAY) + SignedDuration::from_hours(240))
        .collect();
    for now in passes {
        for (subject, next) in pass(&mut connection, &rules, goals, Trigger::Schedule, now) {
            if subject.is_goal() {
                first.entry(subject).or_insert(next);
            }
        }
    }
    let soon = |next: &Next| next.at < at(MONDAY) + SignedDuration::from_hours(240);
    let foreseen: HashMap<_, _> = view.next.into_iter().filter(|(_, next)| soon(next)).collect();
    assert_eq!(foreseen, first, "with {more:?}");
    foreseen
}

#[test]
fn what_is_foreseen_is_what_the_passes_do() {
    let goals = [
        goal("today", 0, 0),
        goal("tomorrow", 1, 0),
        goal("night", 2, 3 * 3600),
        goal("early", 3, -6 * 3600),
        goal("friday", 4, 0),
        goal("saturday", 5, 0),
        goal("later", 8, 0),
        goal("far", 30, 0),
    ];
    let weekdays = "window = { mode = \"daily\", start = \"13:00\", hours = 5, days = [\"MON\", \"TUE\", \"WED\", \"THU\", \"FRI\"] }";
    for more in [
        "",
        "heuristic.lead_days = 0",
        "policy.quiet_hours = [\"22:00\", \"08:00\"]",
        "window = { mode = \"daily\", start = \"13:00\", hours = 5 }",
        weekdays,
        "heuristic.lead_days = 3\nwindow = { mode = \"daily\", start = \"13:00\", hours = 5, passes = [\"21:30\"] }",
        "goal = [{ slug = \"friday\", from = \"19:00\" }, { slug = \"today\", silent = true }]",
    ] {
        let told = foreseen_is_done(more, &goals, |_| {});
        assert!(told.len() >= 5, "{more:?}: {told:?}");
        assert!(!told.contains_key(&Subject::goal(&"far".parse().unwrap())));
    }
}

fn word(kind: SilenceKind, pattern: &str, from: &str, until: &str) -> Silence {
    Silence {
        id: format!("{pattern} {from}"),
        kind,
        pattern: pattern.parse().unwrap(),
        starts_at: at(from),
        ends_at: at(until),
        author: "phone".to_owned(),
        comment: "on a plane".to_owned(),
        created_at: at(from),
        deleted_at: None,
        deleted_by: None,
    }
}

fn say(connection: &Connection, word: &Silence) {
    let tx = connection.unchecked_transaction().unwrap();
    silences::insert(&tx, word).unwrap();
    tx.commit().unwrap();
}

#[test]
fn a_vacation_and_a_silence_to_come_are_foreseen() {
    let goals = [
        goal("tuesday", 1, 0),
        goal("wednesday", 2, 0),
        goal("friday", 4, 0),
        goal("later", 6, 0),
    ];
    let told = foreseen_is_done("heuristic.lead_days = 0", &goals, |connection| {
        let (from, until) = ("2026-11-18T00:00:00-05:00", "2026-11-20T00:00:00-05:00");
        say(connection, &word(SilenceKind::Vacation, "*", from, until));
        let (from, until) = ("2026-11-20T00:00:00-05:00", "2026-11-20T20:00:00-05:00");
        say(
            connection,
            &word(SilenceKind::Silence, "goal:friday", from, until),
        );
    });
    let when = |slug: &str| {
        told.get(&Subject::goal(&slug.parse().unwrap()))
            .map(|next| next.at)
    };
    // The eve of the vacation is the last day of what derails in it.
    assert!(when("wednesday").unwrap() < at("2026-11-18T00:00:00-05:00"));
    assert_eq!(when("friday"), Some(at("2026-11-20T20:00:00-05:00")));
}

#[test]
fn what_a_person_heard_of_a_vacation_counts_for_a_day() {
    let goals = [goal("wednesday", 2, 0)];
    let away = word(
        SilenceKind::Vacation,
        "*",
        "2026-11-18T00:00:00-05:00",
        "2026-11-20T00:00:00-05:00",
    );
    let said_on_the_eve = |heard: &str| {
        let settings = settings("heuristic.lead_days = 0");
        let rules = Rules::new(&settings, CHANNELS.to_vec());
        let mut connection = store::in_memory().unwrap();
        pass(&mut connection, &rules, &goals, Trigger::Schedule, at(MONDAY));
        let forewarning = Forewarning::of(&connection, &away, &rules, at(heard)).unwrap();
        assert_eq!(forewarning.goals.len(), 1, "{forewarning:?}");
        let tx = connection.transaction().unwrap();
        silences::insert(&tx, &away).unwrap();
        forewarned::insert(&tx, &away.id, &forewarning.goals, None, at(heard)).unwrap();
        tx.commit().unwrap();
        let eve = (at(heard), at("2026-11-18T00:00:00-05:00"));
        let timetable = crate::heuristic::promised_by_serve(&settings);
        let passes: Vec<Timestamp> = timetable.promised_between(eve.0, eve.1).collect();
        let mut told = Vec::new();
        for now in passes {
            told.extend(pass(&mut connection, &rules, &goals, Trigger::Schedule, now));
        }
        told.len()
    };
    assert_eq!(said_on_the_eve("2026-11-17T10:00:00-05:00"), 0);
    assert_eq!(
        said_on_the_eve("2026-11-16T18:00:00-05:00"),
        1,
        "a day later it is said"
    );
}

/// A state after one pass at `now`, and its view.
fn viewed(more: &str, goals: &[Goal], now: &str, words: &[Silence]) -> (Connection, Rules, View) {
    let rules = Rules::new(&settings(more), CHANNELS.to_vec());
    let mut connection = store::in_memory().unwrap();
    pass(&mut connection, &rules, goals, Trigger::Schedule, at(now));
    for word in words {
        say(&connection, word);
    }
    let view = rules.view(&connection, at(now)).unwrap();
    (connection, rules, view)
}

#[test]
fn a_goal_that_is_safe_for_long_derails_on_its_day() {
    let far = |slug: &str, days: i64| Goal {
        safebuf: Some(days),
        losedate: None,
        ..goal(slug, 0, 0)
    };
    let goals = [far("months", 50), far("years", 800), far("never", 9_999_999)];
    let (_, _, view) = viewed("", &goals, MONDAY, &[]);
    let about = |slug: &str| {
        let goals = &view.standing.goals;
        let goal = goals.iter().find(|goal| goal.slug.as_str() == slug).unwrap();
        (goal.derails_at, goal.last_day.map(|day| day.to_string()))
    };
    assert_eq!(
        about("months"),
        (
            Some(at("2027-01-05T23:59:59-05:00")),
            Some("2027-01-05".to_owned())
        )
    );
    assert_eq!(
        about("years"),
        (
            Some(at("2029-01-24T23:59:59-05:00")),
            Some("2029-01-24".to_owned())
        )
    );
    assert_eq!(about("never"), (None, None));
    let (connection, _, view) = viewed("", &goals, MONDAY, &[]);
    let months = explain(&view, &connection, &"goal:months".parse().unwrap()).unwrap();
    assert_eq!(months.evidence.as_deref(), Some("safebuf 50, no losedate"));
}

#[test]
fn the_usual_time_says_from_what_it_was_got_and_from_wins() {
    let mut habitual = goal("habit", 0, 0);
    habitual.id = Some("5f".to_owned());
    let (connection, rules, _) = viewed("", &[habitual, goal("new", 3, 0)], MONDAY, &[]);
    for day in 3..=12 {
        let entry = Entry {
            goal: "5f".to_owned(),
            datapoint: day.to_string(),
            day: format!("2026-11-{day:02}").parse().unwrap(),
            entered_at: at(&format!("2026-11-{day:02}T20:40:00-05:00")),
            value: Some(1.0),
            is_dummy: false,
            is_derail: false,
            gone_at: None,
        };
        let tx = connection.unchecked_transaction().unwrap();
        crate::store::tables::entries::put(&tx, &entry).unwrap();
        tx.commit().unwrap();
    }
    let usual = |rules: &Rules, slug: &str| {
        let goals = rules.view(&connection, at(MONDAY)).unwrap().standing.goals;
        let goal = goals.into_iter().find(|goal| goal.slug.as_str() == slug).unwrap();
        let time = goal.usual.time.unwrap_or_default();
        format!("{time} {}", goal.usual.got_from)
    };
    assert_eq!(usual(&rules, "habit"), "21:10 10 entries of the last 14 days");
    assert!(usual(&rules, "new").starts_with(" it was entered 0 times"));
    let with = |more| Rules::new(&settings(more), CHANNELS.to_vec());
    let from = with("goal = [{ slug = \"habit\", from = \"19:00\" }]");
    assert_eq!(usual(&from, "habit"), "19:00 from in its [[goal]] table");
    assert_eq!(
        usual(&with("heuristic.habit = false"), "habit"),
        " heuristic.habit is off"
    );
}

#[test]
fn without_a_reading_nothing_is_foreseen() {
    let rules = Rules::new(&settings(""), CHANNELS.to_vec());
    let connection = store::in_memory().unwrap();
    let view = rules.view(&connection, at(MONDAY)).unwrap();
    assert!(!view.standing.is_reliable() && view.standing.goals.is_empty());
    let run = explain(&view, &connection, &Subject::run()).unwrap();
    assert_eq!(run.because, "no pass has decided anything about it yet");
}

#[test]
fn passes_by_hand_promise_no_chance() {
    let rules = Rules::new(&settings(""), CHANNELS.to_vec());
    let mut connection = store::in_memory().unwrap();
    pass(
        &mut connection,
        &rules,
        &[goal("today", 0, 0)],
        Trigger::Cli,
        at(MONDAY),
    );
    let view = rules.view(&connection, at(MONDAY)).unwrap();
    assert_eq!((view.standing.next_chance, view.next.len()), (None, 0));
    assert!(!view.standing.overdue);
    let two_days_on = at("2026-11-18T12:00:01-05:00");
    assert!(rules.view(&connection, two_days_on).unwrap().standing.overdue);
}

#[test]
fn a_pass_is_overdue_after_two_promised_ones() {
    let window = "window = { mode = \"daily\", start = \"13:00\", hours = 5, days = [\"MON\", \"FRI\"] }";
    let overdue = |more: &str, last: &str, now: &str| {
        let quarters = format!("heuristic.interval = \"15m\"\n{more}");
        let rules = Rules::new(&settings(&quarters), CHANNELS.to_vec());
        let mut connection = store::in_memory().unwrap();
        pass(&mut connection, &rules, &[], Trigger::Schedule, at(last));
        let recorded: Option<RunRow> = crate::store::tables::runs::newest(&connection, at(last)).unwrap();
        assert!(recorded.is_some());
        rules.view(&connection, at(now)).unwrap().standing.overdue
    };
    let friday = "2026-11-20T17:55:00-05:00";
    assert!(
        !overdue(window, friday, "2026-11-23T13:14:00-05:00"),
        "one was missed"
    );
    assert!(overdue(window, friday, "2026-11-23T13:15:00-05:00"));
    assert!(!overdue("", friday, "2026-11-20T18:14:00-05:00"));
    assert!(overdue("", friday, "2026-11-20T18:30:00-05:00"));
    assert!(overdue(
        "policy.quiet_hours = [\"17:00\", \"23:00\"]",
        friday,
        "2026-11-20T18:30:00-05:00"
    ));
    assert!(
        overdue("", friday, "2026-12-20T18:30:00-05:00"),
        "a daemon that died a month ago"
    );
}

#[test]
fn a_weekend_outside_the_window_is_no_missed_day() {
    let window = "window = { mode = \"daily\", start = \"13:00\", hours = 5, days = [\"MON\", \"TUE\", \"WED\", \"THU\", \"FRI\"] }";
    let said = |more: &str, now: &str| {
        let rules = Rules::new(&settings(more), CHANNELS.to_vec());
        let mut connection = store::in_memory().unwrap();
        for at_pass in ["2026-11-20T17:55:00-05:00", now] {
            pass(&mut connection, &rules, &[], Trigger::Schedule, at(at_pass));
        }
        let decided = decisions::newest_about(&connection, &Subject::run()).unwrap();
        decided[0].evidence.clone()
    };
    assert_eq!(
        said(window, "2026-11-23T13:00:00-05:00"),
        "last successful pass at Fri 17:55"
    );
    assert_eq!(
        said(window, "2026-11-24T13:00:00-05:00"),
        "no successful pass since Fri 17:55"
    );
    assert_eq!(
        said("", "2026-11-23T13:00:00-05:00"),
        "no successful pass since Fri 17:55"
    );
}

#[test]
fn a_goal_that_is_over_has_no_last_day_and_what_was_decided_of_it_before_says_nothing() {
    let mut connection = store::in_memory().unwrap();
    let rules = Rules::new(&settings(""), CHANNELS.to_vec());
    let over = |slug: &str, state| Goal {
        state,
        ..goal(slug, 1, 0)
    };
    let names = ["won", "archived", "frozen"];
    let active = names.map(|slug| goal(slug, 1, 0));
    pass(&mut connection, &rules, &active, Trigger::Schedule, at(MONDAY));
    let ended = [
        over("won", GoalState::Won),
        over("archived", GoalState::Archived),
        over("frozen", GoalState::Frozen),
    ];
    let now = at("2026-11-16T13:00:00-05:00");
    pass(&mut connection, &rules, &ended, Trigger::Schedule, now);
    let view = rules.view(&connection, now).unwrap();
    for (slug, goal) in names.iter().zip(&ended) {
        let shown = view
            .standing
            .goals
            .iter()
            .find(|shown| shown.slug == goal.slug)
            .unwrap();
        assert_eq!(
            (shown.last_day, shown.derails_at, shown.step, shown.next),
            (None, None, None, None),
            "{slug}"
        );
        let why = explain(&view, &connection, &shown.subject).unwrap();
        assert_eq!((why.reason, why.until, why.next), (None, None, None), "{slug}");
        assert_eq!(why.because, format!("it is {slug} and cannot derail"));
    }
}

#[test]
fn a_goal_whose_time_has_passed_since_the_reading_has_no_last_day() {
    let retiring = Goal {
        archives_at: Some(at("2026-11-18T00:00:00-05:00")),
        ..goal("retiring", 4, 0)
    };
    let goals = [goal("passed", 0, 0), retiring];
    let (connection, rules, view) = viewed("", &goals, MONDAY, &[]);
    let next = |view: &View, slug: &str| {
        let goals = &view.standing.goals;
        goals.iter().find(|goal| goal.slug.as_str() == slug).unwrap().next
    };
    assert_eq!(
        next(&view, "retiring"),
        None,
        "it is archived before its last day"
    );
    let later = rules.view(&connection, at("2026-11-18T12:00:00-05:00")).unwrap();
    for goal in &later.standing.goals {
        assert_eq!(goal.last_day, None, "{}", goal.slug);
    }
    let retired = later
        .standing
        .goals
        .iter()
        .find(|goal| goal.slug.as_str() == "retiring")
        .unwrap();
    assert_eq!(retired.state, GoalState::Archived);
}

#[test]
fn nothing_is_foreseen_to_go_with_a_message_that_has_left_before() {
    let walked = Goal {
        safebuf: Some(30),
        losedate: Some(at("2026-12-30T23:59:59-05:00")),
        ..goal("bike", 30, 0)
    };
    // The silence makes the pass after its end worth a look, although nothing leaves then.
    let silence = word(
        SilenceKind::Silence,
        "goal:bike",
        MONDAY,
        "2026-11-17T16:50:00-05:00",
    );
    let more =
        "walk.goal = \"bike\"\nheuristic.lead_days = 0\ngoal = [{ slug = \"late\", from = \"17:50\" }]";
    let (_, _, view) = viewed(more, &[walked, goal("late", 1, 0)], MONDAY, &[silence]);
    let next = |subject: &str| view.next[&subject.parse::<Subject>().unwrap()].at;
    assert_eq!(next("walk"), at("2026-11-17T14:00:00-05:00"));
    assert_eq!(
        next("goal:late"),
        at("2026-11-17T18:00:00-05:00"),
        "the walk's message is gone by 17:00"
    );
}

#[test]
fn what_a_limit_holds_back_is_foreseen_for_a_later_pass() {
    let goals = [goal("first", 1, 0), goal("second", 1, 0)];
    let more = "heuristic.lead_days = 0\ngoal = [{ slug = \"first\", channels = [\"console\"], from = \"15:00\" }, \
                { slug = \"second\", from = \"15:00\" }]";
    let (connection, mut rules, _) = viewed(more, &goals, MONDAY, &[]);
    rules.policy.max_messages_per_hour = 1;
    let view = rules.view(&connection, at(MONDAY)).unwrap();
    let mut times: Vec<Timestamp> = view.next.values().map(|next| next.at).collect();
    times.sort_unstable();
    assert_eq!(
        times,
        [at("2026-11-17T15:00:00-05:00"), at("2026-11-17T17:00:00-05:00")],
        "the passes are an hour apart, and the limit is for any 60 minutes"
    );
}
