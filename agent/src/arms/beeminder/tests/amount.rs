//! The amount that a goal asks for: tables of goals, and what [`Amount`] says of each.

use serde_json::json;

use super::*;

/// The amount, as text, of a goal that stands at 882, needs 884 and has no unit, after these fields are
/// replaced. "" if there is no amount.
fn says(fields: Value) -> String {
    let mut all = json!({"curval": 882, "safebump": 884, "delta": -2, "safebuf": 0, "gunits": "", "gunits_singular": ""});
    merge(&mut all, fields);
    goal(all)
        .amount()
        .map_or_else(String::new, |amount| amount.to_string())
}

#[test]
fn do_more_says_what_is_missing_and_rounds_it_up() {
    for (fields, words) in [
        (json!({}), "+2 needed"),
        (
            json!({"gunits": "pages", "gunits_singular": "page"}),
            "+2 pages needed",
        ),
        (
            json!({"curval": 883, "gunits": "pages", "gunits_singular": "page"}),
            "+1 page needed",
        ),
        (json!({"curval": 883, "gunits": "pages"}), "+1 needed"),
        (json!({"safebump": 884.301}), "+2.31 needed"),
        (json!({"safebump": 884.300_000_000_05}), "+2.3 needed"),
        (json!({"safebump": 882.3, "integery": true}), "+1 needed"),
        (
            json!({"safebump": 882.75, "timey": true, "gunits": "hours"}),
            "+0:45 needed",
        ),
        (json!({"safebump": 893.51, "timey": true}), "+11:31 needed"),
        (json!({"safebump": 882}), ""),
        (json!({"safebump": 880}), ""),
        (json!({"safebump": 882.000_000_1}), ""),
        // Without a safebump, the amount is what `dueby` says for the day of derailment.
        (
            json!({"safebump": null, "safebuf": 1, "dueby": {"20260125": {"delta": 0, "total": 882},
                "20260126": {"delta": 3, "total": 885}}}),
            "+3 needed",
        ),
        (json!({"safebump": null, "dueby": {}}), ""),
        (json!({"safebump": null, "safebuf": -1, "dueby": null}), ""),
    ] {
        assert_eq!(says(fields.clone()), words, "{fields}");
    }
}

#[test]
fn a_goal_whose_datapoints_do_not_add_up_says_its_total() {
    for (fields, words) in [
        (json!({"odom": true, "kyoom": false}), "to 884"),
        (json!({"aggday": "last", "kyoom": false}), "to 884"),
        (json!({"aggday": "max", "gunits": "pages"}), "to 884 pages"),
        (json!({"aggday": "sum", "kyoom": false}), "to 884"),
        (json!({"aggday": "sum", "kyoom": null}), "+2 needed"),
        (json!({"aggday": null, "kyoom": true}), "+2 needed"),
        (json!({"aggday": null, "kyoom": null}), "to 884"),
        (json!({"aggday": "last", "safebump": 884.001}), "to 884.01"),
        (json!({"aggday": "last", "curval": 884}), ""),
        (json!({"aggday": "last", "curval": null}), "to 884"),
        (json!({"curval": null}), ""),
    ] {
        assert_eq!(says(fields.clone()), words, "{fields}");
    }
}

#[test]
fn do_less_says_how_much_is_left_for_today_and_rounds_it_down() {
    let says = |mut fields: Value| {
        merge(&mut fields, json!({"yaw": -1, "dir": 1}));
        says(fields)
    };
    for (fields, words) in [
        (json!({"delta": -3}), "at most 3 more"),
        (
            json!({"delta": -3, "gunits": "servings"}),
            "at most 3 servings more",
        ),
        (json!({"delta": -2.999}), "at most 2.99 more"),
        (json!({"delta": -2.999_999_999_9}), "at most 3 more"),
        (json!({"delta": -2.9, "integery": true}), "at most 2 more"),
        (json!({"delta": -0.5, "timey": true}), "at most 0:30 more"),
        (json!({"delta": 0}), "no more"),
        (json!({"delta": -0.4, "integery": true}), "no more"),
        (json!({"delta": 2}), "2 over its line"),
        (json!({"delta": 1.2, "integery": true}), "2 over its line"),
        (json!({"delta": null}), ""),
        // safebump is about the day of derailment, so it says nothing about the room of today.
        (json!({"delta": -3, "safebump": 999}), "at most 3 more"),
        (
            json!({"delta": -3, "aggday": "last", "kyoom": false}),
            "885 or less",
        ),
    ] {
        assert_eq!(says(fields.clone()), words, "{fields}");
    }
}

#[test]
fn a_weight_is_said_as_a_total() {
    let weight = |more: Value| {
        let mut fields = json!({"yaw": -1, "dir": -1, "aggday": "min", "kyoom": false, "curval": 151,
            "safebump": 150.26, "delta": 0.74, "gunits": "kg"});
        merge(&mut fields, more);
        says(fields)
    };
    assert_eq!(weight(json!({})), "150.26 kg or less");
    assert_eq!(weight(json!({"safebump": 150.2})), "150.2 kg or less");
    assert_eq!(
        weight(json!({"safebump": 150.269})),
        "150.26 kg or less",
        "a limit is rounded down"
    );
    let supply = json!({"yaw": 1, "dir": -1, "curval": 50, "delta": 3.001});
    assert_eq!(says(supply), "47 or more");
}

#[test]
fn no_number_is_made_up_and_no_unit_is_cut() {
    for fields in [
        json!({"yaw": null}),
        json!({"safebump": "884", "dueby": null}),
        json!({"safebump": 1e300}),
        json!({"safebump": "Error", "dueby": "Error", "limsum": "n/a", "baremin": "+1 in 0 days"}),
    ] {
        assert_eq!(says(fields.clone()), "", "{fields}");
    }
    for (unit, words) in [
        ("pages of a very long book", "+2 needed"),
        ("Seiten\nviele", "+2 needed"),
        (" pages ", "+2 pages needed"),
        ("Übungen", "+2 Ubungen needed"),
        ("\u{1f4d6}", "+2 needed"),
    ] {
        assert_eq!(says(json!({"gunits": unit})), words, "{unit:?}");
    }
}

#[test]
fn the_parts_of_an_amount_are_there_for_other_sentences() {
    let sugar = goal(json!({"yaw": -1, "dir": 1, "delta": -3, "gunits": "servings"}));
    let amount = sugar.amount().unwrap();
    assert_eq!(
        (amount.kind, amount.figure().as_str(), amount.is_nothing()),
        (AmountKind::Room, "3 servings", false)
    );
    let full = goal(json!({"yaw": -1, "dir": 1, "delta": 0})).amount().unwrap();
    assert!(full.is_nothing());
}
