use jiff::SignedDuration;

use super::*;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_700_000_000_000 + millis).unwrap()
}

fn limiter(per_second: u32) -> Limiter<u32> {
    Limiter::new(Rate::per_second(NonZeroU32::new(per_second).unwrap()))
}

fn standing(limit: u32, remaining: u32, whole_in_ms: u64, next_in_ms: u64) -> Standing {
    Standing {
        limit,
        remaining,
        whole_in: Duration::from_millis(whole_in_ms),
        next_in: Duration::from_millis(next_in_ms),
    }
}

#[test]
fn a_key_has_its_burst_and_then_its_rate() {
    let limiter = limiter(2);
    assert_eq!(limiter.look(&1, at(0)), standing(4, 4, 0, 0));
    assert_eq!(limiter.take(&1, at(0)), Ok(standing(4, 3, 500, 0)));
    for remaining in [2, 1, 0] {
        assert_eq!(limiter.take(&1, at(0)).unwrap().remaining, remaining);
    }
    assert_eq!(limiter.take(&1, at(0)), Err(standing(4, 0, 2_000, 500)));
    assert_eq!(limiter.take(&1, at(499)), Err(standing(4, 0, 1_501, 1)));
    assert_eq!(limiter.take(&1, at(500)), Ok(standing(4, 0, 2_000, 500)));
    assert_eq!(limiter.look(&1, at(2_500)), standing(4, 4, 0, 0));
}

#[test]
fn keys_do_not_share() {
    let limiter = limiter(1);
    assert!(limiter.take(&1, at(0)).is_ok() && limiter.take(&1, at(0)).is_ok() && limiter.take(&1, at(0)).is_err());
    assert!(limiter.take(&2, at(0)).is_ok());
}

#[test]
fn what_is_given_back_can_be_taken_again() {
    let limiter = limiter(1);
    limiter.take(&1, at(0)).unwrap();
    limiter.take(&1, at(0)).unwrap();
    limiter.give_back(&1);
    limiter.give_back(&2);
    assert!(limiter.take(&1, at(0)).is_ok() && limiter.take(&1, at(0)).is_err());
}

#[test]
fn a_clock_that_is_set_back_locks_nobody_out() {
    let limiter = limiter(1);
    limiter.take(&1, at(0)).unwrap();
    let hour = SignedDuration::from_hours(1);
    assert_eq!(limiter.take(&1, at(0) - hour), Err(standing(2, 0, 2_000, 1_000)));
    // From there on time passes as always.
    assert_eq!(limiter.take(&1, at(1_000) - hour), Ok(standing(2, 0, 2_000, 1_000)));
    limiter.take(&2, at(0)).unwrap();
    assert_eq!(limiter.look(&2, at(0) - hour).remaining, 0);
    assert_eq!(limiter.look(&2, at(1_000) - hour).remaining, 1);
}

/// Asks `per_ms` times in every millisecond of ten seconds, and counts what is let through after the burst.
fn check_exact(per_second: u32, per_ms: u32) -> u64 {
    let limiter = limiter(per_second);
    while limiter.take(&1, at(0)).is_ok() {}
    let through =
        (1..=10_000).flat_map(|ms| (0..per_ms).map(move |_| ms)).filter(|ms| limiter.take(&1, at(*ms)).is_ok()).count()
            as u64;
    let expected = 10 * u64::from(per_second);
    let off = through.abs_diff(expected);
    assert!(off * 50 <= expected, "{through} of {expected} at {per_second}/s");
    through
}

#[test]
fn a_rate_is_kept_within_two_percent() {
    let through: u64 = [(1, 1), (7, 1), (333, 1), (1_000, 2), (3_000, 5), (16_384, 20)]
        .map(|(per_second, per_ms)| check_exact(per_second, per_ms))
        .iter()
        .sum();
    // The control: who asks less often than the rate is never refused.
    let relaxed = limiter(1_000);
    assert!((0..10_000).all(|ms| relaxed.take(&1, at(ms)).is_ok()));
    proof::held(
        "S14",
        "requests beyond a rate, at rates from 1 to 16,384 a second",
        6,
        format!("{through} let through"),
    );
}

#[test]
fn who_is_idle_is_forgotten_and_memory_follows() {
    let limiter = limiter(1_000);
    let kept = || limiter.cells().whole_at.len();
    for key in 0..1_000_000_u32 {
        limiter.take(&key, at(i64::from(key) / 100)).unwrap();
        assert!(kept() <= SWEPT_FROM.max(1_000), "{} keys after {key}", kept());
    }
    assert!(limiter.cells().whole_at.capacity() <= 4 * SWEPT_FROM);
}

#[test]
fn there_is_room_for_so_many_and_no_more() {
    let limiter = limiter(1);
    for key in 0..500_000_u32 {
        limiter.take(&key, at(0)).unwrap();
        assert!(limiter.cells().whole_at.len() <= KEYS_MAX);
    }
    // Among those that were not forgotten the rule still holds.
    assert!(limiter.take(&499_999, at(0)).is_ok());
    assert!(limiter.take(&499_999, at(0)).is_err());
}
