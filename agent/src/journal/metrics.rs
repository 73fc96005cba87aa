//! Which entries of the journal are metrics of Mecris. CloudWatch makes a metric of every line in its embedded metric
//! format, and bills each new name. Any program on the machine can write such a line into the journal.

use std::{collections::BTreeSet, sync::LazyLock};

use serde_json::{Map, Value};

use crate::telemetry::emf::{DIMENSION, NAMES, namespace};

/// The names that there are.
static KNOWN: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let names: Map<String, Value> = serde_json::from_str(NAMES).expect("the table of metrics is JSON");
    names.into_iter().map(|(name, _)| name).collect()
});

/// Whether what a unit said is a metric of ours: a system unit of Mecris said it (journald fills in the unit, so no
/// program can claim to be another), and it names nothing but our namespace, our dimension and our metrics.
pub(super) fn is_ours(unit: Option<&str>, said: &Map<String, Value>) -> bool {
    let is_our_unit = unit.is_some_and(|unit| unit.starts_with("mecris-") && unit.ends_with(".service"));
    let Some(environment) = said.get(DIMENSION).and_then(Value::as_str) else {
        return false;
    };
    // Other members are properties: CloudWatch makes no metric of them.
    let values_are_ours = said
        .iter()
        .all(|(name, value)| !KNOWN.contains(name) || value.is_number());
    let directives = said
        .get("_aws")
        .and_then(|aws| aws.get("CloudWatchMetrics"))
        .and_then(Value::as_array);
    is_our_unit
        && values_are_ours
        && directives.is_some_and(|directives| {
            let space = namespace(environment);
            directives
                .iter()
                .all(|directive| is_our_directive(directive, &space))
        })
}

fn is_our_directive(directive: &Value, our_space: &str) -> bool {
    let metrics = directive.get("Metrics").and_then(Value::as_array);
    directive.get("Namespace").is_some_and(|space| space == our_space)
        && directive
            .get("Dimensions")
            .is_some_and(|dimensions| *dimensions == serde_json::json!([[DIMENSION]]))
        && metrics.is_some_and(|metrics| {
            metrics
                .iter()
                .filter_map(|metric| metric.get("Name")?.as_str())
                .filter(|name| KNOWN.contains(*name))
                .count()
                == metrics.len()
        })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::telemetry::emf::{Emf, Metric};

    fn ours() -> Value {
        let line = Emf::new("prod").line(Timestamp::UNIX_EPOCH, &[(Metric::SuccessfulPass, 1)]);
        serde_json::from_str(&line.unwrap()).unwrap()
    }

    fn is_metric(unit: Option<&str>, said: &Value) -> bool {
        is_ours(unit, said.as_object().unwrap())
    }

    #[test]
    fn what_our_units_count_is_ours() {
        for unit in [
            "mecris-agent.service",
            "mecris-alert@mecris-agent.service.service",
        ] {
            assert!(is_metric(Some(unit), &ours()), "{unit}");
        }
    }

    #[test]
    fn the_metric_of_a_unit_that_gave_up_is_ours_with_the_units_name_beside_it() {
        let unit = include_str!("../../../systemd/mecris-alert@.service");
        let printed = unit.lines().find(|line| line.contains("_aws")).unwrap();
        let (_, format) = printed.split_once("printf \"").unwrap();
        let (format, _) = format.split_once("\\\\n\"").unwrap();
        let line = format
            .replace("\\\\\"", "\"")
            .replacen("%%s", "1795284000", 1)
            .replace("%%s", "prod");
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(said["UnitFailed"], 1);
        assert!(
            is_metric(Some("mecris-alert@mecris-agent.service.service"), &said),
            "{line}"
        );
    }

    #[test]
    fn no_other_program_makes_a_metric() {
        for unit in [
            None,
            Some("session-1.scope"),
            Some("user@1000.service"),
            Some("mecris-agent.scope"),
        ] {
            assert!(!is_metric(unit, &ours()), "{unit:?}");
        }
    }

    #[test]
    fn our_units_make_no_metric_that_is_not_in_the_table() {
        let changed = |pointer: &str, value: Value| {
            let mut said = ours();
            *said.pointer_mut(pointer).unwrap() = value;
            said
        };
        let directive = "/_aws/CloudWatchMetrics/0";
        for said in [
            changed(&format!("{directive}/Namespace"), json!("Other")),
            changed(&format!("{directive}/Namespace"), json!("Mecris/staging")),
            changed(
                &format!("{directive}/Dimensions"),
                json!([["Environment"], ["Host"]]),
            ),
            changed(&format!("{directive}/Metrics/0/Name"), json!("Forged")),
            changed(&format!("{directive}/Metrics"), json!([7])),
            changed("/SuccessfulPass", json!([1, 1, 1])),
            changed("/Environment", json!(7)),
            changed("/_aws", json!({})),
        ] {
            assert!(!is_metric(Some("mecris-agent.service"), &said), "{said}");
        }
    }
}
