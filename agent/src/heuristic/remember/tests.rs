use serde_json::{Value, json};

use super::*;
use crate::{
    arms::beeminder::Account,
    domain::Derailment,
    store::{Store, file::image, tests::scratch},
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn point(id: &str, day: &str, entered: &str, more: &Value) -> Value {
    let mut point = json!({"id": id, "day": day, "created_at": entered, "updated_at": null, "value": 1.0,
        "is_dummy": false, "is_initial": false});
    point
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    point
}

fn goal_with(points: &[Value], more: &Value) -> Goal {
    let mut goal = json!({"slug": "reading", "id": "5f", "title": "Read", "state": "active", "queued": false,
        "safebuf": 1, "losedate": "2026-11-23T04:59:59Z", "deadline": 0, "pledge": 5.0, "current_value": 3.0,
        "datapoints": points});
    goal.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    serde_json::from_value(goal).unwrap()
}

async fn read(store: &Store, goal: Goal, when: &str) {
    let observed = Observed {
        beeminder: Observation::Fresh {
            value: Account {
                time_zone: None,
                deadbeat: false,
                goals: vec![goal],
                unreadable: Vec::new(),
                ignored: 0,
            },
            at: at(when),
        },
        cure: None,
        walk: None,
        budgets: Vec::new(),
        elapsed: std::time::Duration::ZERO,
    };
    let now = at(when);
    store
        .write(move |tx| pass(tx, &observed, &[], &TimeZone::UTC, now))
        .await
        .unwrap();
}

fn entries_of(store: &Store) -> Vec<Entry> {
    store
        .read(|connection| entries::of_goal(connection, "5f", Timestamp::MIN))
        .unwrap()
}

fn readings_of(store: &Store) -> Vec<Reading> {
    store
        .read(|connection| readings::of_goal(connection, "5f", Timestamp::MIN))
        .unwrap()
}

/// The ids, with a mark on those that are gone.
fn ids(store: &Store) -> String {
    let shown = |entry: Entry| {
        let mark = if entry.gone_at.is_some() { " gone" } else { "" };
        entry.datapoint + mark
    };
    entries_of(store)
        .into_iter()
        .map(shown)
        .collect::<Vec<_>>()
        .join(", ")
}

#[tokio::test]
async fn a_reading_is_kept_only_when_something_changed() {
    let (_folder, store) = scratch();
    let points = || vec![point("a", "2026-11-20", "2026-11-20T20:00:00Z", &json!({}))];
    for (when, more) in [
        ("2026-11-21T18:00:00Z", json!({})),
        ("2026-11-21T18:15:00Z", json!({})),
        (
            "2026-11-21T18:30:00Z",
            json!({"title": "Another title", "due": "+1"}),
        ),
        ("2026-11-21T18:45:00Z", json!({"slug": "books"})),
        ("2026-11-21T19:00:00Z", json!({"safebuf": 0})),
        (
            "2026-11-21T19:15:00Z",
            json!({"safebuf": 0, "queued": true, "losedate": null}),
        ),
        ("2026-11-21T19:30:00Z", json!({"safebuf": 0, "pledge": 10.0})),
        (
            "2026-11-21T19:45:00Z",
            json!({"safebuf": 0, "pledge": 10.0, "lost": true}),
        ),
        (
            "2026-11-21T20:00:00Z",
            json!({"safebuf": 0, "pledge": 10.0, "lost": true, "state": "frozen"}),
        ),
    ] {
        read(&store, goal_with(&points(), &more), when).await;
    }
    let kept: Vec<_> = readings_of(&store)
        .iter()
        .map(|reading| reading.at.to_string()[11..16].to_owned())
        .collect();
    assert_eq!(kept, ["18:00", "19:00", "19:30", "19:45", "20:00"]);
    let newest = readings_of(&store).pop().unwrap();
    assert_eq!(
        (newest.state, newest.lost, newest.safebuf, newest.value),
        (crate::domain::GoalState::Frozen, Some(true), Some(0), Some(3.0))
    );
    assert_eq!(
        store
            .read(|connection| readings::first(connection, "5f"))
            .unwrap(),
        Some(at("2026-11-21T18:00:00Z"))
    );
}

#[tokio::test]
async fn what_was_entered_is_a_reading_too() {
    let (_folder, store) = scratch();
    let a = || point("a", "2026-11-20", "2026-11-20T20:00:00Z", &json!({}));
    let dummy = || {
        point(
            "d",
            "2026-11-21",
            "2026-11-21T05:00:00Z",
            &json!({"is_dummy": true, "is_derail": true}),
        )
    };
    let b = |value| {
        point(
            "b",
            "2026-11-21",
            "2026-11-21T18:10:00Z",
            &json!({"value": value}),
        )
    };
    read(&store, goal_with(&[a()], &json!({})), "2026-11-21T18:00:00Z").await;
    read(
        &store,
        goal_with(&[dummy(), a()], &json!({})),
        "2026-11-21T18:05:00Z",
    )
    .await;
    read(
        &store,
        goal_with(&[b(2.0), dummy(), a()], &json!({})),
        "2026-11-21T18:15:00Z",
    )
    .await;
    read(
        &store,
        goal_with(&[b(3.0), dummy(), a()], &json!({})),
        "2026-11-21T18:30:00Z",
    )
    .await;
    assert_eq!(readings_of(&store).len(), 4);
    let kept: Vec<_> = entries_of(&store)
        .into_iter()
        .map(|entry| {
            (
                entry.datapoint.clone(),
                entry.value,
                entry.is_derail,
                entry.is_real(),
            )
        })
        .collect();
    assert_eq!(
        kept,
        [
            ("a".to_owned(), Some(1.0), false, true),
            ("d".to_owned(), Some(1.0), true, false),
            ("b".to_owned(), Some(3.0), false, true)
        ]
    );
}

#[tokio::test]
async fn what_cannot_be_known_again_or_is_older_than_four_months_is_not_kept() {
    let (_folder, store) = scratch();
    let mut without_id = point("x", "2026-11-21", "2026-11-21T12:00:00Z", &json!({}));
    without_id["id"] = Value::Null;
    let without_time = point(
        "y",
        "2026-11-21",
        "2026-11-21T12:00:00Z",
        &json!({"created_at": null}),
    );
    let old = point("old", "2026-07-20", "2026-07-20T12:00:00Z", &json!({}));
    let initial = point(
        "first",
        "2026-11-01",
        "2026-11-01T12:00:00Z",
        &json!({"is_initial": true}),
    );
    let points = vec![without_id, without_time, initial, old];
    read(&store, goal_with(&points, &json!({})), "2026-11-21T18:00:00Z").await;
    let kept = entries_of(&store);
    assert_eq!(
        (ids(&store).as_str(), kept[0].is_real()),
        ("first", false),
        "the point that comes with a goal is not a person's"
    );
}

#[tokio::test]
async fn a_deleted_datapoint_is_marked_and_one_that_is_only_older_is_not() {
    let (_folder, store) = scratch();
    let day = |id: &str, day: u8| {
        point(
            id,
            &format!("2026-11-{day}"),
            &format!("2026-11-{day}T12:00:00Z"),
            &json!({}),
        )
    };
    let shown = |points: Vec<Value>, when: &'static str| read(&store, goal_with(&points, &json!({})), when);
    shown(
        vec![day("c", 13), day("b", 12), day("a", 11)],
        "2026-11-13T18:00:00Z",
    )
    .await;
    shown(
        vec![day("d", 14), day("c", 13), day("b", 12)],
        "2026-11-14T18:00:00Z",
    )
    .await;
    assert_eq!(ids(&store), "a, b, c, d");
    shown(
        vec![day("e", 15), day("d", 14), day("b", 12)],
        "2026-11-15T18:00:00Z",
    )
    .await;
    assert_eq!(ids(&store), "a, b, c gone, d, e");
    // It comes back, as an undone deletion.
    shown(
        vec![day("e", 15), day("d", 14), day("c", 13)],
        "2026-11-15T19:00:00Z",
    )
    .await;
    assert_eq!(ids(&store), "a, b, c, d, e");
    // Entered today for long ago: by whichever order Beeminder chose, nothing else is gone.
    let backdated = point("z", "2026-10-01", "2026-11-16T12:00:00Z", &json!({}));
    shown(
        vec![day("e", 15), day("d", 14), backdated],
        "2026-11-16T18:00:00Z",
    )
    .await;
    shown(
        vec![day("f", 17), day("e", 15), day("d", 14)],
        "2026-11-17T18:00:00Z",
    )
    .await;
    assert_eq!(ids(&store), "a, b, c, d, e, z, f");
}

#[tokio::test]
async fn a_history_is_kept_and_is_asked_for_until_it_was_read_or_failed_five_times() {
    let (_folder, store) = scratch();
    let wanted = || {
        store
            .read(|connection| entry_histories::wanted(connection, "5f"))
            .unwrap()
    };
    let now = at("2026-11-21T18:00:00Z");
    let history = |points: Option<Vec<Value>>| {
        let points = points.map(|points| goal_with(&points, &json!({})).datapoints);
        let histories = vec![History {
            goal: "5f".to_owned(),
            points,
        }];
        let observed = Observed {
            beeminder: Observation::Unknown {
                why: "down".to_owned(),
            },
            cure: None,
            walk: None,
            budgets: Vec::new(),
            elapsed: std::time::Duration::ZERO,
        };
        store.write(move |tx| pass(tx, &observed, &histories, &TimeZone::UTC, now))
    };
    assert_eq!(wanted(), Some(0));
    history(None).await.unwrap();
    assert_eq!(wanted(), Some(1));
    history(Some(vec![point(
        "a",
        "2026-11-20",
        "2026-11-20T20:00:00Z",
        &json!({}),
    )]))
    .await
    .unwrap();
    assert_eq!((wanted(), ids(&store).as_str()), (None, "a"));

    store
        .write(move |tx| (0..5).try_for_each(|_| entry_histories::tried(tx, "other", now, false)))
        .await
        .unwrap();
    let given_up = store
        .read(|connection| entry_histories::wanted(connection, "other"))
        .unwrap();
    assert_eq!(given_up, None);
}

#[tokio::test]
async fn a_derailment_is_known_by_the_reading_that_shows_it_and_forgotten_when_it_is_undone() {
    let (_folder, store) = scratch();
    let known = || {
        let rows = store
            .read(|connection| derailments::between(connection, Timestamp::MIN, Timestamp::MAX))
            .unwrap();
        let shown = |(goal, derailment): (String, Derailment)| format!("{goal} {}", derailment.occasion);
        rows.into_iter().map(shown).collect::<Vec<_>>()
    };
    let entered = point("a", "2026-11-18", "2026-11-18T20:00:00Z", &json!({}));
    let derail = point(
        "d",
        "2026-11-22",
        "2026-11-23T05:00:10Z",
        &json!({"is_dummy": true, "is_derail": true}),
    );
    read(
        &store,
        goal_with(std::slice::from_ref(&entered), &json!({})),
        "2026-11-22T18:00:00Z",
    )
    .await;
    assert!(known().is_empty());
    let after = json!({"safebuf": 7, "losedate": "2026-11-30T04:59:59Z", "pledge": 10.0});
    let shown = goal_with(&[derail, entered.clone()], &after);
    read(&store, shown, "2026-11-23T18:00:00Z").await;
    assert_eq!(known(), ["5f 2026-11-23"]);
    let undone = goal_with(
        &[
            point("b", "2026-11-22", "2026-11-23T18:30:00Z", &json!({})),
            entered,
        ],
        &json!({}),
    );
    read(&store, undone, "2026-11-23T19:00:00Z").await;
    assert!(known().is_empty(), "{:?}", known());
}

/// What 12 goals leave behind in four months: on each of them something is entered once a day at any minute,
/// and a day begins.
async fn four_months(store: &Store) {
    const GOALS: u64 = 12;
    const DAYS: i64 = 120;
    let first = at("2026-07-24T04:00:00Z");
    let hours = |hours: i64| jiff::SignedDuration::from_hours(hours);
    for day in 0..DAYS {
        let morning = first + hours(24 * day);
        let goals = (0..GOALS).flat_map(|n| {
            let point = |ago: i64| {
                let seed = n * 1_000 + (day - ago + 3).unsigned_abs();
                let mut rng = fastrand::Rng::with_seed(seed);
                let entered =
                    morning + hours(9 - 24 * ago) + jiff::SignedDuration::from_secs(rng.i64(0..36_000));
                let id = format!("{:08x}{:016x}", entered.as_second(), rng.u64(..));
                let date = TimeZone::UTC.to_datetime(entered).date();
                let more = json!({"value": rng.u8(1..100)});
                point(&id, &date.to_string(), &entered.to_string(), &more)
            };
            let goal = |points: &[Value], safebuf: i64| {
                goal_with(
                    points,
                    &json!({"id": format!("64a93753f0168acda6266{n:03x}"), "safebuf": safebuf,
                        "losedate": (morning + hours(24 * (safebuf + 1))).to_string(),
                        "current_value": 1000 * n + 10 * day.unsigned_abs() + safebuf.unsigned_abs()}),
                )
            };
            [
                (morning + hours(9), goal(&[point(1), point(2), point(3)], 2)),
                (morning + hours(20), goal(&[point(0), point(1), point(2)], 3)),
            ]
        });
        let mut goals: Vec<_> = goals.collect();
        goals.sort_by_key(|(when, _)| *when);
        store
            .write(move |tx| {
                goals
                    .iter()
                    .try_for_each(|(when, read)| goal(tx, read, &TimeZone::UTC, *when))
            })
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn four_months_of_twelve_goals_add_less_than_a_hundred_kilobytes_to_every_copy() {
    let (folder, store) = scratch();
    let packed = |name: &str| {
        let path = folder.path().join(name);
        store.copy_to(&path).unwrap();
        let mut copy = rusqlite::Connection::open(&path).unwrap();
        image::take_packed(&mut copy).unwrap().unwrap().len()
    };
    let before = packed("before");
    four_months(&store).await;
    let rows = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table}");
        store
            .read(|connection| connection.query_row(&sql, [], |row| row.get::<_, u32>(0)))
            .unwrap()
    };
    assert_eq!((rows("entries"), rows("readings")), (12 * 123, 12 * 240));
    let added = packed("after") - before;
    println!("{added} bytes");
    assert!(added < 100_000, "{added} bytes");
}

#[test]
fn a_derailment_keeps_its_day_when_the_account_moves_to_another_zone() {
    let derailment = |at: &str, occasion: &str| Derailment {
        sign: crate::domain::DerailSign::LosedatePassed,
        at: at.parse().unwrap(),
        losedate: at.parse().ok(),
        occasion: occasion.parse().unwrap(),
        stake: None,
    };
    let known = [derailment("2026-11-21T04:59:59Z", "2026-11-20")];
    let mut found = [
        derailment("2026-11-21T04:59:59Z", "2026-11-21"),
        derailment("2026-11-22T04:59:59Z", "2026-11-22"),
    ];
    keep_occasions(&mut found, &known);
    let days = found.map(|derailment| derailment.occasion.to_string());
    assert_eq!(days, ["2026-11-20", "2026-11-22"]);
}
