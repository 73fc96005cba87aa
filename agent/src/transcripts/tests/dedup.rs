use super::*;

/// Scans these lines in one file at once, and then, on another machine, one line at each scan. Both must have the same
/// rows.
fn rows_of(lines: &[Value]) -> Vec<(String, i64, i64)> {
    let mut at_once = Machine::new();
    at_once.lines("s1.jsonl", lines);
    at_once.scan();
    let mut one_by_one = Machine::new();
    for line in lines {
        one_by_one.lines("s1.jsonl", std::slice::from_ref(line));
        one_by_one.scan();
    }
    assert_eq!(at_once.rows(), one_by_one.rows());
    at_once.short()
}

fn row(request: &str, input: i64, output: i64) -> (String, i64, i64) {
    (request.to_owned(), input, output)
}

const R1: Option<&str> = Some("req_1");
const R2: Option<&str> = Some("req_2");
const M1: Option<&str> = Some("msg_1");

#[test]
fn several_lines_of_one_response_are_one_and_the_fullest_counts() {
    let rows = rows_of(&[line(R1, M1, 10, 1), line(R1, M1, 10, 900), line(R1, M1, 10, 40)]);
    assert_eq!(rows, [row("req_1", 10, 900)]);
}

#[test]
fn of_two_equal_lines_the_one_with_a_speed_counts() {
    let mut fast = line(R1, M1, 10, 20);
    fast["message"]["usage"]["speed"] = "fast".into();
    for lines in [
        [line(R1, M1, 10, 20), fast.clone()],
        [fast.clone(), line(R1, M1, 10, 20)],
    ] {
        assert_eq!(rows_of(&lines), [row("req_1", 10, 20)]);
        let mut machine = Machine::new();
        machine.lines("s1.jsonl", &lines);
        machine.scan();
        assert_eq!(machine.rows()[0].conditions.speed, crate::domain::Speed::Fast);
    }
}

#[test]
fn a_replay_in_a_side_conversation_gives_way_to_the_conversation() {
    let replay = side(line(R2, M1, 10, 5_000));
    for lines in [
        [line(R1, M1, 10, 20), replay.clone()],
        [replay.clone(), line(R1, M1, 10, 20)],
    ] {
        assert_eq!(rows_of(&lines), [row("req_1", 10, 20)]);
    }
    assert_eq!(
        rows_of(&[replay.clone(), replay]),
        [row("req_2", 10, 5_000)],
        "a subagent of its own counts"
    );
}

#[test]
fn two_requests_of_a_conversation_with_one_message_are_two() {
    assert_eq!(
        rows_of(&[line(R1, M1, 10, 20), line(R2, M1, 10, 20)]),
        [row("req_1", 10, 20), row("req_2", 10, 20)]
    );
}

#[test]
fn a_line_that_does_not_know_its_request_is_named_by_its_message() {
    assert_eq!(
        rows_of(&[line(None, M1, 10, 20), line(None, M1, 10, 30)]),
        [row("msg_1", 10, 30)]
    );
    for lines in [
        [line(None, M1, 10, 30), line(R1, M1, 10, 20)],
        [line(R1, M1, 10, 20), line(None, M1, 10, 30)],
    ] {
        assert_eq!(
            rows_of(&lines),
            [row("req_1", 10, 30)],
            "the request's id is better"
        );
    }
    let all = [
        side(line(R2, M1, 10, 40)),
        line(None, M1, 10, 30),
        line(R1, M1, 10, 20),
    ];
    assert_eq!(rows_of(&all), [row("req_1", 10, 30)]);
}

#[test]
fn lines_without_any_id_are_each_their_own_and_the_same_at_the_next_scan() {
    let mut second = line(None, None, 1, 2);
    second["uuid"] = "u2".into();
    let mut machine = Machine::new();
    machine.lines("s1.jsonl", &[line(None, None, 1, 2), second]);
    assert_eq!(machine.scan().1, 2);
    machine.cursor = None;
    assert_eq!(machine.scan().1, 0);
    assert!(
        machine.rows()[0]
            .request_id
            .as_ref()
            .unwrap()
            .starts_with("line_")
    );
}

#[test]
fn the_copy_in_a_subagents_progress_is_its_line() {
    let inner = side(line(R1, M1, 10, 20));
    let progress = json!({
        "type": "progress", "timestamp": "2026-01-16T15:00:01Z", "sessionId": "s1",
        "data": {"type": "agent_progress", "message": inner}
    });
    assert_eq!(rows_of(std::slice::from_ref(&progress)), [row("req_1", 10, 20)]);
    assert_eq!(
        rows_of(&[progress.clone(), inner.clone()]),
        [row("req_1", 10, 20)]
    );
    assert_eq!(rows_of(&[inner, progress]), [row("req_1", 10, 20)]);
}

#[test]
fn what_is_no_response_is_skipped_and_counted() {
    let mut synthetic = line(R1, M1, 1, 2);
    synthetic["message"]["model"] = "<synthetic>".into();
    let mut failed = line(R1, M1, 1, 2);
    failed["isApiErrorMessage"] = true.into();
    let mut missing = line(R2, Some("msg_2"), 0, 0);
    missing["message"]["usage"] = json!({"service_tier": "standard"});
    let mut old = line(Some("req_3"), None, 1, 2);
    old["timestamp"] = "2025-12-01T00:00:00Z".into();
    let mut timeless = line(Some("req_4"), None, 1, 2);
    timeless["timestamp"] = "yesterday".into();
    let mut negative = line(Some("req_5"), None, 1, 2);
    negative["message"]["usage"]["output_tokens"] = (-1).into();
    let mut user = line(Some("req_6"), None, 1, 2);
    user["message"].as_object_mut().unwrap().remove("usage");
    let mut machine = Machine::new();
    machine.lines(
        "s1.jsonl",
        &[synthetic, failed, missing, old, timeless, negative, user],
    );
    machine.append(
        "s1.jsonl",
        "\n\nnot JSON, but \"usage\"\n[\"usage\"]\n\0\0\0\n{\"usage\"\u{fffd}\n",
    );
    append(&machine.path("s1.jsonl"), b"{\"usage\": \"\xff\xfe\"}\n");
    machine.lines("s1.jsonl", &[line(R1, M1, 1, 2)]);
    let (scanned, new) = machine.scan();
    assert_eq!(new, 1);
    let Skipped {
        synthetic,
        failed,
        empty,
        old,
        broken,
        too_long,
    } = scanned.skipped;
    assert_eq!(
        (synthetic, failed, empty, old, broken, too_long),
        (1, 1, 1, 1, 4, 0)
    );
}

#[test]
fn an_old_line_with_a_cost_and_without_new_fields_is_priced_again() {
    let mut old = line(R1, M1, 1_000_000, 0);
    old["costUSD"] = 0.01.into();
    old["message"]["usage"] = json!({"input_tokens": 1_000_000, "output_tokens": 0});
    let mut machine = Machine::new();
    machine.lines("s1.jsonl", &[old]);
    machine.scan();
    assert_eq!(machine.rows()[0].cost.micros(), 1_000_000);
}

#[test]
fn a_response_without_a_model_counts_as_one_of_an_unknown_model() {
    let mut nameless = line(R1, M1, 1_000_000, 0);
    nameless["message"].as_object_mut().unwrap().remove("model");
    let mut machine = Machine::new();
    machine.lines("s1.jsonl", &[nameless]);
    machine.scan();
    let row = machine.rows().remove(0);
    assert_eq!((row.model.as_str(), row.cost.micros()), ("unknown", 1_000_000));
    assert_eq!(row.priced_by, Some(crate::domain::PricedBy::Assumed));
}

#[test]
fn the_earliest_line_says_when() {
    let early = then("2026-01-16T23:59:59Z", line(R1, M1, 10, 1));
    let late = then("2026-01-17T00:00:01Z", line(R1, M1, 10, 50));
    for lines in [[early.clone(), late.clone()], [late, early]] {
        assert_eq!(rows_of(&lines), [row("req_1", 10, 50)]);
        let mut machine = Machine::new();
        machine.lines("s1.jsonl", &lines);
        machine.scan();
        assert_eq!(machine.rows()[0].at, at("2026-01-16T23:59:59Z"));
    }
}
