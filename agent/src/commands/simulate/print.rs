//! The messages and the measures, for a person at a terminal.

use std::io::{self, Write};

use super::{Report, Run};
use crate::simulate::{Measures, Outcome, measures::Told};

pub(super) fn report(out: &mut impl Write, report: &Report) -> io::Result<()> {
    for (number, run) in report.runs.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        print(out, run)?;
    }
    Ok(())
}

fn print(out: &mut impl Write, run: &Run) -> io::Result<()> {
    let Run {
        person,
        passes,
        time_zone,
        from,
        days,
        seed,
        ..
    } = run;
    writeln!(
        out,
        "{person}: {days} days from {from}, {time_zone}, passes {passes}, seed {seed}"
    )?;
    for what in &run.left_out {
        writeln!(out, "  left out: {what}")?;
    }
    messages(out, &run.outcome)?;
    if let Some(tried) = &run.tried {
        let settings: Vec<String> = tried
            .settings
            .iter()
            .map(|(key, value)| format!("{key} = {value}"))
            .collect();
        writeln!(out, "with {}", settings.join(", "))?;
        messages(out, &tried.outcome)?;
    }
    writeln!(out, "measures")?;
    let usual = rows(&run.outcome.measures);
    let tried = run.tried.as_ref().map(|tried| rows(&tried.outcome.measures));
    if tried.is_some() {
        writeln!(out, "  {:<62} {:>12} {:>12}", "", "as it is", "with --set")?;
    }
    for (index, (label, value)) in usual.iter().enumerate() {
        match &tried {
            Some(tried) => writeln!(out, "  {label:<62} {value:>12} {:>12}", tried[index].1)?,
            None => writeln!(out, "  {label:<62} {value:>12}")?,
        }
    }
    Ok(())
}

fn messages(out: &mut impl Write, outcome: &Outcome) -> io::Result<()> {
    for message in &outcome.messages {
        writeln!(out, "  {}  {}", message.local, message.text)?;
    }
    if outcome.messages.is_empty() {
        writeln!(out, "  no message")?;
    }
    Ok(())
}

/// Each measure with its label. Faults are 0 in a good run.
fn rows(measures: &Measures) -> Vec<(&'static str, String)> {
    let alone = measures.goal_messages_alone;
    let fortnights: Vec<String> = measures
        .goal_messages_by_fortnight
        .iter()
        .map(ToString::to_string)
        .collect();
    // A year has 27 of them: that is a line for a machine.
    let fortnights = if fortnights.len() > 4 {
        "see --json".to_owned()
    } else {
        fortnights.join(", ")
    };
    let number = |number: u32| number.to_string();
    vec![
        ("messages", number(measures.messages)),
        ("most messages a day", number(measures.most_messages_a_day)),
        ("goal messages", number(measures.goal_messages)),
        ("goal messages, by fortnight", fortnights),
        (
            "goal messages that held anything due that day",
            number(measures.goal_messages_with_something_due),
        ),
        (
            "goal messages, had there been no walk and no budget",
            alone.map_or("-".to_owned(), number),
        ),
        (
            "derailments red at the last chance of their last day, told",
            told(measures.last_days),
        ),
        (
            "derailments that happened, told on their last day",
            told(measures.derailments),
        ),
        ("what derailments cost, in dollars", number(measures.derailed_usd)),
        (
            "fault: presses although a later day had a chance",
            number(measures.too_early),
        ),
        (
            "fault: about a later day, after an entry of that day",
            number(measures.ahead_after_entry),
        ),
        (
            "fault: the same words about the same derailment",
            number(measures.same_words),
        ),
        (
            "fault: a subject twice a day, but for something worse",
            number(measures.again_the_same_day),
        ),
        (
            "fault: wrong when read, as an entry had not synced",
            number(measures.wrong_when_read),
        ),
        (
            "most budget messages in a period",
            number(measures.most_budget_messages_a_period),
        ),
        ("unknown for more than a day, told", told(measures.unknowns)),
        ("promised passes", number(measures.passes)),
        (
            "promised passes that were not made",
            number(measures.missed_passes),
        ),
    ]
}

fn told(told: Told) -> String {
    format!("{} of {}", told.told, told.of)
}
