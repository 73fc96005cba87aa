//! The journal of the whole machine in CloudWatch Logs: real journald, real restarts of the shipper, one
//! kill.

use mecris_tests::{beeminder::GoalSpec, twilio, wait::until};

use crate::{
    Case,
    artifact::release,
    instance::{Instance, PATIENCE},
    region::{API_TOKEN, Region},
};

pub(crate) const CASES: &[Case] = &[(
    "ten_thousand_lines_arrive_once_and_in_order_through_three_restarts_and_a_kill",
    ten_thousand,
)];

const LINES: usize = 10_000;
const SHIPPER: &str = "mecris-journal";
/// The text that marks the lines of this test.
const TAG: &str = "flood";

/// Writes numbered lines into the journal. Each tenth line holds two secrets that the agent knows and one
/// that it does not know.
fn write(instance: &Instance<'_>, from: usize, to: usize) {
    let secrets = format!(
        "{} and {API_TOKEN} and Bearer canary-unknown-to-all",
        twilio::AUTH_TOKEN
    );
    instance.sh(&format!(
        "seq {from} {to} | sed '/0$/s/$/ {secrets}/' | systemd-cat -t {TAG}"
    ));
}

/// Waits until every line is shipped.
fn is_shipped(instance: &Instance<'_>) {
    let left = format!(
        "cursor=$(sed -n 's/.*\"shipped\":\"\\([^\"]*\\)\".*\"pending\":null.*/\\1/p' /var/lib/{SHIPPER}/position.json) && \
         [ -n \"$cursor\" ] && journalctl --no-pager -o cat -t {TAG} --after-cursor=\"$cursor\" | wc -l"
    );
    let done = until(2 * PATIENCE, || {
        (instance.try_sh(&left).ok()?.trim() == "0").then_some(())
    });
    let position = || instance.sh(&format!("cat /var/lib/{SHIPPER}/position.json"));
    assert!(
        done.is_some(),
        "{:?} left, {}\n{}",
        instance.try_sh(&left),
        position(),
        instance.journal(SHIPPER)
    );
}

fn ten_thousand() {
    let region = Region::new();
    region.beeminder.set_goals(vec![GoalSpec::new("writing", 5)]);
    let mut instance = Instance::new(&region);
    instance.install(&release().bytes);
    instance.boot();
    instance.sh(&format!("systemctl start {SHIPPER}"));
    let quarter = LINES / 4;
    write(&instance, 1, quarter);
    is_shipped(&instance);
    assert_eq!(
        instance.property(SHIPPER, "NRestarts"),
        "0",
        "{}",
        instance.journal(SHIPPER)
    );

    // A restart while lines are written, and another while the shipper is still starting.
    write(&instance, quarter + 1, 2 * quarter);
    instance.sh(&format!("systemctl restart {SHIPPER}"));
    write(&instance, 2 * quarter + 1, 3 * quarter);
    instance.sh(&format!("systemctl restart {SHIPPER}"));

    // A kill while a batch is on its way: whether the batch arrived is unknown.
    write(&instance, 3 * quarter + 1, LINES - 100);
    let under_way = format!(
        "grep -q '\"pending\":{{' /var/lib/{SHIPPER}/position.json && systemctl kill -s KILL {SHIPPER}"
    );
    let killed = until(PATIENCE, || instance.try_sh(&under_way).ok());
    assert!(
        killed.is_some(),
        "nothing was on its way:\n{}",
        instance.journal(SHIPPER)
    );
    instance.says(SHIPPER, "the last process left a batch pending", PATIENCE);
    write(&instance, LINES - 99, LINES);
    is_shipped(&instance);
    instance.sh(&format!("systemctl restart {SHIPPER}"));
    is_shipped(&instance);

    let here = instance.sh(&format!("journalctl --no-pager -o cat -t {TAG} | wc -l"));
    assert_eq!(
        here.trim(),
        LINES.to_string(),
        "journald itself has not all of them"
    );
    let arrived = region.log_lines("journal");
    let numbers: Vec<usize> = arrived.iter().filter_map(|line| number(line)).collect();
    assert_eq!(numbers.len(), LINES, "{}", instance.journal(SHIPPER));
    assert!(numbers.into_iter().eq(1..=LINES), "not in order");
    for secret in [twilio::AUTH_TOKEN, API_TOKEN, "canary-unknown-to-all"] {
        assert!(
            !arrived.iter().any(|line| line.contains(secret)),
            "{secret} left the machine"
        );
    }
    // The lines of systemd and of the agent are there, too.
    for words in ["Started mecris-agent.service", "\"message\":\"ready\""] {
        assert!(
            arrived.iter().any(|line| line.contains(words)),
            "{words} did not arrive"
        );
    }
}

/// The number of a line of [`TAG`].
fn number(line: &str) -> Option<usize> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    let said = line["message"]
        .as_str()
        .filter(|_| line.to_string().contains(TAG))?;
    said.split(' ').next()?.parse().ok()
}
