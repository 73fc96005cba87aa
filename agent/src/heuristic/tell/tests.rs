use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::{
    domain::{Ask, ChannelKind, Phrase, Severity},
    heuristic::{record, rules::Decided},
    notify::{message::septets, outbox::insert_delivered},
    store,
};

const TAG: &str = "#k7q2x9";

fn now() -> Timestamp {
    "2026-11-21T15:00:00-05:00".parse().unwrap()
}

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

/// The last second of a day that is so many days after today.
fn end_of_day(days: i64) -> Timestamp {
    "2026-11-21T23:59:59-05:00".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * days)
}

fn notify(subject: &str, long: &str, short: &str) -> Decision {
    let day = "2026-11-21".parse().unwrap();
    Decision {
        condition: Condition {
            subject: subject.parse().unwrap(),
            severity: Severity::Warning,
            day,
            expires_at: None,
            evidence: String::new(),
            phrase: Phrase {
                long: long.to_owned(),
                short: short.to_owned(),
            },
            ask: Condition::alert(Severity::Warning, day),
            stake: Some(Money::ZERO),
            heading: None,
        },
        action: Action::Notify,
        reason: Reason::FirstOfDay,
        word: None,
    }
}

fn ask(step: Step) -> Ask {
    Ask {
        step,
        occasion: "2026-11-21".parse().unwrap(),
        alone_from: now(),
        rides_from: now(),
        waits: Reason::NotLastDay,
        is_last_chance: false,
        silent: None,
    }
}

/// A goal that derails at an instant.
fn goal(slug: &str, step: Step, usd: Option<f64>, at: Timestamp) -> Decision {
    let zone = zone();
    let local = Local::new(now(), &zone);
    let money = usd
        .filter(|usd| *usd > 0.0)
        .map_or_else(String::new, |usd| format!(" (${usd}, +2 needed)"));
    let mut decision = notify(
        &format!("goal:{slug}"),
        &format!("{slug} derails {}{money}", local.when(at)),
        &format!("{slug} derails {}", local.day_of(at)),
    );
    decision.condition.ask = Some(ask(step));
    decision.condition.expires_at = Some(at);
    decision.condition.stake = usd.map(|usd| Money::from_usd(usd).unwrap());
    decision
}

/// A goal of a weekend on which nobody watches.
fn unwatched(slug: &str, usd: f64, days: i64) -> Decision {
    let mut decision = goal(slug, Step::Last, Some(usd), end_of_day(days));
    let zone = zone();
    let when = Local::new(now(), &zone).when(end_of_day(days));
    decision.condition.phrase = Phrase {
        long: format!("{slug} {when} (${usd})"),
        short: format!("{slug} {when}"),
    };
    decision.condition.heading = Some("until Tue 13:00 nobody watches".to_owned());
    decision
}

/// The message of these decisions as it is sent, and what became of them.
fn told(mut decisions: Vec<Decision>) -> (String, Told, Vec<Decision>) {
    let told = tell(&mut decisions, &zone(), now()).unwrap();
    (format!("{} {TAG}", told.text.as_str()), told, decisions)
}

fn text(decisions: Vec<Decision>) -> String {
    told(decisions).0
}

#[test]
fn nothing_to_say_is_no_message() {
    let mut silent = vec![notify("walk", "no walk yet", "no walk yet")];
    silent[0].action = Action::Suppress;
    assert_eq!(tell(&mut silent, &zone(), now()), None);
    assert_eq!(silent[0].reason, Reason::FirstOfDay);
}

#[test]
fn one_goal_is_told_in_full() {
    let reading = goal("reading", Step::Last, Some(5.0), end_of_day(0));
    insta::assert_snapshot!(text(vec![reading]), @"Mecris: reading derails today 23:59 ($5, +2 needed) #k7q2x9");
}

#[test]
fn several_share_a_segment_and_the_last_chosen_are_shortened_first() {
    let sent = text(vec![
        notify(
            "budget:groq",
            "groq budget 112% used ($5.60 of $5.00)",
            "groq budget spent",
        ),
        goal("bike", Step::Ahead, Some(10.0), end_of_day(1)),
        goal("reading", Step::Last, Some(5.0), end_of_day(0)),
        notify("walk", "no walk yet, until 18:00", "no walk yet"),
    ]);
    insta::assert_snapshot!(sent, @"Mecris: reading derails today 23:59 ($5, +2 needed); bike derails tomorrow 23:59 ($10, +2 needed); groq budget 112% used ($5.60 of $5.00); no walk yet #k7q2x9");
    assert!(septets(&sent) <= 160);
}

#[test]
fn of_twenty_red_goals_the_dearest_are_named_and_the_others_counted() {
    let pledges = [0.0, 5.0, 10.0, 30.0, 90.0, 270.0, 810.0, 2430.0];
    let decisions = (0..20).map(|n: usize| {
        let at = end_of_day(0) - SignedDuration::from_mins(i64::try_from(n).unwrap());
        goal(&format!("goal-{n}"), Step::Last, Some(pledges[n % 8]), at)
    });
    let (sent, told, after) = told(decisions.collect());
    insta::assert_snapshot!(sent, @"Mecris: goal-19 derails today; goal-15 derails today; goal-14 derails today; goal-13 derails today; goal-12 derails today; goal-11 derails today; goal-7 derails today; goal-6 derails today; goal-5 derails today; goal-4 derails today; goal-3 derails today; +9 more due today, $45 together #k7q2x9");
    assert!(septets(&sent) <= 306);
    assert_eq!(told.order.len(), 20);
    assert!(after.iter().all(|decision| decision.action == Action::Notify));
}

#[test]
fn the_dearest_are_chosen_and_listed_by_the_time_that_is_left() {
    let (sent, told, _) = told(vec![
        goal("late-and-dear", Step::Last, Some(90.0), end_of_day(0)),
        goal(
            "soon-and-cheap",
            Step::Last,
            Some(5.0),
            end_of_day(0) - SignedDuration::from_hours(6),
        ),
        goal("tomorrow", Step::Ahead, Some(270.0), end_of_day(1)),
    ]);
    insta::assert_snapshot!(sent, @"Mecris: soon-and-cheap derails today 17:59 ($5, +2 needed); late-and-dear derails today 23:59 ($90, +2 needed); tomorrow derails tomorrow #k7q2x9");
    assert_eq!(told.order, [1, 0, 2]);
}

#[test]
fn each_step_has_a_sum_of_its_own() {
    let decisions = (0..30_i64).map(|n| match n % 3 {
        0 => goal(&format!("last-day-{n}"), Step::Last, Some(5.0), end_of_day(0)),
        1 => goal(&format!("day-before-{n}"), Step::Ahead, Some(10.0), end_of_day(1)),
        _ => unwatched(&format!("weekend-{n}"), 30.0, 2),
    });
    let (sent, told, _) = told(decisions.collect());
    insta::assert_snapshot!(sent, @"Mecris: until Tue 13:00 nobody watches: weekend-11 Mon 23:59 ($30), weekend-14 Mon 23:59, weekend-17 Mon 23:59, weekend-2 Mon 23:59, weekend-20 Mon 23:59, weekend-23 Mon 23:59; +10 more due today, $50 together; +10 more due by tomorrow 23:59, $100 together; +4 more due by Mon 23:59, $120 together #k7q2x9");
    assert_eq!(told.order.len(), 30);
}

#[test]
fn goals_of_days_on_which_nobody_watches_share_a_phrase() {
    let sent = text(vec![
        unwatched("reading", 5.0, 2),
        goal("bike", Step::Last, Some(5.0), end_of_day(0)),
        unwatched("meditate", 10.0, 1),
    ]);
    insta::assert_snapshot!(sent, @"Mecris: bike derails today 23:59 ($5, +2 needed); until Tue 13:00 nobody watches: meditate tomorrow 23:59 ($10), reading Mon 23:59 ($5) #k7q2x9");
}

#[test]
fn what_has_no_sum_waits_for_the_next_message() {
    let mut decisions: Vec<Decision> = (0..20)
        .map(|n| goal(&format!("goal-number-{n}"), Step::Last, Some(5.0), end_of_day(0)))
        .collect();
    decisions.push(notify("channel:sms", "sms is broken", "sms is broken"));
    let (sent, told, after) = told(decisions);
    assert!(!sent.contains("sms"), "{sent}");
    assert!(!told.order.contains(&20));
    assert_eq!(
        (after[20].action, after[20].reason),
        (Action::Suppress, Reason::NoRoom)
    );
    assert!(
        after[..20]
            .iter()
            .all(|decision| decision.action == Action::Notify)
    );
}

#[test]
fn what_makes_the_message_leave_is_chosen_before_what_only_goes_with_it() {
    let mut decisions: Vec<Decision> = (0..20)
        .map(|n| {
            let mut rides = goal(
                &format!("goal-number-{n}"),
                Step::Ahead,
                Some(90.0),
                end_of_day(1),
            );
            rides.condition.ask.as_mut().unwrap().alone_from = now() + SignedDuration::from_hours(1);
            rides
        })
        .collect();
    decisions.push(notify("walk", "no walk yet", "no walk yet"));
    let (sent, ..) = told(decisions);
    assert!(sent.contains("no walk yet"), "{sent}");
}

#[test]
fn a_stake_that_nobody_knows_may_be_the_dearest() {
    let mut decisions: Vec<Decision> = (0..20)
        .map(|n| {
            goal(
                &format!("goal-number-{n}"),
                Step::Last,
                Some(2430.0),
                end_of_day(0),
            )
        })
        .collect();
    decisions.push(goal("unknown-stake", Step::Last, None, end_of_day(0)));
    let sent = text(decisions);
    assert!(sent.contains("unknown-stake"), "{sent}");
    let unknown = (0..20).map(|n| goal(&format!("goal-number-{n}"), Step::Last, None, end_of_day(0)));
    let mut decisions: Vec<Decision> = unknown.collect();
    decisions.push(goal("cheap", Step::Last, Some(5.0), end_of_day(0)));
    let sent = text(decisions);
    assert!(sent.contains(" more due today, at least $5 together"), "{sent}");
}

#[test]
fn what_ends_at_midnight_is_due_today() {
    let midnight = end_of_day(0) + SignedDuration::from_secs(1);
    let decisions = (0..30).map(|n| goal(&format!("goal-number-{n}"), Step::Last, Some(0.0), midnight));
    let sent = text(decisions.collect());
    assert!(sent.contains(" more due today #"), "{sent}");
}

#[test]
fn what_cannot_be_told_is_counted_as_that() {
    let decisions = (0..30).map(|n| {
        let mut decision = goal(
            &format!("goal-number-{n}"),
            Step::Unknown,
            Some(5.0),
            end_of_day(0),
        );
        let words = format!("goal-number-{n} unknown");
        decision.condition.phrase = Phrase {
            long: words.clone(),
            short: words,
        };
        decision
    });
    let (sent, told, _) = told(decisions.collect());
    let named = sent.matches(" unknown;").count();
    assert!(
        sent.contains(&format!("; +{} more are unknown #", 30 - named)),
        "{sent}"
    );
    assert_eq!(told.order.len(), 30);
}

#[test]
fn one_endless_name_is_cut_and_the_rest_is_still_counted() {
    let endless = "a".repeat(250);
    let sent = text(vec![
        goal(&endless, Step::Last, Some(10.0), end_of_day(0)),
        goal("b", Step::Ahead, Some(5.0), end_of_day(1)),
        goal(
            "c",
            Step::Last,
            Some(5.0),
            end_of_day(0) + SignedDuration::from_hours(3),
        ),
    ]);
    insta::assert_snapshot!(sent, @"Mecris: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..; +1 more due by tonight 02:59, $5 together; +1 more due by tomorrow 23:59, $5 together #k7q2x9");
}

/// How a text counts: the numbers of `+N more`.
fn counted(text: &str) -> usize {
    text.split("; ")
        .filter_map(|phrase| {
            phrase
                .strip_prefix('+')?
                .split_once(" more")?
                .0
                .parse::<usize>()
                .ok()
        })
        .sum()
}

/// Any goal or other subject, by a number that makes its name unique.
fn any_decision() -> impl Strategy<Value = (usize, String, u8, Option<u8>, i64)> {
    (
        1..220_usize,
        ".{0,120}",
        0..4_u8,
        prop::option::of(0..40_u8),
        0..9_i64,
    )
}

fn decision_of(number: usize, drawn: (usize, String, u8, Option<u8>, i64)) -> Decision {
    let (length, wild, kind, usd, days) = drawn;
    // No name contains another one, and no name begins as another one.
    let name = format!("g{number}z{}e{number}q", "n".repeat(length));
    let usd = usd.map(f64::from);
    let mut decision = match kind {
        0 => goal(&name, Step::Last, usd, end_of_day(days.min(1))),
        1 => goal(&name, Step::Ahead, usd, end_of_day(days)),
        2 => unwatched(&name, usd.unwrap_or(0.0), days + 1),
        _ => notify(
            &format!("unit:{name}"),
            &format!("{name} failed"),
            &format!("{name} failed"),
        ),
    };
    decision.condition.phrase.long.push_str(&wild);
    decision
}

#[test]
fn what_goes_by_other_channels_is_another_message_with_its_own_room() {
    let mut decisions: Vec<Decision> = (0..30)
        .map(|n| goal(&format!("gym{n:02}"), Step::Last, Some(5.0), end_of_day(0)))
        .collect();
    decisions.push(notify("channel:sms", "sms is broken", "sms is broken"));
    decisions.push(goal("reading", Step::Last, Some(5.0), end_of_day(0)));
    let own = |n: usize| format!("goal:gym{n:02}").parse().unwrap();
    let policy = Policy {
        zone: zone(),
        max_messages_per_hour: 2,
        max_messages_per_day: 6,
        quiet_hours: None,
        escalate: true,
        channels: (0..30).map(|n| (own(n), vec![ChannelKind::Voice])).collect(),
    };
    let told = tell_each(&mut decisions, &policy, now());
    let [gyms, others] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(
        (gyms.channels.as_deref(), gyms.order.len()),
        (Some(&[ChannelKind::Voice][..]), 30)
    );
    assert_eq!(others.channels, None);
    let text = others.text.as_str();
    assert!(
        text.contains("sms is broken") && text.contains("reading derails today"),
        "{text}"
    );
    assert!(gyms.text.as_str().contains("more due today"), "{gyms:?}");
    assert!(decisions.iter().all(|decision| decision.action == Action::Notify));

    let decided = Decided { decisions, told };
    let mut connection = store::in_memory().unwrap();
    let tx = connection.transaction().unwrap();
    let configured = [ChannelKind::Sms, ChannelKind::Voice];
    let insert = |message| Ok(insert_delivered(&tx, &message, &configured, now())?.id);
    let ids = record::decisions_and_messages(&tx, insert, None, &decided, &zone(), now()).unwrap();
    let by = |sql: &str| column(&tx, sql);
    assert_eq!(ids.len(), 2);
    assert_eq!(
        by("SELECT channel FROM notifications ORDER BY channel"),
        ["sms", "voice"]
    );
    assert_eq!(
        by(
            "SELECT d.subject FROM decisions d JOIN notifications n ON n.id = d.notification_id WHERE n.channel = 'sms' ORDER BY d.subject"
        ),
        ["channel:sms", "goal:reading"]
    );
    assert_eq!(
        by("SELECT s.subject FROM steps s JOIN notifications n ON n.id = s.notification_id WHERE n.channel = 'voice'").len(),
        30
    );
}

proptest! {
    #[test]
    fn everything_that_is_told_is_named_or_counted(drawn in prop::collection::vec(any_decision(), 1..30)) {
        let before: Vec<Decision> = drawn.into_iter().enumerate().map(|(n, drawn)| decision_of(n, drawn)).collect();
        let (sent, told, after) = told(before);
        prop_assert!(septets(&sent) <= 306, "{} septets: {sent}", septets(&sent));
        prop_assert_eq!(sent.matches('#').count(), 1);
        let name = |decision: &Decision| {
            let subject = decision.condition.subject.as_str();
            subject.split_once(':').map(|(_, name)| name.to_owned()).unwrap()
        };
        // A name that is cut is the first one.
        let is_named = |decision: &Decision| {
            let name = name(decision);
            sent.contains(&name) || (sent.contains("..; ") || sent.contains(".. #")) && sent.contains(&name[..name.len().min(50)])
        };
        let unnamed: Vec<&Decision> = told.order.iter().map(|index| &after[*index]).filter(|told| !is_named(told)).collect();
        prop_assert_eq!(unnamed.len(), counted(&sent), "{}", sent);
        for (index, decision) in after.iter().enumerate() {
            let is_told = told.order.contains(&index);
            prop_assert_eq!(is_told, decision.action == Action::Notify);
            prop_assert!(is_told || decision.reason == Reason::NoRoom);
        }
        let mut order = told.order.clone();
        order.sort_unstable();
        order.dedup();
        prop_assert!(!order.is_empty() && order.len() == told.order.len());
        // What is counted is at most as dear as the least of its step that is named.
        let micros = |decision: &Decision| decision.condition.stake.map_or(i64::MAX, Money::micros);
        let step = |decision: &Decision| decision.condition.ask.map(|ask| ask.step);
        for counted in &unnamed {
            let named = told.order.iter().map(|index| &after[*index]).filter(|told| is_named(told) && step(told) == step(counted));
            prop_assert!(named.map(micros).all(|named| named >= micros(counted)), "{}", sent);
        }
    }
}

/// The rows of a query with one column of text.
fn column(connection: &rusqlite::Connection, query: &str) -> Vec<String> {
    let mut statement = connection.prepare(query).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn nothing_is_claimed_without_words(drawn in prop::collection::vec(any_decision(), 1..30)) {
        let mut decisions: Vec<Decision> =
            drawn.into_iter().enumerate().map(|(n, drawn)| decision_of(n, drawn)).collect();
        let told = tell(&mut decisions, &zone(), now()).into_iter().collect();
        let decided = Decided { decisions, told };
        let mut want: Vec<String> = decided.told().map(|told| told.condition.subject.to_string()).collect();
        let mut connection = store::in_memory().unwrap();
        let tx = connection.transaction().unwrap();
        let mut subjects = Vec::new();
        let insert = |message: crate::notify::outbox::NewMessage| {
            subjects = message.subjects.iter().map(ToString::to_string).collect();
            Ok(insert_delivered(&tx, &message, &[ChannelKind::Sms], now())?.id)
        };
        record::decisions_and_messages(&tx, insert, None, &decided, &zone(), now()).unwrap();
        prop_assert_eq!(&subjects, &want);
        want.sort_unstable();
        prop_assert_eq!(&column(&tx, "SELECT subject FROM claims ORDER BY subject"), &want);
        let in_message = "SELECT subject FROM decisions WHERE notification_id IS NOT NULL AND action = 'notify' ORDER BY subject";
        prop_assert_eq!(&column(&tx, in_message), &want);
        prop_assert_eq!(&column(&tx, "SELECT subject FROM steps ORDER BY subject"), &want);
        let elsewhere = "SELECT reason FROM decisions WHERE action = 'suppress'";
        prop_assert!(column(&tx, elsewhere).iter().all(|reason| reason == "no_room"));
    }
}

thread_local! {
    /// How often composing looked at an item to count it.
    pub(super) static LOOKS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Goals that derail tonight, and as many warnings ahead.
fn red(count: usize) -> Vec<Decision> {
    let red = |n| match n % 2 {
        0 => goal(&format!("goal-{n}"), Step::Last, Some(5.0), end_of_day(0)),
        _ => goal(&format!("goal-{n}"), Step::Ahead, Some(5.0), end_of_day(1)),
    };
    (0..count).map(red).collect()
}

#[test]
fn composing_looks_at_each_of_many_goals_a_few_times_and_makes_words_of_few() {
    for count in [100, 1_000, 10_000] {
        let mut decisions = red(count);
        LOOKS.set(0);
        let told = tell(&mut decisions, &zone(), now()).unwrap();
        assert_eq!(told.order.len(), count, "{}", told.text.as_str());
        assert!(LOOKS.get() <= 3 * count, "{} looks at {count} goals", LOOKS.get());
        let items: Vec<Item<'_>> = decisions
            .iter()
            .map(|decision| Item::new(0, &decision.condition, now()))
            .collect();
        assert!(Phrases::of(&items).len() <= 100);
    }
}
