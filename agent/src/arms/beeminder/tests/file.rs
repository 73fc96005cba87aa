//! The source `file:`, and what is wrong with a file.

use serde_json::json;

use super::*;

const WITHIN: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_file_may_hold_goals_alone_or_with_the_user_or_with_datapoints() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("goals.json");
    let arm = arm(BeeminderSource::File(path.clone()), None);
    let write = |text: String| std::fs::write(&path, text).unwrap();

    write(body(GOALS).to_string());
    let account = arm.observe(recorded_at(), WITHIN).await.unwrap();
    assert_eq!((account.goals.len(), account.time_zone), (2, None));

    // Some editors put a byte order mark at the start of a file.
    write(format!("\u{feff}{}", body(GOALS)));
    let account = arm.observe(recorded_at(), WITHIN).await.unwrap();
    assert_eq!(account.goals.len(), 2);

    write(json!({"user": body(USER), "goals": body(GOALS)}).to_string());
    let account = arm.observe(recorded_at(), WITHIN).await.unwrap();
    assert_eq!(
        (account.goals.len(), account.time_zone.as_deref()),
        (2, Some("America/New_York"))
    );
    assert!(
        arm.datapoints(&"clean-view".parse().unwrap(), WITHIN)
            .await
            .is_err()
    );

    write(json!([{"slug": "bike", "datapoints": body(DATAPOINTS)}]).to_string());
    assert_eq!(
        arm.datapoints(&"bike".parse().unwrap(), WITHIN)
            .await
            .unwrap()
            .points
            .len(),
        3
    );
}

#[tokio::test]
async fn no_more_of_a_file_is_read_than_any_account_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("goals.json");
    let arm = arm(BeeminderSource::File(path.clone()), None);
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(40 << 20).unwrap();
    let error = arm.observe(recorded_at(), WITHIN).await.unwrap_err().to_string();
    assert!(error.contains("more than 32 MiB"), "{error}");
    // A file without an end.
    let arm = self::arm(BeeminderSource::File("/dev/zero".into()), None);
    let error = arm.observe(recorded_at(), WITHIN).await.unwrap_err().to_string();
    assert!(error.contains("more than 32 MiB"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_missing_or_wrong_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("goals.json");
    let arm = arm(BeeminderSource::File(path.clone()), None);
    for text in [None, Some(""), Some("<html>"), Some("[{"), Some("3"), Some("{}")] {
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        let error = arm.observe(recorded_at(), WITHIN).await.unwrap_err().to_string();
        assert!(
            error.starts_with("beeminder.source = \"file:") && error.contains("goals.json\": "),
            "{error}"
        );
    }
    std::fs::write(&path, "[{\"slug\": \"a\", \"safebuf\": 0,\n\"safebuf\": 9}]").unwrap();
    let account = arm.observe(recorded_at(), WITHIN).await.unwrap();
    assert_eq!(
        account.unreadable,
        ["goal 1 in the list, a: an object has the name \"safebuf\" twice at line 2 column 9"]
    );
    std::fs::write(&path, r#"{"user": {}, "goals": [], "user": null}"#).unwrap();
    let error = arm.observe(recorded_at(), WITHIN).await.unwrap_err().to_string();
    assert!(
        error.contains("an object has the name \"user\" twice at line 1"),
        "{error}"
    );
    std::fs::write(&path, r#"{"goals": [], "goals": []}"#).unwrap();
    let error = arm.observe(recorded_at(), WITHIN).await.unwrap_err().to_string();
    assert!(
        error.contains("an object has the name \"goals\" twice at line 1"),
        "{error}"
    );
    std::fs::write(&path, r#"{"goals": 3}"#).unwrap();
    assert!(matches!(
        arm.observe(recorded_at(), WITHIN).await,
        Err(BeeminderError::Malformed(_))
    ));
}
