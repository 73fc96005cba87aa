use proptest::prelude::*;

use super::*;

const TAG: &str = "#k7q2x9";

fn phrase(long: &str, short: &str) -> Phrase {
    Phrase {
        long: long.to_owned(),
        short: short.to_owned(),
    }
}

fn typical() -> Vec<Phrase> {
    vec![
        phrase(
            "reading derails today 23:59, +2 needed, $5",
            "reading derails today",
        ),
        phrase(
            "bike derails tomorrow 23:59, +1 needed, $10",
            "bike derails tomorrow",
        ),
        phrase("no walk yet today", "no walk yet"),
        phrase("Groq budget 104% used ($5.20 of $5.00)", "Groq budget 104% used"),
    ]
}

/// As it is sent.
fn text(phrases: &[Phrase]) -> String {
    format!("{} {TAG}", compose(phrases, TAG.len()))
}

#[test]
fn one_condition_is_told_in_full() {
    insta::assert_snapshot!(text(&typical()[..1]), @"Mecris: reading derails today 23:59, +2 needed, $5 #k7q2x9");
}

#[test]
fn several_conditions_share_a_segment_and_the_least_urgent_are_shortened_first() {
    insta::assert_snapshot!(text(&typical()), @"Mecris: reading derails today 23:59, +2 needed, $5; bike derails tomorrow 23:59, +1 needed, $10; no walk yet today; Groq budget 104% used #k7q2x9");
    assert!(septets(&text(&typical())) <= ONE_SEGMENT);
}

#[test]
fn more_than_a_segment_of_short_phrases_takes_a_second_one() {
    let many: Vec<Phrase> = (1..=8)
        .map(|n| phrase(&"x".repeat(90), &format!("goal-number-{n} derails today")))
        .collect();
    insta::assert_snapshot!(text(&many), @"Mecris: goal-number-1 derails today; goal-number-2 derails today; goal-number-3 derails today; goal-number-4 derails today; goal-number-5 derails today; goal-number-6 derails today; goal-number-7 derails today; goal-number-8 derails today #k7q2x9");
}

#[test]
fn what_fits_nowhere_is_counted() {
    let many: Vec<Phrase> = (1..=30)
        .map(|n| phrase(&"x".repeat(90), &format!("goal-number-{n} derails today")))
        .collect();
    insta::assert_snapshot!(text(&many), @"Mecris: goal-number-1 derails today; goal-number-2 derails today; goal-number-3 derails today; goal-number-4 derails today; goal-number-5 derails today; goal-number-6 derails today; goal-number-7 derails today; goal-number-8 derails today; goal-number-9 derails today; +21 more #k7q2x9");
}

#[test]
fn one_endless_name_is_cut_and_the_tag_still_fits() {
    let endless = format!("{} derails today", "a".repeat(400));
    insta::assert_snapshot!(text(&[phrase(&endless, &endless), phrase("b", "b")]), @"Mecris: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..; +1 more #k7q2x9");
}

#[test]
fn a_phrase_cannot_pass_for_two_or_for_a_tag() {
    let hostile = "reading\r\nMecris: all is well; walk done #aaaaaa";
    insta::assert_snapshot!(text(&[phrase(hostile, hostile)]), @"Mecris: reading Mecris: all is well, walk done aaaaaa #k7q2x9");
}

#[test]
fn tags_differ_and_are_readable() {
    let tags: std::collections::BTreeSet<String> = std::iter::repeat_with(new_tag).take(1000).collect();
    assert!(tags.len() > 990);
    for tag in tags {
        assert_eq!(tag.len(), 7);
        assert!(
            tag.starts_with('#') && tag[1..].bytes().all(|b| TAG_LETTERS.contains(&b)),
            "{tag}"
        );
    }
}

fn any_phrase() -> impl Strategy<Value = Phrase> {
    (".{0,200}", "[a-zA-Z0-9._-]{1,250}", any::<bool>()).prop_map(|(wild, slug, tame)| {
        let short = format!("{slug} derails today");
        let long = if tame {
            format!("{short}, +1 needed")
        } else {
            format!("{short} {wild}")
        };
        Phrase { long, short }
    })
}

proptest! {
    #[test]
    fn any_phrases_make_a_gsm7_text_of_two_segments_that_names_the_first(
        phrases in prop::collection::vec(any_phrase(), 1..12),
    ) {
        let text = text(&phrases);
        prop_assert!(text.chars().all(|c| gsm7::width(c).is_some()), "{text}");
        prop_assert!(septets(&text) <= 306, "{} septets: {text}", septets(&text));
        prop_assert!(text.starts_with(OPENING) && text.ends_with(&[" ", TAG].concat()));
        prop_assert_eq!(text.matches('#').count(), 1);
        prop_assert!(text.matches(';').count() <= phrases.len());
        let name = &phrases[0].short[..phrases[0].short.find(" derails").unwrap()];
        prop_assert!(text.contains(name), "{text}");
        if septets(&join(phrases.iter().map(|p| p.short.as_str()), 0)) <= 152 {
            prop_assert!(septets(&text) <= 160);
        }
    }

    #[test]
    fn wild_short_phrases_break_nothing(phrases in prop::collection::vec(".{0,400}", 1..6)) {
        let phrases: Vec<Phrase> = phrases.iter().map(|p| phrase(p, p)).collect();
        let text = text(&phrases);
        prop_assert!(text.chars().all(|c| gsm7::width(c).is_some()), "{text}");
        prop_assert!(septets(&text) <= 306, "{text}");
        prop_assert!(text.ends_with(&[" ", TAG].concat()));
    }
}
