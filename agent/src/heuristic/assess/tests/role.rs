//! `role`.

use super::*;
use crate::domain::{DerailSign, Derailment, Reason, Step};

/// The steps that an installation of this role says: subject and step.
fn said(role: Role) -> Vec<(String, Step)> {
    let red = |slug, pledge: f64| Goal {
        pledge: Money::from_usd(pledge).ok(),
        ..goal(slug, 0)
    };
    let observed = Observed {
        walk: Some(walk(false)),
        budgets: vec![(Provider::Groq, fresh(groq(4.9, Health::Critical)))],
        ..observed(vec![red("reading", 5.0), red("rent", 810.0)])
    };
    let history = History {
        broken_channels: vec![broken(ChannelKind::Voice, "no such number")],
        healthy_channels: 1,
        ..healthy()
    };
    let settings = AssessSettings { role, ..settings() };
    let always = Timetable {
        daemon: Presence::Always {
            interval: SignedDuration::from_mins(15),
        },
        ..afternoon()
    };
    // Fourteen minutes of the walk's hours are left, and `rent` is called for the last time.
    let losedate = Some(today("18:59"));
    let mut observed = observed;
    if let Observation::Fresh { value, .. } = &mut observed.beeminder {
        value.goals[1].losedate = losedate;
    }
    let outlook = always.outlook(today("17:45"), 35);
    let mut conditions = assess(&observed, &history, &settings, &outlook);
    let derailment = Derailment {
        sign: DerailSign::Datapoint,
        at: at("2026-11-20T23:59:59-05:00"),
        losedate: None,
        occasion: "2026-11-20".parse().unwrap(),
        stake: None,
    };
    conditions.extend(derailed(
        &account(vec![goal("reading", 7)]),
        &[("reading".to_owned(), derailment)],
        &outlook,
        &settings,
    ));
    let mut said: Vec<_> = conditions
        .into_iter()
        .filter_map(|condition| Some((condition.subject.to_string(), condition.ask?)))
        .filter(|(_, ask)| ask.silent.is_none())
        .map(|(subject, ask)| (subject, ask.step))
        .collect();
    said.sort();
    said
}

#[test]
fn each_role_says_its_part() {
    let main = said(Role::Main);
    let backup = said(Role::Backup);
    let staging = said(Role::Staging);
    let share = Step::Share(Share::of_percent(95).unwrap());
    let all = [
        ("budget:groq", share),
        ("channel:voice", Step::Alert),
        ("goal:reading", Step::Last),
        ("goal:reading", Step::Derailed),
        ("goal:rent", Step::LastCall),
        ("walk", Step::Last),
    ];
    let named = |of: &[(&str, Step)]| -> Vec<(String, Step)> {
        of.iter()
            .map(|(subject, step)| ((*subject).to_owned(), *step))
            .collect()
    };
    assert_eq!(main, named(&all));
    assert_eq!(backup, named(&[("goal:rent", Step::LastCall)]));
    assert_eq!(staging, named(&[("channel:voice", Step::Alert)]));
}

#[test]
fn a_backup_with_one_pass_a_day_makes_its_last_call_there() {
    let step_of = |role: Role| {
        let settings = AssessSettings { role, ..settings() };
        let once = once_a_day(20);
        let dear = Goal {
            pledge: Money::from_usd(810.0).ok(),
            ..goal("rent", 0)
        };
        let outlook = once.outlook(today("20:00"), 35);
        let conditions = assess(&observed(vec![dear]), &healthy(), &settings, &outlook);
        let ask = find(&conditions, "goal:rent").ask.unwrap();
        (ask.step, ask.silent)
    };
    assert_eq!(step_of(Role::Main), (Step::Last, None));
    assert_eq!(step_of(Role::Backup), (Step::LastCall, None));
}

#[test]
fn what_a_role_does_not_say_has_a_reason_of_its_own() {
    let settings = AssessSettings {
        role: Role::Staging,
        ..settings()
    };
    let conditions = assess(
        &observed(vec![goal("reading", 0)]),
        &healthy(),
        &settings,
        &outlook(today("17:30")),
    );
    let ask = find(&conditions, "goal:reading").ask.unwrap();
    assert_eq!((ask.step, ask.silent), (Step::Last, Some(Reason::OtherRole)));
}
