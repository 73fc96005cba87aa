//! The audit finds what is planted, and nothing where all is well.

use jiff::civil::Date;
use mecris_agent::domain::Step;
use mecris_tests::cases::Case;
use tokio::time::{Duration, Instant};

use super::{Accepted, Due, Findings, MustBeTold, audit};

pub(crate) const CASES: &[Case] = &[
    ("audit::what_is_told_once_is_well", what_is_told_once_is_well),
    (
        "audit::a_planted_duplicate_is_found",
        a_planted_duplicate_is_found,
    ),
    (
        "audit::a_goal_that_nobody_was_told_is_found",
        a_goal_that_nobody_was_told_is_found,
    ),
    (
        "audit::a_sum_stands_for_whichever_goal_needs_it",
        a_sum_stands_for_whichever_goal_needs_it,
    ),
];

fn day(number: i8) -> Date {
    Date::constant(2026, 2, number)
}

/// When something happened, in real seconds.
fn at(start: Instant, second: u64) -> Instant {
    start + Duration::from_secs(second)
}

/// The findings about goals that were due (second, name, day), steps that must be told (name, day, step), and
/// messages (second, day, text).
fn findings(due: &[(u64, &str, i8)], must: &[(&str, i8, Step)], accepted: &[(u64, i8, &str)]) -> Findings {
    let start = Instant::now();
    let due: Vec<Due> = due
        .iter()
        .map(|(second, slug, number)| Due {
            slug: (*slug).to_owned(),
            day: day(*number),
            since: at(start, *second),
        })
        .collect();
    let must: MustBeTold = must
        .iter()
        .map(|(slug, number, step)| ((*slug).to_owned(), day(*number), *step))
        .collect();
    let accepted: Vec<Accepted> = accepted
        .iter()
        .map(|(second, number, body)| Accepted {
            body: (*body).to_owned(),
            day: day(*number),
            at: at(start, *second),
        })
        .collect();
    audit(&must, &due, &accepted)
}

/// Goal g1, due on Tuesday, the 3rd, and on Friday, the 6th; g2 and g3 on the 3rd.
const DUE: [(u64, &str, i8); 4] = [(1, "g1", 3), (1, "g2", 3), (1, "g3", 3), (5, "g1", 6)];

fn what_is_told_once_is_well() {
    let must = [("g1", 3), ("g2", 3), ("g3", 3), ("g1", 6)].map(|(slug, day)| (slug, day, Step::Last));
    for accepted in [
        &[
            (
                2,
                3,
                "Mecris: g1 derails today 23:59 ($5, +1 needed); g2 derails today; +1 more due today, $5 together #a",
            ),
            (
                6,
                6,
                "Mecris: g1 derails today; g1 derailed Tue 23:59, $5 at stake (answer Beeminder's mail if it was not fair) #b",
            ),
        ][..],
        // Each in a message of its own.
        &[
            (2, 3, "Mecris: g1 derails today #a"),
            (2, 3, "Mecris: g2 derails today #b"),
            (
                2,
                3,
                "Mecris: g3 derails today; no successful pass since Sun 17:55 #c",
            ),
            (6, 6, "Mecris: g1 derails today #d"),
        ],
        // Friday's text leaves after the clock was set back to Tuesday.
        &[
            (
                2,
                3,
                "Mecris: g1 derails today; g2 derails today; g3 derails today #a",
            ),
            (6, 3, "Mecris: g1 derails today #b"),
        ],
        // The warning of Monday is another step.
        &[
            (2, 2, "Mecris: g1 derails tomorrow 23:59 #a"),
            (
                2,
                3,
                "Mecris: g1 derails today; g2 derails today; g3 derails today #b",
            ),
            (6, 6, "Mecris: g1 derails today #c"),
            (7, 6, "Mecris: last call: g1 derails today 23:59 #d"),
        ],
        // What was last read, then the fresh word, then the last call. The outage names what it keeps from view.
        &[
            (
                2,
                3,
                "Mecris: as of Mon 17:45: g1 derails today; g2 derails today; g3 derails today #a",
            ),
            (
                3,
                3,
                "Mecris: cannot read Beeminder (3 tries, since 14:02): no answer; last seen: g1 due today 23:59, g2 due today 23:59 #b",
            ),
            (4, 3, "Mecris: g1 derails today #c"),
            (5, 3, "Mecris: last call: g1 derails today 23:59 #d"),
            (6, 6, "Mecris: g1 derails today #e"),
        ],
    ] {
        let found = findings(&DUE, &must, accepted);
        let nothing = found.lost.is_empty() && found.duplicates.is_empty();
        assert!(
            nothing && (found.due, found.overtaken) == (4, 0),
            "{found:?}: {accepted:?}"
        );
    }
}

fn a_planted_duplicate_is_found() {
    let told = (2, 3, "Mecris: g1 derails today 23:59; g2 derails today 23:59 #a");
    for (planted, what) in [
        (told, "the same message"),
        (
            (3, 3, "Mecris: g2 derails today #b"),
            "the same goal in other words",
        ),
        (
            (6, 3, "Mecris: g2 derails today #b"),
            "only g1 is due on a later day",
        ),
        (
            (3, 3, "Mecris: g1 derails today #b"),
            "not due on a later day yet",
        ),
        ((3, 3, "Mecris: g4 derails today #b"), "a goal that was never due"),
        (
            (3, 4, "Mecris: g2 derails today #b"),
            "a day on which it was not due",
        ),
        (
            (3, 4, "Mecris: g1 derailed Mon 23:59 #b"),
            "a derailment that was not due",
        ),
        (
            (
                3,
                3,
                "Mecris: g3 derails today; +2 more due today, $10 together #b",
            ),
            "more than there are",
        ),
    ] {
        let found = findings(&DUE, &[], &[told, planted]);
        assert!(!found.duplicates.is_empty(), "{what}: {planted:?}");
    }
    for twice in [
        "last call: g1 derails today 23:59",
        "as of Mon 17:45: g1 derails today",
    ] {
        let first = (3, 3, &*format!("Mecris: {twice} #b"));
        assert!(
            findings(&DUE, &[], &[told, first]).duplicates.is_empty(),
            "{twice}"
        );
        let found = findings(&DUE, &[], &[told, first, (4, 3, &format!("Mecris: {twice} #c"))]);
        assert_eq!(
            found.duplicates,
            [format!("g1 is told again: \"Mecris: {twice}\" on 2026-02-03")]
        );
    }
    let derailed = "Mecris: g1 derailed Tue 23:59 #b";
    let found = findings(
        &DUE,
        &[],
        &[told, (3, 4, derailed), (4, 5, "Mecris: g1 derailed Tue #c")],
    );
    assert_eq!(
        found.duplicates,
        ["g1 is told again: \"Mecris: g1 derailed Tue\" on 2026-02-05"]
    );
}

fn a_goal_that_nobody_was_told_is_found() {
    let first = (
        2,
        3,
        "Mecris: g1 derails today; +1 more due today, $5 together #a",
    );
    let second = (6, 6, "Mecris: g1 derailed Tue 23:59 #b");
    let must = [("g1", 3), ("g2", 3), ("g3", 3), ("g1", 6)].map(|(slug, day)| (slug, day, Step::Last));
    let found = findings(&DUE, &must, &[first, second]);
    // One of g2 and g3 is counted. That it derailed is not the word of its last day.
    assert_eq!(found.lost.len(), 2, "{found:?}");
    assert_eq!(found.lost[0], "g1 on 2026-02-06, last: no message names it");
    assert!(found.duplicates.is_empty() && found.overtaken == 0, "{found:?}");
    // That it was told on its last day is not the last call.
    let found = findings(
        &DUE,
        &[("g1", 3, Step::Last), ("g1", 3, Step::LastCall)],
        &[(2, 3, "Mecris: g1 derails today #a")],
    );
    assert_eq!(found.lost, ["g1 on 2026-02-03, last_call: no message names it"]);
}

/// The first goal could be counted in both sums, the second in the later one only.
fn a_sum_stands_for_whichever_goal_needs_it() {
    let due = [(1, "g1", 3), (1, "g2", 4), (5, "g3", 5)];
    let first = (
        2,
        3,
        "Mecris: g1 derails today; +1 more due by tomorrow, $5 together #a",
    );
    let second = (
        6,
        4,
        "Mecris: g1 derailed Tue; +1 more due by tomorrow, $5 together #b",
    );
    let must = [
        ("g1", 3, Step::Last),
        ("g2", 4, Step::Ahead),
        ("g3", 5, Step::Ahead),
    ];
    let found = findings(&due, &must, &[first, second]);
    assert!(found.lost.is_empty() && found.duplicates.is_empty(), "{found:?}");
    let found = findings(&due, &must, &[first]);
    assert_eq!(found.lost, ["g3 on 2026-02-05, ahead: no message names it"]);
}
