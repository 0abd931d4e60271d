//! Whether a lane is leased from: not while its receiver is down. Pure.
//!
//! Too many failures in a row open the circuit. While it is open the deliveries of the lane are held; once its pause is
//! over one of them is attempted, as a probe. If the receiver answers, the circuit closes; if not, the pause is doubled.

use jiff::{SignedDuration, Timestamp};

/// The first pause.
pub(super) const FIRST: SignedDuration = SignedDuration::from_secs(5);
/// The longest pause: how long a receiver that is there again waits to be noticed, at most.
pub(super) const LONGEST: SignedDuration = SignedDuration::from_mins(5);
/// How much of a pause chance may take away, so that lanes that went down together are not probed together.
const JITTER: f64 = 0.20;

/// Where the circuit of a lane stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Circuit {
    /// Deliveries are attempted.
    Closed {
        /// Failures in a row.
        failures: u32,
    },
    /// Deliveries are held.
    Open {
        /// When the next probe may be made.
        until: Timestamp,
        /// How often it was opened in a row.
        openings: u32,
    },
    /// Deliveries are held but for the one that is the probe.
    HalfOpen {
        /// How often it was opened in a row.
        openings: u32,
    },
}

/// What a circuit lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    /// What the limit allows.
    Free,
    /// One attempt, when no other is in flight.
    Probe,
    /// Nothing.
    Barred,
}

impl Circuit {
    /// The circuit of a lane of which nothing is known.
    pub(super) const CLOSED: Circuit = Circuit::Closed { failures: 0 };

    /// What it lets through. A clock that was set back must not put a probe off: no pause is longer than the longest.
    pub(super) fn passage(self, now: Timestamp) -> Passage {
        match self {
            Circuit::Closed { .. } => Passage::Free,
            Circuit::Open { until, .. } if now < until && until.duration_since(now) <= LONGEST => Passage::Barred,
            Circuit::Open { .. } | Circuit::HalfOpen { .. } => Passage::Probe,
        }
    }

    /// After an attempt was begun as it let through: the first after the pause is the probe.
    #[must_use]
    pub(super) fn began(self, now: Timestamp) -> Self {
        match (self, self.passage(now)) {
            (Circuit::Open { openings, .. }, Passage::Probe) => Circuit::HalfOpen { openings },
            (circuit, _) => circuit,
        }
    }

    /// After the receiver answered. While the circuit is open that says nothing: such an attempt began before.
    #[must_use]
    pub(super) fn answered(self) -> Self {
        match self {
            Circuit::Closed { .. } | Circuit::HalfOpen { .. } => Circuit::CLOSED,
            Circuit::Open { .. } => self,
        }
    }

    /// After an attempt failed: opens at so many in a row, and when a probe fails. `fraction` is a random number from 0 to 1
    /// that shortens the pause.
    #[must_use]
    pub(super) fn failed(self, failures_max: u32, now: Timestamp, fraction: impl FnOnce() -> f64) -> Self {
        match self {
            Circuit::Closed { failures } if failures + 1 < failures_max => Circuit::Closed { failures: failures + 1 },
            Circuit::Closed { .. } => open(1, now, fraction()),
            Circuit::HalfOpen { openings } => open(openings.saturating_add(1), now, fraction()),
            Circuit::Open { .. } => self,
        }
    }
}

fn open(openings: u32, now: Timestamp, fraction: f64) -> Circuit {
    let doubled = FIRST.checked_mul(1 << (openings - 1).min(16)).unwrap_or(LONGEST).min(LONGEST);
    let pause = SignedDuration::from_secs_f64(doubled.as_secs_f64() * (1.0 - JITTER * fraction));
    Circuit::Open { until: now.saturating_add(pause).unwrap_or(Timestamp::MAX), openings }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    const FAILURES_MAX: u32 = 3;

    fn seconds(seconds: i64) -> SignedDuration {
        SignedDuration::from_secs(seconds)
    }

    fn open_for(pause: i64, openings: u32) -> Circuit {
        Circuit::Open { until: NOW + seconds(pause), openings }
    }

    fn fail(circuit: Circuit) -> Circuit {
        circuit.failed(FAILURES_MAX, NOW, || 0.0)
    }

    #[test]
    fn so_many_failures_in_a_row_open_it_and_fewer_do_not() {
        let failures = |failures| Circuit::Closed { failures };
        // Before, after an answer, after a failure.
        let table = [
            (failures(0), failures(0), failures(1)),
            (failures(1), failures(0), failures(2)),
            (failures(2), failures(0), open_for(5, 1)),
            (Circuit::HalfOpen { openings: 1 }, failures(0), open_for(10, 2)),
            (Circuit::HalfOpen { openings: 2 }, failures(0), open_for(20, 3)),
            // What was in flight when it opened neither closes it nor keeps it open for longer.
            (open_for(5, 1), open_for(5, 1), open_for(5, 1)),
        ];
        for (before, answered, failed) in table {
            assert_eq!((before.answered(), fail(before)), (answered, failed), "{before:?}");
        }
    }

    #[test]
    fn the_first_attempt_after_the_pause_is_the_probe() {
        let probe = Circuit::HalfOpen { openings: 2 };
        // Before, when, what it lets through, after an attempt began.
        let table = [
            (Circuit::CLOSED, 0, Passage::Free, Circuit::CLOSED),
            (open_for(10, 2), 0, Passage::Barred, open_for(10, 2)),
            (open_for(10, 2), 9, Passage::Barred, open_for(10, 2)),
            (open_for(10, 2), 10, Passage::Probe, probe),
            (open_for(10, 2), 11, Passage::Probe, probe),
            (probe, 0, Passage::Probe, probe),
            // The clock was set back.
            (open_for(10, 2), -290, Passage::Barred, open_for(10, 2)),
            (open_for(10, 2), -291, Passage::Probe, probe),
        ];
        for (before, now, passage, began) in table {
            let now = NOW + seconds(now);
            assert_eq!((before.passage(now), before.began(now)), (passage, began), "{before:?} at {now}");
        }
    }

    #[test]
    fn pauses_double_up_to_five_minutes() {
        let mut circuit = fail(Circuit::Closed { failures: FAILURES_MAX - 1 });
        let pauses: Vec<i64> = (1..100)
            .map(|n| {
                let Circuit::Open { until, openings } = circuit else { panic!("{circuit:?}") };
                assert_eq!(openings, n);
                circuit = fail(Circuit::HalfOpen { openings });
                until.duration_since(NOW).as_secs()
            })
            .collect();
        assert_eq!(pauses[..8], [5, 10, 20, 40, 80, 160, 300, 300]);
        assert!(pauses[8..].iter().all(|&pause| pause == 300));
        assert!(matches!(fail(Circuit::HalfOpen { openings: u32::MAX }), Circuit::Open { openings: u32::MAX, .. }));
    }

    #[test]
    fn chance_shortens_a_pause_by_a_fifth_at_most_and_never_lengthens_it() {
        let pause = |openings, fraction| match open(openings, NOW, fraction) {
            Circuit::Open { until, .. } => until.duration_since(NOW).as_millis(),
            circuit => panic!("{circuit:?}"),
        };
        assert_eq!([0.0, 0.5, 1.0].map(|fraction| pause(1, fraction)), [5_000, 4_500, 4_000]);
        assert_eq!([0.0, 0.5, 1.0].map(|fraction| pause(9, fraction)), [300_000, 270_000, 240_000]);
    }

    #[test]
    fn chance_is_asked_only_when_it_opens() {
        let never = || panic!("nothing opens");
        assert_eq!(Circuit::CLOSED.failed(FAILURES_MAX, NOW, never), Circuit::Closed { failures: 1 });
    }
}
