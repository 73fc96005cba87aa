use serde_json::json;

use super::*;

fn strict(text: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(text)
}

/// The pieces of a list: each as JSON, or why it cannot be read.
fn list(text: &[u8]) -> Vec<Result<Value, Broken>> {
    read(text, strict).unwrap().elements("the list").unwrap()
}

#[test]
fn one_odd_value_hides_nothing() {
    let odd: [(&[u8], Value); 16] = [
        (br#""half \ud83d an emoji""#, json!("half \u{fffd} an emoji")),
        (br#""\ude00\ud83d""#, json!("\u{fffd}\u{fffd}")),
        (br#""\ud83d\ude00 \ud83dx""#, json!("\u{1f600} \u{fffd}x")),
        (br#""\ud83d\ud83d\ude00""#, json!("\u{fffd}\u{1f600}")),
        (b"NaN", json!(null)),
        (b"-Infinity", json!(null)),
        (b"[Infinity, 1]", json!([null, 1])),
        (b"1e400", json!(null)),
        (b"{\"a\": -1E+999}", json!({"a": null})),
        (b"\"caf\xe9\"", json!("caf\u{fffd}")),
        (b"\"\xf0\x9f\x98\"", json!("\u{fffd}")),
        (b"\"two\nlines\"", json!("two lines")),
        (b"\"a\\\"\tb\\\\\"", json!("a\" b\\")),
        (b"[1, 2, ]", json!([1, 2])),
        (b"{\"a\": [{},],}", json!({"a": [{}]})),
        (b"\"NaN, \\u00e9, 1e400,]\"", json!("NaN, \u{e9}, 1e400,]")),
    ];
    for (value, expected) in odd {
        let shown = String::from_utf8_lossy(value);
        let text = [b"[{\"a\": 1},\n {\"odd\": ", value, b"}, {\"b\": 2}]"].concat();
        let read = list(&text);
        assert_eq!(
            read,
            [
                Ok(json!({"a": 1})),
                Ok(json!({"odd": expected})),
                Ok(json!({"b": 2}))
            ],
            "{shown}"
        );
    }
    let many_digits = "9".repeat(400);
    assert_eq!(list(format!("[{many_digits}]").as_bytes()), [Ok(json!(null))]);
}

#[test]
fn what_cannot_be_repaired_is_named_with_its_place_and_the_others_are_read() {
    let deep = format!("{}{}", "[".repeat(130), "]".repeat(130));
    for (broken, expected) in [
        ("{\"a\": undefined}", "expected value at line 2 column 8"),
        ("{\"a\":\n +5}", "expected value at line 3 column 2"),
        (
            "{\"a\": \"he said \"no\"\"}",
            "expected `,` or `}` at line 2 column 18",
        ),
        ("{\"a\": 1} {\"b\": 1}", "trailing characters at line 2 column 11"),
        ("{\"a\" 1}", "expected `:` at line 2 column 7"),
        ("", "EOF while parsing a value at line 2 column 1"),
        (deep.as_str(), "recursion limit exceeded at line 2 column 129"),
    ] {
        let read = list(format!("\u{feff}[{{\"a\": 1}},\n {broken}, [\"b\"]]").as_bytes());
        assert_eq!(read[0], Ok(json!({"a": 1})), "{broken}");
        assert_eq!(read[1].as_ref().unwrap_err().why, expected, "{broken}");
        assert_eq!((read.len(), &read[2]), (3, &Ok(json!(["b"]))), "{broken}");
    }
}

#[test]
fn a_hundred_thousand_broken_elements_are_read_in_one_go() {
    let count = 100_000;
    let read = list(format!("[\n{}]", "x,".repeat(count)).as_bytes());
    let last = read.last().unwrap().as_ref().unwrap_err();
    // If the whole text were counted for each of them, this test would take minutes.
    assert_eq!(
        (read.len(), last.why.as_str()),
        (count, "expected value at line 2 column 199999")
    );
}

#[test]
fn a_broken_element_keeps_its_slug_if_that_is_sound() {
    let slug = |element: &str| {
        let read = list(format!("[{element}]").as_bytes()).remove(0);
        read.unwrap_err().slug
    };
    assert_eq!(
        slug("{\"title\": undefined, \"slug\": \"a\"}").as_deref(),
        Some("a")
    );
    assert_eq!(slug("{\"slug\": undefined}"), None);
    assert_eq!(slug("{\"data\": {\"slug\": \"a\"}, x}"), None);
    assert_eq!(slug("x"), None);
    assert_eq!(slug("{\"slug\": \"a\", \"slug\": \"b\", x}"), None);
}

#[test]
fn without_matching_brackets_it_is_no_list() {
    for text in [
        "",
        "x",
        "[",
        "[{}",
        "[{]}",
        "[{}]]",
        "[\"a]",
        "[{\"a\": \"b}]",
        "[1] 2",
        "NaN x",
        "{\"a\": undefined}",
    ] {
        assert!(read(text.as_bytes(), strict).is_err(), "{text}");
    }
    let error = read(b"[{\"a\": 1},\n{\"a\" 1}", strict).unwrap_err();
    assert_eq!((error.line(), error.column()), (2, 6));
    assert_eq!(list(b" [ ] \n"), []);
    assert_eq!(list(b"[NaN,]"), [Ok(json!(null))]);
}

#[test]
fn a_document_that_is_no_list_is_repaired_whole() {
    let read = |text: &str| read(text.as_bytes(), strict).unwrap().whole("it").unwrap();
    assert_eq!(
        read("{\"a\": NaN, \"b\": \"\\ud83d\"}"),
        json!({"a": null, "b": "\u{fffd}"})
    );
    assert_eq!(read("Infinity"), json!(null));
}

#[test]
fn a_field_is_found_beside_what_cannot_be_read() {
    let at = |text: &str| match fields(text.as_bytes(), "goals").as_slice() {
        [range] => Some(text[range.clone()].trim().to_owned()),
        _ => None,
    };
    assert_eq!(
        at("{\"user\": NaN x, \"goals\" : [1, {\"goals\": 2}]}").as_deref(),
        Some("[1, {\"goals\": 2}]")
    );
    for text in [
        "{\"goals\": [1], \"goals\": []}",
        "{\"x\": {\"goals\": []}}",
        "[\"goals\"]",
        "{\"goals\"}",
    ] {
        assert_eq!(at(text), None, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn sound_json_stays_as_it_is(text in ".{0,40}", number in proptest::num::f64::NORMAL) {
        let value = json!([{"a": text, "b": [number, null, true]}, text]);
        let said = serde_json::to_vec(&value).unwrap();
        proptest::prop_assert_eq!(strict(&repaired(&said)).unwrap(), value.clone());
        let (bracket, pieces) = pieces(&said).unwrap();
        let read: Vec<Value> = pieces.into_iter().map(|piece| strict(&said[piece]).unwrap()).collect();
        proptest::prop_assert_eq!((bracket, Value::Array(read)), (b'[', value));
    }

    #[test]
    fn noise_never_panics(bytes: Vec<u8>) {
        let _ = read(&bytes, strict);
        let _ = read(&[b"[\"", bytes.as_slice(), b"\", \\u"].concat(), strict);
        let _ = fields(&bytes, "goals");
    }
}
