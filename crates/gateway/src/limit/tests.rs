use domain::id::UserAccountId;
use domain::oauth::{Digest, Scopes, TokenKind};

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn count(count: u32) -> Option<NonZeroU32> {
    NonZeroU32::new(count)
}

fn client(number: u32) -> ClientId {
    format!("{number:040x}").parse().unwrap()
}

fn token(client_number: u32, portal: i64) -> Token {
    Token {
        digest: Digest([0; 32]),
        kind: TokenKind::Access,
        client_id: client(client_number),
        portal_id: PortalId(portal),
        user_account_id: UserAccountId(1),
        scopes: Scopes::all(),
        created_at: at(0),
        expires_at: at(1_000),
    }
}

#[track_caller]
fn check(limits: &Limits, client: u32, portal: i64, second: i64, remaining: Option<u32>) {
    let standing = limits.admit(&token(client, portal), at(second)).ok().flatten();
    assert_eq!(standing.map(|standing| standing.remaining), remaining, "client {client}, portal {portal}");
}

#[test]
fn without_a_limit_nothing_is_counted_or_said() {
    let limits = Limits::new(&LimitSettings::default());
    for _ in 0..100_000 {
        assert_eq!(limits.admit(&token(1, 1), at(0)).unwrap(), None);
    }
}

#[test]
fn the_nearest_limit_is_told_and_what_one_refuses_is_not_taken_from_the_other() {
    let settings = LimitSettings { client_per_s: count(2), portal_per_s: count(3), ..LimitSettings::default() };
    let limits = Limits::new(&settings);
    for remaining in [3, 2, 1] {
        check(&limits, 1, 1, 0, Some(remaining));
    }
    // Three are left for the portal, of six.
    for remaining in [2, 1, 0] {
        check(&limits, 2, 1, 0, Some(remaining));
    }
    check(&limits, 1, 1, 0, None);
    // The client could not make use of it here, so it may elsewhere.
    check(&limits, 1, 2, 0, Some(0));
    check(&limits, 1, 2, 0, None);
    check(&limits, 1, 2, 1, Some(1));
}

fn trying(address: Option<&str>, client_number: Option<u32>) -> Trying {
    Trying { address: address.map(|address| address.parse().unwrap()), client_id: client_number.map(client) }
}

#[track_caller]
fn check_try(limits: &Limits, trying: &Trying, second: i64, expected: bool) {
    assert_eq!(limits.may_try(trying, at(second)).is_ok(), expected, "{trying:?}");
}

#[test]
fn an_address_that_fails_too_often_must_wait() {
    let limits = Limits::new(&LimitSettings { failures_per_min: count(3), ..LimitSettings::default() });
    let guessing = |number| trying(Some("192.0.2.1"), Some(number));
    for number in 0..3 {
        check_try(&limits, &guessing(number), 0, true);
        limits.failed(&guessing(number), at(0));
    }
    check_try(&limits, &guessing(3), 0, false);
    check_try(&limits, &trying(Some("192.0.2.1"), None), 0, false);
    check_try(&limits, &trying(Some("192.0.2.2"), Some(3)), 0, true);
    check_try(&limits, &guessing(3), 19, false);
    check_try(&limits, &guessing(3), 20, true);
}

#[test]
fn a_client_at_which_many_guess_stays_open_to_others() {
    let limits = Limits::new(&LimitSettings { failures_per_min: count(3), ..LimitSettings::default() });
    for address in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
        limits.failed(&trying(Some(address), Some(1)), at(0));
    }
    // Each of the addresses could go on, but not with this client.
    check_try(&limits, &trying(Some("192.0.2.1"), Some(1)), 0, false);
    check_try(&limits, &trying(None, Some(1)), 0, false);
    check_try(&limits, &trying(Some("192.0.2.1"), Some(2)), 0, true);
    check_try(&limits, &trying(Some("192.0.2.4"), Some(1)), 0, true);
    check_try(&limits, &trying(Some("192.0.2.1"), Some(1)), 20, true);
}

#[test]
fn without_a_limit_guessing_is_not_slowed() {
    let limits = Limits::new(&LimitSettings { failures_per_min: None, ..LimitSettings::default() });
    for _ in 0..10_000 {
        limits.failed(&trying(Some("192.0.2.1"), Some(1)), at(0));
    }
    check_try(&limits, &trying(Some("192.0.2.1"), Some(1)), 0, true);
}
