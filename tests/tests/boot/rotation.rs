//! A secret is replaced while the unit runs.

use mecris_tests::{beeminder::GoalSpec, twilio, wait::until};

use crate::{
    Case,
    artifact::release,
    instance::{Instance, PATIENCE},
    region::{Region, secrets},
};

pub(crate) const CASES: &[Case] = &[(
    "a_new_token_costs_one_refused_call_no_message_and_no_restart",
    new_token,
)];

const NEW_TOKEN: &str = "canary-rotated-token";

fn new_token() {
    let region = Region::new();
    let mut instance = Instance::new(&region);
    instance.install(&release().bytes);
    instance.boot();
    instance.is_at_work();
    let sent = |count| {
        until(PATIENCE, || {
            (region.twilio.accepted_count() == count).then_some(())
        })
    };
    assert!(sent(1).is_some(), "{}", instance.journal("mecris-agent"));
    let (pid, strangers) = (
        instance.property("mecris-agent", "MainPID"),
        region.twilio.strangers(),
    );

    let mut rotated = secrets();
    rotated["TWILIO_AUTH_TOKEN"] = NEW_TOKEN.into();
    region.put_secret(&rotated.to_string());
    region.twilio.set_credentials(&[(twilio::ACCOUNT_SID, NEW_TOKEN)]);
    region
        .beeminder
        .set_goals([GoalSpec::new("reading", 0), GoalSpec::new("running", 0)]);
    assert!(instance.post("/intelligent-reminder/trigger").is_some());
    assert!(sent(2).is_some(), "{}", instance.journal("mecris-agent"));

    let refused = region.twilio.strangers() - strangers;
    assert!(refused <= 1, "{refused} calls were refused");
    assert!(region.texts()[1].contains("running"), "{:?}", region.texts());
    assert_eq!(
        instance.property("mecris-agent", "MainPID"),
        pid,
        "it was restarted"
    );
    let journal = instance.sh("journalctl --no-pager");
    assert!(
        journal.contains("secrets were replaced") && !journal.contains(NEW_TOKEN),
        "{journal}"
    );
}
