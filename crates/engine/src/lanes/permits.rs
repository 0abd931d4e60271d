//! What share of all permits lanes may have together, by how they stand with us. Pure.
//!
//! An attempt that hangs has its permit for as long as the exchange may take, and nobody can take it away. So lanes that are
//! in trouble share a quarter of the permits, and the last quarter is kept for lanes whose receivers answer.

use crate::lane::Standing;

/// How many quarters of the permits lanes that stand so or worse may have, worst first.
const QUARTERS: [usize; 3] = [1, 3, 4];

/// Who has how many permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Permits {
    all: usize,
    taken: [usize; 3],
}

impl Permits {
    /// Nobody has any of `all`.
    pub(super) fn new(all: usize) -> Self {
        Permits { all, taken: [0; 3] }
    }

    /// Takes note that a lane that stands so has more.
    pub(super) fn add(&mut self, standing: Standing, permits: u32) {
        self.taken[standing as usize] += permits as usize;
    }

    /// Takes note that a lane that stands so has less.
    pub(super) fn remove(&mut self, standing: Standing, permits: u32) {
        self.taken[standing as usize] -= permits as usize;
    }

    /// Whether lanes that stand so may have another one. However few there are, the first is for anybody.
    pub(super) fn has_room_for(&self, standing: Standing) -> bool {
        (standing as usize..QUARTERS.len()).all(|worse| {
            let taken: usize = self.taken[..=worse].iter().sum();
            taken < (self.all * QUARTERS[worse]).div_ceil(4)
        })
    }
}

#[cfg(test)]
mod tests {
    use Standing::{Doubtful, New, Sound};

    use super::*;

    /// How many of each: doubtful, new, sound; and who may have another one.
    #[track_caller]
    fn check(all: usize, taken: [u32; 3], room: [bool; 3]) {
        let mut permits = Permits::new(all);
        for (standing, taken) in [Doubtful, New, Sound].into_iter().zip(taken) {
            permits.add(standing, taken + 1);
            permits.remove(standing, 1);
        }
        assert_eq!([Doubtful, New, Sound].map(|standing| permits.has_room_for(standing)), room);
    }

    #[test]
    fn doubtful_lanes_have_a_quarter_and_with_new_ones_three() {
        check(100, [0, 0, 0], [true, true, true]);
        check(100, [24, 0, 0], [true, true, true]);
        check(100, [25, 0, 0], [false, true, true]);
        check(100, [25, 49, 0], [false, true, true]);
        check(100, [25, 50, 0], [false, false, true]);
        check(100, [0, 75, 0], [false, false, true]);
        // Those that got into trouble while they had more keep it, and get no more.
        check(100, [80, 0, 0], [false, false, true]);
    }

    #[test]
    fn sound_lanes_may_have_them_all() {
        check(100, [0, 0, 99], [true, true, true]);
        check(100, [0, 0, 100], [false, false, false]);
    }

    #[test]
    fn however_few_there_are_everybody_may_have_one() {
        for all in 1..=4 {
            check(all, [0, 0, 0], [true, true, true]);
        }
        check(1, [1, 0, 0], [false, false, false]);
        check(2, [1, 0, 0], [false, true, true]);
        check(3, [0, 2, 0], [true, true, true]);
    }
}
