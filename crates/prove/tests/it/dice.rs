//! Chance that can be had again: SplitMix64, from a seed that is printed.

/// Whence the chance comes; without it, from the number of this process, so that each run tries something else.
const SEED: &str = "PROVE_SEED";

/// A source of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Seeded by the environment, or anew.
    pub(crate) fn new() -> Self {
        let seed = std::env::var(SEED).ok().map(|seed| seed.parse().expect("a seed is a number"));
        let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
        println!("{SEED}={seed}");
        Dice(seed)
    }

    /// One that is always the same.
    pub(crate) fn loaded() -> Self {
        Dice(1)
    }

    /// Another source, that of this one.
    pub(crate) fn split(&mut self) -> Self {
        Dice(self.next())
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
