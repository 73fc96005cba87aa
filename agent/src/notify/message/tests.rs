use proptest::prelude::*;

use super::*;

const TAG: &str = "#k7q2x9";

fn words(texts: &[&str]) -> Vec<Words> {
    texts.iter().map(|text| Words::of(text)).collect()
}

/// As it is sent.
fn sent(text: &Text) -> String {
    format!("{} {TAG}", text.as_str())
}

#[test]
fn phrases_stand_side_by_side_before_the_tag() {
    let phrases = words(&["reading derails today 23:59 ($5, +2 needed)", "no walk yet"]);
    let text = Text::of(&phrases, Size::OneSegment).unwrap();
    insta::assert_snapshot!(sent(&text), @"Mecris: reading derails today 23:59 ($5, +2 needed); no walk yet #k7q2x9");
}

#[test]
fn a_segment_holds_160_septets_and_two_hold_306_with_the_tag() {
    for (size, most) in [(Size::OneSegment, 160), (Size::TwoSegments, 305)] {
        let long = "x".repeat(most - "Mecris:  ".len() - TAG.len());
        let text = Text::of(&words(&[&long]), size).unwrap();
        assert_eq!(septets(&sent(&text)), most);
        assert_eq!(Text::of(&words(&[&format!("{long}x")]), size), None);
    }
}

#[test]
fn a_phrase_cannot_pass_for_two_or_for_a_tag() {
    let hostile = Words::of("reading\r\nMecris: all is well; walk done #aaaaaa \u{ff03}bbbbbb\u{ff1b} x");
    insta::assert_snapshot!(hostile.as_str(), @"reading Mecris: all is well, walk done aaaaaa bbbbbb, x");
    let listed = Words::listed(&Words::of("a; b #c"), &words(&["d; e", "f"]));
    insta::assert_snapshot!(listed.as_str(), @"a, b c: d, e, f");
}

#[test]
fn what_is_cut_keeps_its_words_and_numbers_whole() {
    let phrase = Words::of("reading derails today 23:59 ($2430, +1250 needed)");
    for (room, kept) in [
        (49, "reading derails today 23:59 ($2430, +1250 needed)"),
        (48, "reading derails today 23:59 ($2430, +1250.."),
        (40, "reading derails today 23:59 ($2430.."),
        (34, "reading derails today 23:59.."),
        (9, "reading.."),
    ] {
        assert_eq!(phrase.cut(room).as_str(), kept);
    }
}

#[test]
fn an_endless_name_is_cut_and_what_follows_still_fits() {
    let name = format!("report today's {} by 23:59", "a".repeat(250));
    let others = words(&["+1 more due today, at least $12345 together"]);
    let text = Text::cut(&Words::of(&name), &others, 60).unwrap();
    assert!(text.as_str().contains(&"a".repeat(200)), "{text:?}");
    assert!(text.as_str().contains("a..; +1 more due today"), "{text:?}");
    assert_eq!(septets(&sent(&text)), TWO_SEGMENTS);
    assert_eq!(Text::cut(&Words::of(&name), &others, 280), None);
}

#[test]
fn tags_differ_and_are_readable() {
    let tags: std::collections::BTreeSet<String> = std::iter::repeat_with(new_tag).take(1000).collect();
    assert!(tags.len() > 990);
    for tag in tags {
        assert_eq!(tag.len(), TAG_LENGTH);
        assert!(
            tag.starts_with('#') && tag[1..].bytes().all(|b| TAG_LETTERS.contains(&b)),
            "{tag}"
        );
    }
}

#[test]
fn what_is_said_again_says_so_and_still_fits() {
    assert_eq!(again("Mecris: no walk yet"), "Mecris again: no walk yet");
    for length in 280..=TWO_SEGMENTS {
        let text = Text::alone(&"word ".repeat(length / 5));
        let said = format!("{} {TAG}", again(text.as_str()));
        assert!(septets(&said) <= 306, "{said}");
    }
    assert!(!Text::is_too_long("word") && Text::is_too_long(&"word ".repeat(70)));
    let longest = Text::alone(&"x".repeat(TWO_SEGMENTS));
    assert!(again(longest.as_str()).starts_with("Again: xxx"));
}

#[test]
fn a_tag_is_seen_wherever_it_stands() {
    for (text, has) in [
        ("Mecris: reading derails #k7q2x9", true),
        ("#k7q2x9 says", true),
        ("# #k7q2x9", true),
        ("", false),
        ("***", false),
        ("#k7q2x", false),
        ("#k7q2xl", false),
        ("reading k7q2x9", false),
        ("#\u{e9}7q2x9", false),
    ] {
        assert_eq!(has_tag(text), has, "{text}");
    }
}

#[test]
fn a_tag_is_told_from_a_longer_word() {
    for (text, wanted) in [
        ("Mecris: reading derails today 23:59 #k7q2x9", &["#k7q2x9"][..]),
        ("Mecris says: no walk yet (#k7q2x9).", &["#k7q2x9"]),
        ("#k7q2x9#aaaaaa", &["#k7q2x9", "#aaaaaa"]),
        ("sale at the #weekend", &[]),
        ("Mecris: no walk yet#k7q2x9", &["#k7q2x9"]),
        ("#k7q2x9\u{e9}", &[]),
        ("#k7q2x", &[]),
        ("#k7q2\u{e9}9", &[]),
        ("", &[]),
    ] {
        assert_eq!(tags(text).collect::<Vec<_>>(), wanted, "{text}");
    }
}

proptest! {
    #[test]
    fn any_texts_make_a_gsm7_message_in_which_only_the_template_separates(
        texts in prop::collection::vec(".{0,200}", 1..6),
        small in any::<bool>(),
    ) {
        let phrases: Vec<Words> = texts.iter().map(|text| Words::of(text)).collect();
        let (size, most) = if small { (Size::OneSegment, 160) } else { (Size::TwoSegments, 306) };
        let all = [Text::of(&phrases, size), Text::cut(&phrases[0], &phrases[1..], 20), Some(Text::alone(&texts[0]))];
        for (n, text) in all.iter().enumerate().filter_map(|(n, text)| Some((n, text.as_ref()?))) {
            let sent = sent(text);
            prop_assert!(sent.chars().all(|c| gsm7::width(c).is_some()), "{sent}");
            prop_assert!(septets(&sent) <= if n == 0 { most } else { 306 }, "{sent}");
            prop_assert!(sent.starts_with(OPENING) && sent.ends_with(&[" ", TAG].concat()));
            prop_assert_eq!(sent.matches('#').count(), 1);
            prop_assert_eq!(sent.matches(';').count(), if n == 2 { 0 } else { phrases.len() - 1 });
        }
    }
}
