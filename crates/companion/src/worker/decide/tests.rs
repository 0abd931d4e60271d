use super::*;
use crate::completion::Details;

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn due(fetches: u32, misses: u32) -> Due {
    Due {
        number: 1,
        event_id: "e".into(),
        event_time: now(),
        portal_id: "2".into(),
        enrollment_id: "1".into(),
        fetches,
        misses,
    }
}

fn finding() -> Finding {
    let details = Details {
        enrollment_id: "1".into(),
        portal_id: "2".into(),
        lo_id: "3".into(),
        user_id: "4".into(),
        email: None,
        external_id: None,
        pass: false,
        result: None,
        completed_at: now(),
        updated_time: now(),
    };
    Finding { details, name: None, remark: None }
}

fn trouble(retry_after: Option<u64>) -> Found {
    Found::Trouble { reason: "r".into(), retry_after: retry_after.map(Duration::from_secs) }
}

/// The decision in a word.
#[track_caller]
fn check(due: Due, found: Found, expected: &str) {
    let word = match decide(&due, found, now()) {
        Next::Record(_) => "record".to_owned(),
        Next::Wait { missed, .. } => format!("wait, missed: {missed}"),
        Next::GiveUp { state, .. } => format!("give up: {}", state.as_str()),
    };
    assert_eq!(word, expected);
}

#[test]
fn a_completed_enrollment_is_recorded_whatever_came_before() {
    check(due(0, 0), Found::Completed(finding()), "record");
    check(due(99, 9), Found::Completed(finding()), "record");
}

#[test]
fn trouble_is_waited_out_for_ever() {
    check(due(0, 0), trouble(None), "wait, missed: false");
    check(due(u32::MAX - 1, 9), trouble(None), "wait, missed: false");
}

#[test]
fn answers_without_the_completion_are_counted_and_end_it() {
    let last = MISSES_MAX - 1;
    for (found, state) in [
        (Found::NotCompleted("in-progress".into()), "give up: not_completed"),
        (Found::Missing("r".into()), "give up: unresolved"),
        (Found::CompletedInPart(finding(), "r".into()), "record"),
    ] {
        check(due(0, 0), found.clone(), "wait, missed: true");
        // Fetches that met trouble do not count.
        check(due(50, last - 1), found.clone(), "wait, missed: true");
        check(due(last, last), found, state);
    }
}

#[test]
fn what_is_recorded_in_part_says_what_it_lacks() {
    let known = Finding { remark: Some("a".into()), ..finding() };
    let last = due(9, MISSES_MAX - 1);
    let recorded = decide(&last, Found::CompletedInPart(known.clone(), "b".into()), now());
    assert_eq!(recorded, Next::Record(Finding { remark: Some("a; b".into()), ..known }));
}

/// The delay in milliseconds.
#[track_caller]
fn check_delay(fetches: u32, retry_after: Option<u64>, between: std::ops::RangeInclusive<i128>) {
    for number in 0..1000 {
        let delay = delay(&Due { number, ..due(fetches, 0) }, retry_after.map(Duration::from_secs));
        assert!(between.contains(&delay.as_millis()), "{delay:?}");
    }
}

#[test]
fn delays_double_up_to_ten_minutes_and_spread_by_a_fifth() {
    check_delay(0, None, 800..=1_000);
    check_delay(1, None, 1_600..=2_000);
    check_delay(9, None, 409_600..=512_000);
    for fetches in [10, 31, 32, u32::MAX] {
        check_delay(fetches, None, 480_000..=600_000);
    }
    let delays: std::collections::HashSet<_> =
        (0..100).map(|number| delay(&Due { number, ..due(0, 0) }, None).as_micros()).collect();
    assert!(delays.len() > 90, "{} different delays", delays.len());
}

#[test]
fn the_platform_may_ask_for_more_time_up_to_an_hour() {
    check_delay(0, Some(0), 800..=1_000);
    check_delay(0, Some(30), 30_000..=30_000);
    check_delay(20, Some(1), 480_000..=600_000);
    check_delay(0, Some(3_600), 3_600_000..=3_600_000);
    check_delay(0, Some(u64::MAX), 3_600_000..=3_600_000);
}

#[test]
fn a_reason_is_cut_between_characters() {
    let reason = |length: usize| match decide(&due(0, 0), Found::Missing("é".repeat(length)), now()) {
        Next::Wait { reason, .. } => reason.chars().count(),
        other => panic!("{other:?}"),
    };
    assert_eq!((reason(500), reason(501), reason(90_000)), (500, 501, 501));
    assert!(shortened("é".repeat(501)).ends_with("é…"));
}
