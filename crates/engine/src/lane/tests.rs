use domain::delivery::{Answer, Failure, FailureKind};
use jiff::ToSpan;

use super::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const FAILURES_MAX: u32 = 3;

fn answer(status: u16) -> Outcome {
    Outcome::Answered(Answer { status, retry_after: None, body: Vec::new(), truncated: false, headers: String::new() })
}

fn failure(kind: FailureKind) -> Outcome {
    Outcome::Failed(Failure { kind, detail: String::new() })
}

fn at(seconds: i64) -> Timestamp {
    NOW + seconds.seconds()
}

/// A lane with so many attempts in flight.
fn lane(in_flight: u32) -> Lane {
    let mut lane = Lane::new(64, NOW);
    (0..in_flight).for_each(|_| lane.began(NOW));
    lane
}

/// An attempt that took no time is over.
fn hear(lane: &mut Lane, outcome: &Outcome, now: Timestamp) -> Option<Turned> {
    lane.heard(outcome, SignedDuration::ZERO, FAILURES_MAX, now, || 0.0)
}

/// A lane whose circuit is open until 5 s, with so many attempts still in flight.
fn open(in_flight: u32) -> Lane {
    let mut lane = lane(FAILURES_MAX + in_flight);
    let turned: Vec<_> = (0..FAILURES_MAX).map(|_| hear(&mut lane, &failure(FailureKind::Connect), NOW)).collect();
    assert_eq!(turned, [None, None, Some(Turned::Opened { until: at(5) })]);
    lane
}

#[test]
fn what_is_granted_and_what_is_in_flight_takes_room() {
    let mut lane = lane(2);
    assert_eq!(lane.room(NOW), 6);
    assert_eq!([lane.grant(), lane.grant(), lane.grant()], [true, false, false]);
    assert_eq!((lane.room(NOW), lane.permits()), (3, 5));
    lane.began(NOW);
    assert_eq!((lane.room(NOW), lane.permits()), (3, 5));
    assert_eq!(lane.take_back(), 2);
    assert_eq!((lane.room(NOW), lane.permits()), (5, 3));
    assert!(lane.grant());
}

#[test]
fn an_open_lane_has_room_for_a_probe_when_its_pause_is_over_and_nothing_is_in_flight() {
    let mut lane = open(1);
    assert_eq!((lane.room(NOW), lane.limit()), (0, None));
    assert_eq!(lane.room(at(5)), 0);
    assert_eq!(hear(&mut lane, &answer(200), at(5)), None);
    assert_eq!([lane.room(at(4)), lane.room(at(5)), lane.room(at(600))], [0, 1, 1]);
    lane.began(at(5));
    assert_eq!(lane.room(at(600)), 0);
}

#[test]
fn a_probe_that_is_answered_lets_the_lane_start_afresh() {
    for status in [200, 404] {
        let mut lane = open(0);
        assert_eq!(lane.limit.get(), 4);
        lane.began(at(5));
        assert_eq!(hear(&mut lane, &answer(status), at(6)), Some(Turned::Closed));
        assert_eq!((lane.room(at(6)), lane.limit(), lane.standing()), (8, Some(8), Standing::Sound));
    }
}

#[test]
fn a_probe_that_fails_doubles_the_pause() {
    let mut lane = open(0);
    lane.began(at(5));
    assert_eq!(hear(&mut lane, &answer(500), at(6)), Some(Turned::Reopened { until: at(16) }));
    assert_eq!([lane.room(at(15)), lane.room(at(16))], [0, 1]);
}

#[test]
fn an_attempt_without_a_request_says_nothing() {
    let mut lane = lane(2);
    let request = failure(FailureKind::Request);
    assert_eq!(hear(&mut lane, &request, NOW), None);
    assert_eq!((lane.standing(), lane.limit(), lane.permits()), (Standing::New, Some(8), 1));
    let mut lane = open(0);
    lane.began(at(5));
    assert_eq!(hear(&mut lane, &request, at(6)), None);
    assert_eq!((lane.room(at(6)), lane.limit()), (1, None));
}

#[test]
fn a_lane_stands_as_it_was_last_heard() {
    let late = SLOW_AFTER;
    let soon = late - SignedDuration::from_millis(1);
    let table = [
        (answer(200), soon, Standing::Sound),
        (answer(404), soon, Standing::Sound),
        (answer(200), late, Standing::Doubtful),
        (answer(500), soon, Standing::Doubtful),
        (answer(429), soon, Standing::Doubtful),
        (failure(FailureKind::Timeout), late, Standing::Doubtful),
        (answer(200), SignedDuration::ZERO, Standing::Sound),
    ];
    let mut lane = lane(table.len() as u32);
    assert_eq!(lane.standing(), Standing::New);
    for (outcome, took, standing) in table {
        lane.heard(&outcome, took, FAILURES_MAX, NOW, || 0.0);
        assert_eq!(lane.standing(), standing, "{outcome:?} after {took}");
    }
}

#[test]
fn silence_makes_a_lane_doubtful_while_there_is_something_to_hear() {
    let mut lane = lane(2);
    assert!(lane.listen(at(1)));
    assert_eq!(lane.standing(), Standing::New);
    hear(&mut lane, &answer(200), at(1));
    assert!(lane.listen(at(2)));
    assert!(!lane.listen(at(3)));
    assert_eq!(lane.standing(), Standing::Doubtful);
    hear(&mut lane, &answer(200), at(4));
    assert_eq!(lane.standing(), Standing::Sound);
    // Nothing is in flight any more.
    assert!(!lane.listen(at(60)));
    assert_eq!(lane.standing(), Standing::Sound);
    // It is not blamed for the time when nobody asked it.
    lane.began(at(60));
    assert!(lane.listen(at(61)));
    assert!(!lane.listen(at(62)));
}

#[test]
fn a_clock_that_is_set_back_does_not_put_silence_off() {
    let mut lane = lane(1);
    assert!(lane.listen(at(-3_600)));
    assert!(!lane.listen(at(-3_598)));
}
