//! Broken channels.

use super::*;

#[test]
fn a_broken_channel_is_told_through_another_one_with_what_to_do() {
    let sms = broken(
        ChannelKind::Sms,
        "Twilio error 30034: the sender is not registered; register it",
    );
    let history = History {
        broken_channels: vec![sms],
        healthy_channels: 1,
        ..healthy()
    };
    let conditions = assess(&observed(vec![]), &history, &settings(), &outlook(today("15:00")));
    let told = find(&conditions, "channel:sms");
    assert_eq!((told.severity, told.expires_at), (Severity::Warning, None));
    assert_eq!(
        told.phrase.long,
        "sms is broken: Twilio error 30034: the sender is not registered; register it"
    );
    assert_eq!(told.phrase.short, "sms is broken (30034)");
    assert!(
        told.evidence
            .starts_with("sms has refused every message since 14:02: Twilio error 30034"),
        "{told:?}"
    );
    // Tomorrow it is still the same breakage, and its one alert is used.
    let tomorrow = assess(
        &observed(vec![]),
        &history,
        &settings(),
        &outlook(at("2026-11-22T15:00:00-05:00")),
    );
    assert_eq!(find(&tomorrow, "channel:sms").day, told.day);
}

#[test]
fn with_no_channel_left_there_is_nobody_to_tell() {
    let marks = vec![broken(ChannelKind::Sms, "x"), broken(ChannelKind::Voice, "y")];
    let history = History {
        broken_channels: marks,
        healthy_channels: 0,
        ..healthy()
    };
    let conditions = assess(&observed(vec![]), &history, &settings(), &outlook(today("15:00")));
    assert!(
        conditions
            .iter()
            .all(|c| !c.subject.as_str().starts_with("channel:")),
        "{conditions:?}"
    );
}

#[test]
fn a_long_reason_still_fits_into_one_segment() {
    let history = History {
        broken_channels: vec![broken(ChannelKind::WhatsApp, &"set it up, then ".repeat(30))],
        healthy_channels: 2,
        ..healthy()
    };
    let conditions = assess(&observed(vec![]), &history, &settings(), &outlook(today("15:00")));
    let phrase = find(&conditions, "channel:whatsapp").phrase;
    let words = Words::of(&phrase.long);
    let text = Text::of([&words], Size::OneSegment).unwrap();
    assert!(
        text.as_str().contains("set it up, then") && text.as_str().ends_with(".."),
        "{text:?}"
    );
}
