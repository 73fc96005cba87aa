//! A pass that computes for too long ends without a claim and without a message, and the next pass says all.

use mecris_tests::cases::Case;

use crate::{stage::Stage, state::local};

pub(crate) const CASES: &[Case] = &[(
    "slow::a_pass_that_computes_for_too_long_claims_and_sends_nothing",
    a_pass_that_computes_for_too_long_claims_and_sends_nothing,
)];

/// Every place at which a pass computes, with more time than `heuristic.deadline` and the least time for
/// computing together.
const PLACES: [(&str, &str); 4] = [
    ("pass.assessing=sleep:3500", "assessing the account"),
    (
        "pass.deciding=sleep:3500@1",
        "comparing the account with its earlier readings",
    ),
    ("pass.deciding=sleep:3500@2", "reading what was said before"),
    ("pass.deciding=sleep:3500@3", "deciding and composing"),
];

/// How many steps the machine has claimed.
fn steps(stage: &Stage) -> Option<usize> {
    let promises = local(&stage.machine().database())?;
    promises.ok().map(|promises| promises.steps.len())
}

fn a_pass_that_computes_for_too_long_claims_and_sends_nothing() {
    std::thread::scope(|all| {
        for (failpoint, stage_of_pass) in PLACES {
            all.spawn(move || is_late_and_then_says_it(failpoint, stage_of_pass));
        }
    });
}

fn is_late_and_then_says_it(failpoint: &str, stage_of_pass: &str) {
    let mut stage = Stage::new(true);
    stage.show(&["reading".to_owned()]);
    stage.machines[0].config.set("heuristic.deadline", "1s");
    stage.machines[0].set_env("MECRIS_FAILPOINT", failpoint);
    let slow = stage.machine().agent(&["run", "--json"]);
    assert_eq!(slow.code, 1, "{failpoint}: {}", slow.everything());
    let why = format!("the time of the pass was over after {stage_of_pass} (heuristic.deadline is 1s");
    assert!(slow.stderr.contains(&why), "{failpoint}: {}", slow.everything());
    assert_eq!(
        (stage.twilio.accepted_count(), steps(&stage)),
        (0, Some(0)),
        "{failpoint}"
    );

    stage.machines[0].config.set("heuristic.deadline", "20s");
    stage.machines[0].set_env("MECRIS_FAILPOINT", "pass.assessing=sleep:1");
    let next = stage.machine().agent(&["run", "--json"]);
    assert_eq!(next.code, 0, "{failpoint}: {}", next.everything());
    assert_eq!(
        (stage.twilio.accepted_count(), steps(&stage)),
        (1, Some(1)),
        "{failpoint}"
    );
}
