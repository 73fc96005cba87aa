use proptest::prelude::*;

use super::*;

/// A line of one of a few responses. Their own lines have one request; replays can have another.
#[derive(Clone, Debug)]
struct Written {
    response: u8,
    kind: Kind,
    input: u64,
    output: u64,
    speed: Option<bool>,
    minute: u8,
    file: u8,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Own,
    WithoutRequest,
    /// In a side conversation, with the same request or one of two others.
    Side(u8),
    Nested,
    /// Without the id of a message.
    Alone,
}

impl Written {
    fn value(&self) -> Value {
        let response = self.response;
        let request = match self.kind {
            Kind::Own | Kind::Nested | Kind::Side(0) => Some(format!("req_{response}")),
            Kind::Side(other) => Some(format!("req_{response}_{other}")),
            Kind::WithoutRequest => None,
            Kind::Alone => Some(format!("alone_{response}")),
        };
        let message = format!("msg_{response}");
        let message = (!matches!(self.kind, Kind::Alone)).then_some(message.as_str());
        let mut value = line(request.as_deref(), message, self.input, self.output);
        // Midnight is in between, so that two lines of a response can be of two days.
        value["timestamp"] = at("2026-01-16T23:50:00Z")
            .saturating_add(jiff::SignedDuration::from_mins(self.minute.into()))
            .unwrap()
            .to_string()
            .into();
        if let Some(fast) = self.speed {
            value["message"]["usage"]["speed"] = if fast { "fast" } else { "standard" }.into();
        }
        match self.kind {
            Kind::Side(_) => side(value),
            Kind::Nested => json!({"type": "progress", "data": {"message": value}}),
            _ => value,
        }
    }
}

fn written() -> impl Strategy<Value = Written> {
    let kind = prop_oneof![
        4 => Just(Kind::Own),
        1 => Just(Kind::WithoutRequest),
        3 => (0..3_u8).prop_map(Kind::Side),
        1 => Just(Kind::Nested),
        1 => Just(Kind::Alone),
    ];
    (
        0..4_u8,
        kind,
        1..4_u64,
        0..4_u64,
        proptest::option::of(any::<bool>()),
        0..20_u8,
        0..3_u8,
    )
        .prop_map(|(response, kind, input, output, speed, minute, file)| Written {
            response,
            kind,
            input,
            output,
            speed,
            minute,
            file,
        })
}

/// The rows after these scans. Where `lost` is true, the cursor was lost before the scan.
fn rows_after<'a>(scans: impl Iterator<Item = (&'a [Written], bool)>) -> Vec<Session> {
    let mut machine = Machine::new();
    for (lines, lost) in scans {
        for line in lines {
            machine.lines(&format!("s{}.jsonl", line.file), &[line.value()]);
        }
        if lost {
            machine.cursor = None;
        }
        machine.scan();
    }
    machine.rows()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_any_split_over_scans_gives_the_same_rows(
        (lines, shuffled) in prop::collection::vec(written(), 1..16)
            .prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
        sizes in prop::collection::vec((1..5_usize, any::<bool>()), 16),
    ) {
        let at_once = rows_after(std::iter::once((&lines[..], false)));
        let mut rest = &shuffled[..];
        let mut scans = Vec::new();
        for (size, lost) in sizes {
            let (now, later) = rest.split_at(size.min(rest.len()));
            scans.push((now, lost));
            rest = later;
        }
        scans.push((rest, false));
        prop_assert_eq!(at_once, rows_after(scans.into_iter()));
    }
}
