use super::*;
use crate::store::tests::scratch;

#[tokio::test]
async fn every_table_is_there_and_the_same_content_makes_the_same_text() {
    let (_folder, store) = scratch();
    assert!(store.read(is_empty).unwrap());
    let insert = |order: [i64; 3]| {
        store.write(move |tx| {
            tx.execute("DELETE FROM odometer_readings", [])?;
            for id in order {
                tx.execute(
                    "INSERT INTO odometer_readings VALUES (?1, 'groq', '2026-11-20T18:00:00.000000000Z', '2026-11', ?1, 'it''s')",
                    [id],
                )?;
            }
            Ok(())
        })
    };
    insert([3, 1, 2]).await.unwrap();
    let first = store.read(|c| rows(c, "odometer_readings")).unwrap();
    insert([2, 3, 1]).await.unwrap();
    assert_eq!(store.read(|c| rows(c, "odometer_readings")).unwrap(), first);
    assert_eq!(
        serde_json::to_string(&first[0]).unwrap(),
        r#"{"at":"2026-11-20T18:00:00.000000000Z","id":1,"month":"2026-11","notes":"it's","provider":"groq","value_micros":1}"#
    );
    assert!(!store.read(is_empty).unwrap());
    let names = store.read(tables).unwrap();
    assert!(
        names.is_sorted() && names.iter().any(|name| name == "claims"),
        "{names:?}"
    );
    for name in names {
        store.read(|c| rows(c, &name)).unwrap();
    }
}
