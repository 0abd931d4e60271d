//! How fast a webhook may be told: its owner knows what the receiver can take. Ours.

/// The highest limit, in requests a second.
pub const PER_SECOND_MAX: u32 = 1_000;

/// How many requests may be sent a second, at most. Retries are requests too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit(u32);

/// A limit that is too low or too high.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rate_limit must be a whole number of requests a second, from 1 to {PER_SECOND_MAX}")]
pub struct BadRateLimit;

impl RateLimit {
    /// A limit of 1 to [`PER_SECOND_MAX`] requests a second.
    pub fn per_second(requests: u32) -> Result<Self, BadRateLimit> {
        if (1..=PER_SECOND_MAX).contains(&requests) { Ok(RateLimit(requests)) } else { Err(BadRateLimit) }
    }

    /// How many a second.
    pub const fn get(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_from_1_to_1000() {
        for (requests, read) in [(0, None), (1, Some(1)), (1_000, Some(1_000)), (1_001, None), (u32::MAX, None)] {
            assert_eq!(RateLimit::per_second(requests).map(RateLimit::get).ok(), read, "{requests}");
        }
    }
}
