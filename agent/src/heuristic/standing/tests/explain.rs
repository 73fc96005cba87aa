//! An explanation names the reason for silence, and its end.

use super::*;

#[test]
fn an_explanation_names_the_reason_and_its_end() {
    let goals = [goal("tomorrow", 1, 0), goal("safe", 20, 0), goal("quiet", 0, 0)];
    let silence = word(
        SilenceKind::Silence,
        "goal:quiet",
        MONDAY,
        "2026-11-16T20:00:00-05:00",
    );
    let (connection, _, view) = viewed("heuristic.lead_days = 0", &goals, MONDAY, &[silence]);
    let about = |name: &str| explain(&view, &connection, &name.parse().unwrap()).unwrap();

    let tomorrow = about("goal:tomorrow");
    assert_eq!(
        (tomorrow.silent, tomorrow.reason),
        (true, Some(Reason::NotLastDay))
    );
    assert_eq!(tomorrow.until, tomorrow.next.map(|next| next.at));
    let next = tomorrow.next.unwrap();
    assert_eq!(next.step, Step::Last);
    assert!(next.at >= at("2026-11-17T09:00:00-05:00"), "{next:?}");

    let quiet = about("goal:quiet");
    assert_eq!(quiet.reason, Some(Reason::Silenced));
    assert_eq!(quiet.until, Some(at("2026-11-16T20:00:00-05:00")));
    assert_eq!(quiet.because, "a silence covers it (by phone: on a plane)");

    let safe = about("goal:safe");
    assert_eq!((safe.silent, safe.reason), (true, Some(Reason::BelowThreshold)));
    assert_eq!(safe.decided.len(), 1);
    let told = safe.next.unwrap();
    assert_eq!(safe.until, Some(told.at), "when it will really speak");
    assert!(told.at >= at("2026-12-06T00:00:00-05:00"), "{told:?}");

    let upstream = about("upstream:beeminder");
    assert_eq!(upstream.reason, Some(Reason::BelowThreshold));
    assert_eq!(upstream.until, None, "nobody knows when Beeminder fails");
    let unheard = about("budget:groq");
    assert_eq!((unheard.reason, unheard.until), (None, None));
}

#[test]
fn of_all_that_a_person_asked_for_what_ends_last_is_named() {
    let goals = [goal("quiet", 0, 0), goal("safe", 20, 0), goal("loud", 0, 0)];
    let words = [
        word(SilenceKind::Vacation, "*", MONDAY, "2026-11-17T08:00:00-05:00"),
        word(
            SilenceKind::Silence,
            "goal:quiet",
            MONDAY,
            "2026-11-18T09:00:00-05:00",
        ),
        word(
            SilenceKind::Silence,
            "goal:safe",
            MONDAY,
            "2026-11-16T20:00:00-05:00",
        ),
    ];
    let (connection, _, view) = viewed("heuristic.lead_days = 0", &goals, MONDAY, &words);
    let about = |name: &str| explain(&view, &connection, &name.parse().unwrap()).unwrap();
    let quiet = about("goal:quiet");
    assert_eq!(quiet.reason, Some(Reason::Silenced));
    assert_eq!(quiet.until, Some(at("2026-11-18T09:00:00-05:00")));
    let loud = about("goal:loud");
    assert_eq!(loud.reason, Some(Reason::Vacation));
    assert_eq!(loud.until, Some(at("2026-11-17T08:00:00-05:00")));
    let safe = about("goal:safe");
    assert_eq!(
        safe.reason,
        Some(Reason::BelowThreshold),
        "what nobody had to silence"
    );
    let covering = safe.covered_by.expect("it is covered all the same");
    assert_eq!(covering.kind, SilenceKind::Vacation);
    assert_eq!(covering.until, at("2026-11-17T08:00:00-05:00"));
}

#[test]
fn what_somebody_knows_is_silent_until_it_derails() {
    let goals = [goal("known", 0, 0)];
    let evening = "2026-11-16T21:00:00-05:00";
    let (mut connection, rules, _) = viewed("heuristic.lead_days = 0", &goals, evening, &[]);
    let tx = connection.transaction().unwrap();
    let newest = crate::store::tables::outbox::newest_about_something(&tx, at(evening)).unwrap();
    let id = newest.expect("the last day is said");
    crate::silences::record::acknowledge(&tx, &id, "phone", at(evening), &zone()).unwrap();
    tx.commit().unwrap();
    let view = rules.view(&connection, at(evening)).unwrap();
    let known = explain(&view, &connection, &"goal:known".parse().unwrap()).unwrap();
    assert_eq!(known.reason, Some(Reason::Acknowledged));
    assert_eq!(known.until, goals[0].losedate);
}
