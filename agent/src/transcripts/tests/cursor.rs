use super::*;

const R1: Option<&str> = Some("req_1");
const R2: Option<&str> = Some("req_2");

#[test]
fn only_what_is_new_is_read() {
    let mut machine = Machine::new();
    machine.lines("s1.jsonl", &[line(R1, None, 1, 2)]);
    machine.lines("s1/subagents/a.jsonl", &[side(line(R2, None, 3, 4))]);
    let (scanned, new) = machine.scan();
    assert_eq!(
        (scanned.files.all, scanned.files.read, scanned.lines, new),
        (2, 2, 2, 2)
    );
    let (scanned, _) = machine.scan();
    assert_eq!((scanned.files.all, scanned.files.read, scanned.lines), (2, 0, 0));
    machine.lines("s1.jsonl", &[line(Some("req_3"), None, 5, 6)]);
    let (scanned, new) = machine.scan();
    assert_eq!((scanned.files.read, scanned.lines, new), (1, 1, 1));
}

#[test]
fn a_half_written_line_waits_for_its_end() {
    let mut machine = Machine::new();
    let whole = format!("{}\n", line(R1, None, 1, 2));
    let (beginning, end) = whole.split_at(whole.len() / 2);
    machine.append("s1.jsonl", beginning);
    assert_eq!(machine.scan().1, 0);
    machine.append("s1.jsonl", end.trim_end());
    let (scanned, new) = machine.scan();
    assert_eq!(
        (scanned.skipped, new),
        (Skipped::default(), 0),
        "a whole line has its end"
    );
    machine.append("s1.jsonl", "\n");
    let (scanned, new) = machine.scan();
    assert_eq!((scanned.lines, new), (1, 1));
}

#[test]
fn a_file_that_was_written_anew_is_read_from_its_beginning() {
    let mut machine = Machine::new();
    machine.lines("s1.jsonl", &[line(R1, None, 1, 2), line(R2, None, 3, 4)]);
    machine.scan();
    // Shorter than before.
    fs::write(
        machine.path("s1.jsonl"),
        format!("{}\n", line(Some("req_3"), None, 5, 6)),
    )
    .unwrap();
    assert_eq!(machine.scan().1, 1);
    // Longer than before, in the same file.
    let other: String = (10..20)
        .map(|n| format!("{}\n", line(Some(&format!("req_{n}")), None, 5, 6)))
        .collect();
    fs::write(machine.path("s1.jsonl"), other).unwrap();
    assert_eq!(machine.scan().1, 10);
    fs::remove_file(machine.path("s1.jsonl")).unwrap();
    let (scanned, new) = machine.scan();
    assert_eq!((scanned.files.all, new), (0, 0));
    assert_eq!(machine.rows().len(), 13);
}

#[test]
fn a_file_that_was_renamed_or_linked_is_the_same_file() {
    let mut machine = Machine::new();
    machine.lines("s1.jsonl", &[line(R1, None, 1, 2)]);
    machine.scan();
    fs::rename(machine.path("s1.jsonl"), machine.path("s2.jsonl")).unwrap();
    fs::hard_link(machine.path("s2.jsonl"), machine.path("s3.jsonl")).unwrap();
    std::os::unix::fs::symlink(machine.path("s2.jsonl"), machine.path("s4.jsonl")).unwrap();
    std::os::unix::fs::symlink(machine.path(""), machine.path("loop")).unwrap();
    let (scanned, _) = machine.scan();
    assert_eq!((scanned.files.all, scanned.files.read), (1, 0));
}

#[test]
fn a_damaged_or_foreign_cursor_is_said_and_costs_nothing_but_time() {
    let mut machine = Machine::new();
    machine.lines("s1.jsonl", &[line(R1, None, 1, 2)]);
    machine.scan();
    let kept = machine.remember();
    let text = fs::read_to_string(&kept.path).unwrap();
    assert_eq!(kept.read(), Ok(machine.cursor.clone()));
    for (content, why) in [
        ("", "is damaged"),
        ("{\"version\":1", "is damaged"),
        ("[]", "is damaged"),
    ] {
        fs::write(&kept.path, content).unwrap();
        assert!(kept.read().unwrap_err().ends_with(why), "{content}");
    }
    machine.cursor = None;
    assert_eq!(machine.scan().1, 0);
    fs::write(&kept.path, &text).unwrap();
    let foreign = Kept {
        destination: "elsewhere".to_owned(),
        ..kept.clone()
    };
    assert!(foreign.read().unwrap_err().ends_with("is of another destination"));
    fs::write(&kept.path, text.replace("\"version\":1", "\"version\":2")).unwrap();
    assert!(kept.read().unwrap_err().ends_with("is of another release"));
    fs::remove_file(&kept.path).unwrap();
    assert_eq!(kept.read(), Ok(None));
}

#[test]
fn a_scan_that_reaches_further_back_reads_everything() {
    let mut machine = Machine::new();
    machine.lines("s1.jsonl", &[line(R1, None, 1, 2)]);
    let folders = [machine.folder.path().join("projects")];
    let kept = machine.kept();
    let short = scan(&folders, at("2026-01-18T00:00:00Z"), None);
    assert_eq!((short.found.len(), short.skipped.old), (0, 1));
    let cursor = short.cursor(&kept, &HashSet::default(), None);
    assert_eq!(
        scan(&folders, at("2026-01-19T00:00:00Z"), Some(&cursor))
            .files
            .read,
        0
    );
    assert_eq!(
        scan(&folders, at("2026-01-01T00:00:00Z"), Some(&cursor))
            .found
            .len(),
        1
    );
    machine.cursor = None;
    machine.scan();
}

#[test]
fn a_file_of_which_something_was_not_recorded_is_read_again() {
    let machine = Machine::new();
    machine.lines("s1.jsonl", &[line(R1, Some("msg_1"), 1, 2)]);
    machine.lines("s2.jsonl", &[line(R1, Some("msg_1"), 1, 3), line(R2, None, 1, 3)]);
    machine.lines("s3.jsonl", &[line(Some("req_3"), None, 1, 3)]);
    let scanned = machine.look();
    let refused = &scanned.found[0];
    let again: HashSet<FileNumber> = refused.files().collect();
    assert_eq!(again.len(), 2, "it has lines in two files");
    let folders = [machine.folder.path().join("projects")];
    let cursor = scanned.cursor(&machine.kept(), &again, None);
    let next = scan(&folders, at("2025-12-21T15:00:00Z"), Some(&cursor));
    assert_eq!((next.files.read, next.found.len()), (2, 2));
}
