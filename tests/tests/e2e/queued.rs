//! Beeminder is recomputing a goal at its last chance: the account is read once more, and the goal then counts as
//! it is shown.

use std::{thread, time::Duration};

use mecris_tests::{beeminder::GoalSpec, wait};

use super::stage::{AFTERNOON, Stage, about};

fn queued() -> GoalSpec {
    GoalSpec {
        queued: true,
        ..GoalSpec::new("reading", 0)
    }
}

/// A stage whose only promise is one goal, and whose only pass of the day is now.
fn stage() -> Stage {
    let mut stage = Stage::new();
    stage.setup.config.remove("walk");
    stage.setup.config.remove("budget");
    stage.beeminder.set_goals([queued()]);
    stage
}

#[test]
fn a_goal_that_stays_queued_is_told_as_it_is_shown() {
    let stage = stage();
    let output = stage.pass(AFTERNOON);
    assert_eq!(output.code, 0, "{}", output.everything());
    let evidence = about(&output.json(), "conditions", "goal:reading", "evidence").to_owned();
    assert!(evidence.contains("taken at face value"), "{evidence}");
    let texts = stage.texts();
    assert!(
        texts.len() == 1 && texts[0].contains("reading derails today"),
        "{texts:?}"
    );
}

#[test]
fn what_the_second_reading_says_counts() {
    let stage = stage();
    let asked = stage.beeminder.requests();
    let output = thread::scope(|scope| {
        scope.spawn(|| {
            let within = Duration::from_secs(30);
            wait::until(within, || (stage.beeminder.requests() > asked).then_some(()))
                .expect("the account is read");
            stage.beeminder.set_goals([GoalSpec::new("reading", 5)]);
        });
        stage.pass(AFTERNOON)
    });
    assert_eq!(output.code, 0, "{}", output.everything());
    assert_eq!(stage.texts(), Vec::<String>::new(), "{}", output.everything());
    assert_eq!(
        about(&output.json(), "conditions", "goal:reading", "severity"),
        "SAFE"
    );
}

#[test]
fn a_goal_that_can_wait_does_not_make_a_pass_longer() {
    let stage = stage();
    let later = GoalSpec {
        queued: true,
        ..GoalSpec::new("reading", 9)
    };
    stage.beeminder.set_goals([later]);
    let asked = stage.beeminder.requests();
    let output = stage.pass(AFTERNOON);
    assert_eq!(output.code, 3, "{}", output.everything());
    assert_eq!(
        about(&output.json(), "conditions", "goal:reading", "severity"),
        "UNKNOWN"
    );
    let requests = stage.beeminder.requests() - asked;
    assert_eq!(
        requests, 3,
        "the user, the goals and the new goal's history, each once"
    );
}
