use super::*;
use crate::{budget::OdometerState, store::tables::export};

#[tokio::test]
async fn two_readings_a_day_do_not_double() {
    let bench = BudgetOnDisk::new();
    bench.reading("2026-01-16T15:00:00Z", 1.06).await.unwrap();
    bench.reading("2026-01-16T20:00:00Z", 1.10).await.unwrap();
    let groq = bench.observe(Provider::Groq, "2026-01-16T20:01:00Z").await;
    assert_eq!(used(&groq), Some(1.10));
    assert_eq!(
        groq.at(),
        Some(at("2026-01-16T20:00:00Z")),
        "true when it was read"
    );
    assert_eq!(
        bench.arm.recent(10).unwrap().len(),
        0,
        "a reading makes no session"
    );
}

#[tokio::test]
async fn the_month_after_is_unknown_without_a_reading_not_zero() {
    let bench = BudgetOnDisk::new();
    bench.reading("2026-01-31T23:00:00Z", 4.0).await.unwrap();
    assert_eq!(
        used(&bench.observe(Provider::Groq, "2026-02-01T04:59:59Z").await),
        Some(4.0)
    );
    let groq = bench.observe(Provider::Groq, "2026-02-01T05:00:00Z").await;
    assert!(
        matches!(&groq, Observation::Unknown { why } if why.starts_with("no groq reading for 2026-02 yet")),
        "{groq:?}"
    );
    let row = bench.recorded(Provider::Groq, "2026-02-01T05:00:00Z").budget;
    assert_eq!(
        (row.used, row.remaining(), row.health),
        (None, None, Health::Unknown)
    );
    assert_eq!(row.limit, Some(usd(5.0)), "what is known is kept");
    assert!(row.why.contains("POST /groq/odometer/record"), "{}", row.why);
}

#[tokio::test]
async fn an_old_reading_is_observed_as_stale() {
    let bench = BudgetOnDisk::new();
    bench.reading("2026-01-05T15:00:00Z", 1.0).await.unwrap();
    assert!(
        bench
            .observe(Provider::Groq, "2026-01-12T15:00:00Z")
            .await
            .fresh()
            .is_some()
    );
    let groq = bench.observe(Provider::Groq, "2026-01-13T15:00:00Z").await;
    assert!(
        matches!(&groq, Observation::Stale { why, .. } if why.contains("8 days old")),
        "{groq:?}"
    );
    assert!(
        bench.recorded(Provider::Groq, "2026-01-13T15:00:00Z").stale,
        "though it was computed just now"
    );
}

#[tokio::test]
async fn a_total_that_falls_within_a_month_is_refused_unless_it_is_a_correction() {
    let bench = BudgetOnDisk::new();
    bench.reading("2026-01-10T15:00:00Z", 19.0).await.unwrap();
    let error = bench.reading("2026-01-10T15:05:00Z", 1.9).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "$1.90 is less than $19.00, the last groq reading for 2026-01, and a month's total cannot fall. \
         If the last reading was wrong, say correction=true; if the new one is of another month, say \
         month=YYYY-MM"
    );
    assert_eq!(
        used(&bench.observe(Provider::Groq, "2026-01-10T15:06:00Z").await),
        Some(19.0),
        "nothing was recorded"
    );
    let corrected = NewReading {
        correction: true,
        ..reading(1.9)
    };
    bench
        .arm
        .record_odometer(Provider::Groq, corrected, at("2026-01-10T15:07:00Z"))
        .await
        .unwrap();
    assert_eq!(
        used(&bench.observe(Provider::Groq, "2026-01-10T15:08:00Z").await),
        Some(1.9)
    );
}

#[tokio::test]
async fn a_new_month_starts_anew_whatever_its_first_reading() {
    let bench = BudgetOnDisk::new();
    bench.reading("2026-01-31T15:00:00Z", 0.8).await.unwrap();
    let lower = bench.reading("2026-02-02T15:00:00Z", 0.1).await.unwrap();
    assert!(lower.reset_detected);
    assert_eq!(lower.warning, None);
    let higher = bench.reading("2026-03-20T15:00:00Z", 2.5).await.unwrap();
    assert!(!higher.reset_detected, "nothing fell");
    assert_eq!(
        higher.warning, None,
        "no console shows February on the 20th of March"
    );
    assert_eq!(
        used(&bench.observe(Provider::Groq, "2026-03-20T15:01:00Z").await),
        Some(2.5)
    );
    let costs: Vec<_> = bench
        .arm
        .odometer(at("2026-03-20T15:01:00Z"))
        .unwrap()
        .history
        .into_iter()
        .map(|month| (month.month, month.cost.usd(), month.finalized))
        .collect();
    assert_eq!(
        costs,
        [
            ("2026-03".parse().unwrap(), 2.5, false),
            ("2026-02".parse().unwrap(), 0.1, true),
            ("2026-01".parse().unwrap(), 0.8, true)
        ]
    );
}

#[tokio::test]
async fn a_late_reading_of_an_earlier_month_leaves_the_present_one_alone() {
    let bench = BudgetOnDisk::new();
    bench.reading("2026-02-01T15:00:00Z", 0.2).await.unwrap();
    let late = NewReading {
        month: Some("2026-01".parse().unwrap()),
        ..reading(3.1)
    };
    let late = bench
        .arm
        .record_odometer(Provider::Groq, late, at("2026-02-01T16:00:00Z"))
        .await
        .unwrap();
    assert!(late.historical);
    assert_eq!(late.daily_average, usd(0.1), "over the 31 days of January");
    assert_eq!(
        used(&bench.observe(Provider::Groq, "2026-02-01T16:01:00Z").await),
        Some(0.2)
    );
}

#[tokio::test]
async fn readings_that_make_no_sense_are_refused() {
    let bench = BudgetOnDisk::new();
    let error = bench.reading("2026-01-10T15:00:00Z", -1.0).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "value is -$1.00: expected the month's total, $0.00 or more"
    );
    let ahead = NewReading {
        month: Some("2026-02".parse().unwrap()),
        ..reading(1.0)
    };
    let error = bench
        .arm
        .record_odometer(Provider::Groq, ahead, at("2026-01-31T09:59:59Z"))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "month is 2026-02: expected 2026-01 or an earlier month, 2016-01 or later"
    );
}

#[tokio::test]
async fn groq_from_a_ledger_asks_for_no_reading() {
    let mut settings = settings();
    settings.providers[1].source = BudgetSource::Ledger;
    let bench = BudgetOnDisk::with(settings);
    bench
        .arm
        .record_session(
            session(Provider::Groq, TOKENS_FOR_A_DOLLAR),
            at("2026-01-16T15:00:00Z"),
        )
        .await
        .unwrap();
    assert_eq!(
        used(&bench.observe(Provider::Groq, "2026-01-16T15:00:00Z").await),
        Some(1.0)
    );
    let status = bench.arm.odometer(at("2026-01-16T15:00:00Z")).unwrap().reminders;
    assert_eq!((status.state, status.due.len()), (OdometerState::NotUsed, 0));
}

#[tokio::test]
async fn sessions_do_not_count_beside_an_odometer() {
    let bench = BudgetOnDisk::new();
    bench.reading("2026-01-16T14:00:00Z", 1.0).await.unwrap();
    bench
        .arm
        .record_session(
            session(Provider::Groq, TOKENS_FOR_A_DOLLAR),
            at("2026-01-16T15:00:00Z"),
        )
        .await
        .unwrap();
    assert_eq!(
        used(&bench.observe(Provider::Groq, "2026-01-16T15:00:00Z").await),
        Some(1.0)
    );
}

/// In New York it is the evening of 30 November, and the console, which counts by UTC, shows December.
#[tokio::test]
async fn a_month_may_be_recorded_once_it_has_begun_anywhere_on_earth() {
    let bench = BudgetOnDisk::new();
    bench.reading("2026-11-29T20:00:00Z", 4.1).await.unwrap();
    let refused = bench.reading("2026-12-01T01:00:00Z", 0.05).await.unwrap_err();
    assert!(refused.to_string().ends_with("say month=YYYY-MM"), "{refused}");
    let december = NewReading {
        month: Some("2026-12".parse().unwrap()),
        ..reading(0.05)
    };
    for too_early in ["2026-11-30T09:59:59Z", "2026-10-31T23:00:00Z"] {
        let refused = bench
            .arm
            .record_odometer(Provider::Groq, december.clone(), at(too_early))
            .await;
        assert!(
            refused.is_err(),
            "no clock on earth shows December at {too_early}"
        );
    }
    let advised = bench
        .arm
        .record_odometer(Provider::Groq, december, at("2026-12-01T01:00:00Z"))
        .await
        .unwrap();
    assert_eq!(
        (advised.historical, advised.warning, advised.daily_average),
        (false, None, usd(0.05))
    );
    assert_eq!(
        used(&bench.observe(Provider::Groq, "2026-12-01T01:01:00Z").await),
        Some(4.1),
        "November goes on here"
    );
    assert_eq!(
        used(&bench.observe(Provider::Groq, "2026-12-01T05:00:00Z").await),
        Some(0.05)
    );
}

/// An hour after local midnight the console may still show November.
#[tokio::test]
async fn a_reading_with_a_warning_raises_no_alarm_until_it_is_confirmed() {
    let doubtful = async || {
        let bench = BudgetOnDisk::new();
        bench.reading("2026-11-29T20:00:00Z", 4.8).await.unwrap();
        let first = bench.reading("2026-12-01T06:00:00Z", 4.82).await.unwrap();
        assert!(first.warning.unwrap().contains("does not count yet"));
        let observed = bench.observe(Provider::Groq, "2026-12-01T06:01:00Z").await;
        assert!(
            matches!(&observed, Observation::Unknown { why } if why.contains("month=2026-11")),
            "{observed:?}"
        );
        let row = bench.recorded(Provider::Groq, "2026-12-01T06:01:00Z").budget;
        assert_eq!((row.health, row.used), (Health::Unknown, None));
        bench
    };
    let confirmed = doubtful().await;
    assert_eq!(
        confirmed
            .reading("2026-12-01T06:02:00Z", 4.82)
            .await
            .unwrap()
            .warning,
        None
    );
    let row = confirmed.recorded(Provider::Groq, "2026-12-01T06:02:00Z").budget;
    assert_eq!((row.health, row.used), (Health::Critical, Some(usd(4.82))));

    let corrected = doubtful().await;
    let right = NewReading {
        correction: true,
        ..reading(0.02)
    };
    corrected
        .arm
        .record_odometer(Provider::Groq, right, at("2026-12-01T06:02:00Z"))
        .await
        .unwrap();
    let row = corrected.recorded(Provider::Groq, "2026-12-01T06:02:00Z").budget;
    assert_eq!((row.health, row.used), (Health::Good, Some(usd(0.02))));
}

#[tokio::test]
async fn a_reading_that_is_taken_back_counts_no_more_and_is_kept_as_it_was() {
    let bench = BudgetOnDisk::new();
    let reading = |value| NewReading {
        value: usd(value),
        month: None,
        notes: "console".to_owned(),
        correction: false,
    };
    let record = async |value, now: &str| {
        let recorded = bench.arm.record_odometer(Provider::Groq, reading(value), at(now));
        recorded.await.unwrap().id
    };
    record(1.0, "2026-01-16T15:00:00Z").await;
    let slip = record(10.0, "2026-01-16T16:00:00Z").await;
    let now = at("2026-01-16T17:00:00Z");
    let take_back = async |provider, id: &str| {
        let taken = bench.arm.take_back_reading(provider, id.to_owned(), now);
        taken.await.unwrap().map(|(reading, _)| reading.value)
    };
    for (provider, id) in [
        (Provider::Anthropic, slip.as_str()),
        (Provider::Groq, "2-1"),
        (Provider::Groq, "x"),
    ] {
        assert_eq!(take_back(provider, id).await, None, "{id}");
    }
    assert_eq!(take_back(Provider::Groq, &slip).await, Some(usd(10.0)));
    assert_eq!(take_back(Provider::Groq, &slip).await, None, "once");
    let shown = bench.recorded(Provider::Groq, "2026-01-16T17:00:00Z").budget;
    assert_eq!(shown.used, Some(usd(1.0)));
    let kept = bench
        .arm
        .store
        .read(|connection| export::rows(connection, "removals"))
        .unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (&kept[0]["removed_from"], &kept[0]["id"]),
        (&"odometer_readings".into(), &slip.into())
    );
    let was: serde_json::Value = serde_json::from_str(kept[0]["was"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&was["value_micros"], &was["notes"]),
        (&10_000_000.into(), &"console".into())
    );
}
