//! The rules of [`next`], one by one: what follows an attempt that reached nobody, or that stays in doubt.

use super::super::next::{Miss, Next, next};
use super::*;
use crate::{
    notify::channels::{OnDoubt, Scope},
    store::tables::outbox::Tally,
};

const OTHER: Option<ChannelKind> = Some(ChannelKind::Console);

fn now() -> Timestamp {
    "2026-11-21T18:00:00Z".parse().unwrap()
}

fn row(channel: ChannelKind) -> Row {
    Row {
        id: "a".to_owned(),
        state: State::Sending,
        channel,
        pinned: false,
        channels: None,
        attempt: 1,
        body: String::new(),
        tag: "#a".to_owned(),
        created_at: now(),
        expires_at: Some(now() + seconds(3600)),
        lease_until: None,
        next_at: None,
        provider_id: None,
        accepted_at: None,
        why: None,
        updated_at: now(),
    }
}

fn retries(retries: u32) -> Tally {
    Tally {
        retries,
        ..Tally::default()
    }
}

/// A count of attempts without an answer: `doubts` on the row's channel, `in_doubt` on all channels together.
fn doubts(doubts: u32, in_doubt: u32) -> Tally {
    Tally {
        doubts,
        in_doubt,
        ..Tally::default()
    }
}

const REFUSED: Miss = Miss::Refused {
    scope: Scope::Message,
};
const LATER: Miss = Miss::RefusedForNow { retry_after: None };

#[test]
fn a_refusal_goes_to_the_next_channel_or_ends_there() {
    for scope in [Scope::Message, Scope::Channel] {
        let sms = row(ChannelKind::Sms);
        assert_eq!(
            next(&sms, Miss::Refused { scope }, retries(0), OTHER, now()),
            Next::Send(ChannelKind::Console)
        );
        assert_eq!(
            next(&sms, Miss::Refused { scope }, retries(0), None, now()),
            Next::Fail
        );
    }
}

#[test]
fn only_a_failure_that_concerns_the_channel_breaks_it() {
    for scope in [Scope::Message, Scope::Channel] {
        let broken = scope == Scope::Channel;
        assert_eq!(Miss::Refused { scope }.breaks_channel(), broken);
        assert_eq!(
            Miss::Undelivered {
                may_pass: false,
                scope
            }
            .breaks_channel(),
            broken
        );
    }
    assert!(
        [LATER, Miss::Absent, Miss::Expired]
            .iter()
            .all(|miss| !miss.breaks_channel())
    );
}

#[test]
fn refused_for_now_is_tried_again_until_another_channel_takes_over() {
    let sms = row(ChannelKind::Sms);
    assert_eq!(
        next(&sms, LATER, retries(1), OTHER, now()),
        Next::Later(now() + seconds(2))
    );
    assert_eq!(
        next(&sms, LATER, retries(4), OTHER, now()),
        Next::Later(now() + seconds(16))
    );
    assert_eq!(
        next(&sms, LATER, retries(5), OTHER, now()),
        Next::Send(ChannelKind::Console)
    );
    assert_eq!(
        next(&sms, LATER, retries(5), None, now()),
        Next::Later(now() + seconds(32))
    );
    assert_eq!(
        next(&sms, LATER, retries(99), None, now()),
        Next::Later(now() + seconds(900))
    );
}

#[test]
fn no_attempt_is_put_off_until_the_message_has_expired() {
    let short = Row {
        expires_at: Some(now() + seconds(2)),
        ..row(ChannelKind::Sms)
    };
    assert_eq!(
        next(&short, LATER, retries(1), OTHER, now()),
        Next::Send(ChannelKind::Console)
    );
    assert_eq!(next(&short, LATER, retries(1), None, now()), Next::Fail);
    assert_eq!(
        next(&short, REFUSED, retries(1), OTHER, now() + seconds(2)),
        Next::Fail,
        "expired"
    );
}

#[test]
fn a_message_that_is_not_listed_is_sent_again_at_once_the_first_time() {
    let sms = row(ChannelKind::Sms);
    assert_eq!(
        next(&sms, Miss::Absent, retries(1), OTHER, now()),
        Next::Send(ChannelKind::Sms)
    );
    assert_eq!(
        next(&sms, Miss::Absent, retries(2), OTHER, now()),
        Next::Later(now() + seconds(4))
    );
    assert_eq!(
        next(&sms, Miss::Absent, retries(5), OTHER, now()),
        Next::Send(ChannelKind::Console)
    );
}

#[test]
fn a_message_in_doubt_is_sent_again_once_then_on_the_next_channel_and_never_called_failed() {
    let again = Miss::InDoubt(OnDoubt::Resend);
    let sms = row(ChannelKind::Sms);
    assert_eq!(
        next(&sms, again, doubts(1, 1), OTHER, now()),
        Next::Send(ChannelKind::Sms)
    );
    assert_eq!(
        next(&sms, again, doubts(2, 2), OTHER, now()),
        Next::Send(ChannelKind::Console)
    );
    assert_eq!(next(&sms, again, doubts(2, 2), None, now()), Next::Leave);
    assert_eq!(
        next(&sms, again, doubts(1, 3), OTHER, now()),
        Next::Leave,
        "three in all"
    );
    assert_eq!(
        next(&sms, again, doubts(1, 1), OTHER, now() + seconds(3600)),
        Next::Leave,
        "expired, perhaps received"
    );
}

#[test]
fn the_answer_not_listed_is_believed_once_on_a_channel_and_twice_in_all() {
    for (on_channel, in_all, believed) in [
        (0, 0, true),
        (1, 1, true),
        (1, 2, true),
        (2, 2, false),
        (1, 3, false),
    ] {
        let miss = Miss::Absent.or_absent_again(doubts(on_channel, in_all));
        assert_eq!(miss == Miss::Absent, believed, "{on_channel} of {in_all}");
    }
    let many = doubts(9, 9);
    assert_eq!(LATER.or_absent_again(many), LATER, "a refusal is certain");
    let again = Miss::InDoubt(OnDoubt::Resend);
    assert_eq!(again.or_absent_again(many), again);
}

#[test]
fn a_second_answer_not_listed_goes_to_the_next_channel_and_is_never_called_failed() {
    let sms = row(ChannelKind::Sms);
    assert_eq!(
        next(&sms, Miss::AbsentAgain, doubts(2, 2), OTHER, now()),
        Next::Send(ChannelKind::Console)
    );
    assert_eq!(
        next(&sms, Miss::AbsentAgain, doubts(2, 2), None, now()),
        Next::Leave
    );
    assert_eq!(
        next(&sms, Miss::AbsentAgain, doubts(1, 3), OTHER, now()),
        Next::Leave
    );
    assert_eq!(
        next(
            &sms,
            Miss::AbsentAgain,
            doubts(2, 2),
            OTHER,
            now() + seconds(3600)
        ),
        Next::Leave,
        "expired, perhaps received"
    );
}

#[test]
fn give_up_ends_with_the_first_doubt() {
    let sms = row(ChannelKind::Sms);
    assert_eq!(
        next(
            &sms,
            Miss::InDoubt(OnDoubt::GiveUp),
            Tally::default(),
            OTHER,
            now()
        ),
        Next::Leave
    );
}

#[test]
fn undelivered_is_tried_once_more_only_where_that_may_help() {
    let undelivered = |n| Tally {
        undelivered: n,
        ..Tally::default()
    };
    let (off, spam) = (
        Miss::Undelivered {
            may_pass: true,
            scope: Scope::Message,
        },
        Miss::Undelivered {
            may_pass: false,
            scope: Scope::Message,
        },
    );
    let sms = row(ChannelKind::Sms);
    assert_eq!(
        next(&sms, off, undelivered(1), OTHER, now()),
        Next::Send(ChannelKind::Console)
    );
    assert_eq!(
        next(&sms, off, undelivered(1), None, now()),
        Next::Later(now() + seconds(300))
    );
    assert_eq!(next(&sms, off, undelivered(2), None, now()), Next::Fail);
    assert_eq!(next(&sms, spam, undelivered(1), None, now()), Next::Fail);
}
