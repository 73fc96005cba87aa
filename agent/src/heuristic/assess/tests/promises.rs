//! Properties that hold for any input.

use proptest::prelude::*;

use super::*;

fn any_instant() -> impl Strategy<Value = Timestamp> {
    let extremes = [Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH];
    prop_oneof![
        4 => (-900_000..900_000_i64).prop_map(|off| today("15:00") + SignedDuration::from_secs(off)),
        1 => prop::sample::select(extremes.to_vec()),
    ]
}

fn any_goal() -> impl Strategy<Value = Goal> {
    let safebuf = prop_oneof![3 => -2..9_i64, 1 => any::<i64>()];
    let state = prop::sample::select(vec![
        GoalState::Active,
        GoalState::Active,
        GoalState::Frozen,
        GoalState::Won,
    ]);
    let text = prop::option::of(any::<String>());
    (
        (
            "[a-c]{1,2}",
            state,
            any::<bool>(),
            prop::option::of(any_instant()),
        ),
        (
            prop::option::of(safebuf),
            prop::option::of(any_instant()),
            -61_200..=21_600_i64,
            text.clone(),
            text,
        ),
    )
        .prop_map(
            |((slug, state, queued, queued_since), (safebuf, losedate, deadline, due, bare_minimum))| Goal {
                state,
                queued,
                queued_since,
                safebuf,
                losedate,
                deadline: DeadlineOffset::from_seconds(deadline).unwrap(),
                due,
                bare_minimum,
                ..goal(&slug, 0)
            },
        )
}

proptest! {
    #[test]
    fn any_goals_give_one_plain_condition_each_and_nothing_is_safe_without_proof(
        goals in prop::collection::vec(any_goal(), 0..8), now in any_instant(), kind in 0..3_u32,
    ) {
        let known = account(goals.clone());
        let beeminder = match kind {
            0 => Observation::Fresh { value: known, at: now },
            1 => Observation::Stale { value: known, at: today("12:00"), why: "down".to_owned() },
            _ => Observation::Unknown { why: "down".to_owned() },
        };
        let observed = Observed { beeminder, walk: Some(walk(false)), ..observed(Vec::new()) };
        let conditions = assess(&observed, &failing(kind, kind), &settings(), &outlook(now));

        let of_goals: Vec<&Condition> = conditions.iter().filter(|c| c.subject.as_str().starts_with("goal:")).collect();
        let active: Vec<&Goal> = goals.iter().filter(|goal| goal.state == GoalState::Active).collect();
        prop_assert_eq!(of_goals.len(), if kind == 2 { 0 } else { active.len() });
        for condition in &conditions {
            for text in [&condition.phrase.long, &condition.phrase.short] {
                prop_assert!(text.is_ascii() && !text.ends_with('.') && !text.contains(char::is_control), "{text:?}");
            }
        }
        for condition in of_goals.iter().filter(|c| c.severity == Severity::Safe) {
            prop_assert_eq!(kind, 0, "only a fresh reading can be safe");
            prop_assert!(now == Timestamp::MAX || condition.expires_at.is_none_or(|at| at > now));
            let proven = |goal: &&Goal| {
                Subject::goal(&goal.slug) == condition.subject && (goal.safebuf >= Some(4) || goal.safebuf.is_none() && goal.losedate.is_some())
            };
            prop_assert!(active.iter().copied().any(|goal| proven(&goal)), "{condition:?}");
        }
        prop_assert!(conditions.windows(2).all(|pair| pair[0].severity.rank() >= pair[1].severity.rank()));
    }
}
