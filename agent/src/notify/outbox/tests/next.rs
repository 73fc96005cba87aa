//! The rules of what follows, one by one.

use super::super::next::{Miss, Next, next};
use super::*;
use crate::{notify::channels::OnDoubt, store::outbox::Tally};

const ORDER: [ChannelKind; 2] = [ChannelKind::Sms, ChannelKind::Console];

fn now() -> Timestamp {
    "2026-11-21T18:00:00Z".parse().unwrap()
}

fn row(channel: ChannelKind) -> Row {
    Row {
        id: "a".to_owned(),
        state: State::Sending,
        channel,
        pinned: false,
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
    }
}

fn retries(retries: u32) -> Tally {
    Tally { retries, ..Tally::default() }
}

const LATER: Miss = Miss::RefusedForNow { retry_after: None };

#[test]
fn a_refusal_goes_down_the_order_and_ends_there() {
    assert_eq!(
        next(&row(ChannelKind::Sms), Miss::Refused, retries(0), &ORDER, now()),
        Next::Send(ChannelKind::Console)
    );
    assert_eq!(next(&row(ChannelKind::Console), Miss::Refused, retries(0), &ORDER, now()), Next::Fail);
    let pinned = Row { pinned: true, ..row(ChannelKind::Sms) };
    assert_eq!(next(&pinned, Miss::Refused, retries(0), &ORDER, now()), Next::Fail);
}

#[test]
fn a_channel_that_is_configured_no_more_is_followed_by_the_first() {
    let order = [ChannelKind::Console];
    assert_eq!(
        next(&row(ChannelKind::Sms), Miss::Refused, retries(0), &order, now()),
        Next::Send(ChannelKind::Console)
    );
}

#[test]
fn refused_for_now_is_tried_again_until_another_channel_takes_over() {
    let sms = row(ChannelKind::Sms);
    assert_eq!(next(&sms, LATER, retries(1), &ORDER, now()), Next::Later(now() + seconds(2)));
    assert_eq!(next(&sms, LATER, retries(4), &ORDER, now()), Next::Later(now() + seconds(16)));
    assert_eq!(next(&sms, LATER, retries(5), &ORDER, now()), Next::Send(ChannelKind::Console));
    assert_eq!(next(&sms, LATER, retries(5), &ORDER[..1], now()), Next::Later(now() + seconds(32)));
    assert_eq!(next(&sms, LATER, retries(99), &ORDER[..1], now()), Next::Later(now() + seconds(900)));
}

#[test]
fn what_would_come_too_late_is_not_waited_for() {
    let short = Row { expires_at: Some(now() + seconds(2)), ..row(ChannelKind::Sms) };
    assert_eq!(next(&short, LATER, retries(1), &ORDER, now()), Next::Send(ChannelKind::Console));
    assert_eq!(next(&short, LATER, retries(1), &ORDER[..1], now()), Next::Fail);
    assert_eq!(next(&short, Miss::Refused, retries(1), &ORDER, now() + seconds(2)), Next::Fail, "expired");
}

#[test]
fn absent_is_sent_again_at_once_the_first_time() {
    let sms = row(ChannelKind::Sms);
    assert_eq!(next(&sms, Miss::Absent, retries(1), &ORDER, now()), Next::Send(ChannelKind::Sms));
    assert_eq!(next(&sms, Miss::Absent, retries(2), &ORDER, now()), Next::Later(now() + seconds(4)));
    assert_eq!(next(&sms, Miss::Absent, retries(5), &ORDER, now()), Next::Send(ChannelKind::Console));
}

#[test]
fn what_stays_in_doubt_is_sent_again_a_few_times_then_elsewhere_and_never_called_failed() {
    let doubts = |doubts| Tally { doubts, ..Tally::default() };
    let again = Miss::InDoubt(OnDoubt::Resend);
    let sms = row(ChannelKind::Sms);
    assert_eq!(next(&sms, again, doubts(1), &ORDER, now()), Next::Send(ChannelKind::Sms));
    assert_eq!(next(&sms, again, doubts(2), &ORDER, now()), Next::Later(now() + seconds(4)));
    assert_eq!(next(&sms, again, doubts(3), &ORDER, now()), Next::Send(ChannelKind::Console));
    assert_eq!(next(&sms, again, doubts(3), &ORDER[..1], now()), Next::Leave);
    assert_eq!(next(&sms, again, doubts(1), &ORDER, now() + seconds(3600)), Next::Leave, "expired, perhaps received");
    let short = Row { expires_at: Some(now() + seconds(3)), ..row(ChannelKind::Sms) };
    assert_eq!(next(&short, again, doubts(2), &ORDER, now()), Next::Send(ChannelKind::Console));
    assert_eq!(next(&short, again, doubts(2), &ORDER[..1], now()), Next::Leave);
}

#[test]
fn at_most_once_ends_with_the_first_doubt() {
    let sms = row(ChannelKind::Sms);
    assert_eq!(next(&sms, Miss::InDoubt(OnDoubt::GiveUp), Tally::default(), &ORDER, now()), Next::Leave);
}

#[test]
fn undelivered_is_tried_once_more_only_where_that_may_help() {
    let undelivered = |n| Tally { undelivered: n, ..Tally::default() };
    let (off, spam) = (Miss::Undelivered { may_pass: true }, Miss::Undelivered { may_pass: false });
    let sms = row(ChannelKind::Sms);
    assert_eq!(next(&sms, off, undelivered(1), &ORDER, now()), Next::Send(ChannelKind::Console));
    assert_eq!(next(&sms, off, undelivered(1), &ORDER[..1], now()), Next::Later(now() + seconds(300)));
    assert_eq!(next(&sms, off, undelivered(2), &ORDER[..1], now()), Next::Fail);
    assert_eq!(next(&sms, spam, undelivered(1), &ORDER[..1], now()), Next::Fail);
}
