//! Chance, from a seed: the same in every run.

use std::sync::{Mutex, MutexGuard};

use domain::random::Random;
use jiff::SignedDuration;

/// Dice that fall as their seed says (splitmix64).
#[derive(Debug)]
pub(crate) struct Dice(Mutex<u64>);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        let dice = Dice(Mutex::new(seed));
        // Neighbouring seeds begin alike.
        dice.next();
        dice
    }

    fn state(&self) -> MutexGuard<'_, u64> {
        self.0.lock().unwrap()
    }

    pub(crate) fn next(&self) -> u64 {
        let mut state = self.state();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 (included) to `end` (excluded).
    pub(crate) fn below(&self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// A number with both ends.
    pub(crate) fn between(&self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }

    /// True in so many cases of a hundred.
    pub(crate) fn percent(&self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T>(&self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// A span of whole milliseconds up to `most`, short ones as likely as long ones.
    pub(crate) fn span(&self, most: SignedDuration) -> SignedDuration {
        let most_ms = most.as_millis().max(1) as u64;
        let magnitude = self.below(64 - most_ms.leading_zeros() as usize);
        let span_ms = (1 << magnitude) + self.next() % (1 << magnitude);
        SignedDuration::from_millis(span_ms.min(most_ms) as i64)
    }
}

impl Random for Dice {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
    }
}
