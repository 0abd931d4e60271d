//! The system's clock and randomness: the one place where either is read.

use aws_lc_rs::rand;
use domain::clock::Clock;
use domain::random::Random;
use jiff::Timestamp;

/// The time of this machine, to the millisecond: what is answered is then what is stored.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is given")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

/// The generator of the cryptographic library, fit for secrets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "this is the source that everything else is given")]
    fn fill(&self, bytes: &mut [u8]) {
        rand::fill(bytes).expect("without randomness there can be no secret, so nothing can go on");
    }
}
