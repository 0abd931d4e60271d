//! How many attempts of a lane may be in flight: found out by trying. Pure.
//!
//! It starts small and doubles with every round of successes, up to the first sign of trouble; from then on it halves at
//! trouble and grows by one a round. It grows only where it was in the way: what was never in flight proves nothing.

use super::verdict::Verdict;

/// What a lane starts with, and starts with again after its circuit was open.
pub(super) const START: u32 = 8;

/// How many attempts may be in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    now: u32,
    max: u32,
    /// Below this it doubles, from this on it grows by one a round.
    threshold: u32,
    /// Successes in this round. A round is as many as the limit.
    successes: u32,
    /// The most that were in flight at once in this round.
    peak: u32,
    /// How many outcomes are still to come of attempts that were in flight when it last halved: one trouble halves once.
    excused: u32,
}

impl Limit {
    /// The limit of a lane of which nothing is known.
    pub(super) fn new(max: u32) -> Self {
        Limit { now: START.min(max).max(1), max: max.max(1), threshold: max, successes: 0, peak: 0, excused: 0 }
    }

    /// The limit that it was in the beginning.
    pub(super) fn afresh(self) -> Self {
        Limit::new(self.max)
    }

    /// How many.
    pub(super) fn get(self) -> u32 {
        self.now
    }

    /// Takes note that so many are in flight now.
    pub(super) fn began(&mut self, in_flight: u32) {
        self.peak = self.peak.max(in_flight);
    }

    /// Takes note of an outcome; so many are in flight without it.
    pub(super) fn heard(&mut self, verdict: Verdict, in_flight: u32) {
        if self.excused > 0 {
            self.excused -= 1;
            return;
        }
        match verdict {
            Verdict::KeepsUp => self.raise(in_flight),
            Verdict::Overwhelmed => self.halve(in_flight),
            Verdict::Answers | Verdict::Fails => {}
        }
    }

    fn raise(&mut self, in_flight: u32) {
        self.successes += 1;
        let round_over = self.successes >= self.now;
        let in_the_way = self.peak > self.now / 2;
        if in_the_way && self.now < self.max && (self.now < self.threshold || round_over) {
            self.now += 1;
        }
        if round_over {
            (self.successes, self.peak) = (0, in_flight);
        }
    }

    fn halve(&mut self, in_flight: u32) {
        self.now = (self.now / 2).max(1);
        self.threshold = self.now;
        self.excused = in_flight;
        (self.successes, self.peak) = (0, in_flight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A step of a lane, and what its limit is after it.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        /// As many begin as may.
        Fill,
        /// Another one begins.
        Begin,
        /// So many end so.
        End(Verdict, u32),
        /// So many begin and end in success, one after another.
        Trickle(u32),
    }

    use Step::{Begin, End, Fill, Trickle};
    use Verdict::{Answers, Fails, KeepsUp, Overwhelmed};

    #[track_caller]
    fn check(max: u32, steps: &[(Step, u32)]) {
        let (mut limit, mut in_flight) = (Limit::new(max), 0);
        let end = |limit: &mut Limit, in_flight: &mut u32, verdict| {
            *in_flight -= 1;
            limit.heard(verdict, *in_flight);
        };
        for (n, (step, expected)) in steps.iter().enumerate() {
            match *step {
                Fill => in_flight = in_flight.max(limit.get()),
                Begin => in_flight += 1,
                End(verdict, count) => (0..count).for_each(|_| end(&mut limit, &mut in_flight, verdict)),
                Trickle(count) => (0..count).for_each(|_| {
                    in_flight += 1;
                    limit.began(in_flight);
                    end(&mut limit, &mut in_flight, KeepsUp);
                }),
            }
            limit.began(in_flight);
            assert_eq!(limit.get(), *expected, "after step {n}, {step:?}");
        }
    }

    #[test]
    fn it_starts_small_and_doubles_up_to_the_most() {
        check(50, &[(Fill, 8), (End(KeepsUp, 8), 16), (Fill, 16), (End(KeepsUp, 16), 32), (Fill, 32)]);
        check(
            50,
            &[(Fill, 8), (End(KeepsUp, 8), 16), (Fill, 16), (End(KeepsUp, 16), 32), (Fill, 32), (End(KeepsUp, 32), 50)],
        );
    }

    #[test]
    fn it_starts_no_higher_than_the_most_and_no_lower_than_one() {
        check(3, &[(Fill, 3), (End(KeepsUp, 3), 3), (Fill, 3)]);
        check(0, &[(Fill, 1), (End(KeepsUp, 1), 1), (Fill, 1), (End(Overwhelmed, 1), 1)]);
    }

    #[test]
    fn it_halves_at_trouble_and_then_grows_by_one_a_round() {
        check(
            64,
            &[
                (Fill, 8),
                (End(KeepsUp, 8), 16),
                (Fill, 16),
                (End(Overwhelmed, 1), 8),
                (End(KeepsUp, 15), 8),
                (Fill, 8),
                (End(KeepsUp, 7), 8),
                (End(KeepsUp, 1), 9),
                (Fill, 9),
                (End(KeepsUp, 9), 10),
            ],
        );
    }

    #[test]
    fn one_trouble_halves_once_however_many_it_meets() {
        check(64, &[(Fill, 8), (End(Overwhelmed, 8), 4), (Fill, 4), (End(Overwhelmed, 4), 2), (Fill, 2)]);
    }

    #[test]
    fn it_never_falls_below_one() {
        let round = |expected| [(Fill, expected), (End(Overwhelmed, expected), (expected / 2).max(1))];
        let steps: Vec<_> = [8, 4, 2, 1, 1, 1].into_iter().flat_map(round).collect();
        check(64, &steps);
    }

    #[test]
    fn from_one_it_recovers() {
        check(2, &[(Fill, 2), (End(Overwhelmed, 2), 1), (Fill, 1), (End(KeepsUp, 1), 2), (Fill, 2)]);
    }

    #[test]
    fn what_is_not_in_the_way_does_not_grow() {
        check(64, &[(Trickle(1_000), 8), (Fill, 8), (End(KeepsUp, 1), 9)]);
        // After a burst, too: no further than twice what was in flight.
        check(64, &[(Fill, 8), (End(KeepsUp, 8), 16), (Trickle(1_000), 16)]);
    }

    #[test]
    fn answers_that_are_no_success_leave_it_as_it_is() {
        check(64, &[(Fill, 8), (End(Answers, 4), 8), (End(Fails, 4), 8), (Begin, 8)]);
    }
}
