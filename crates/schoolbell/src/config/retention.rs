//! For how long what happened is kept.

use anyhow::{Result, ensure};
use engine::run::EVENTS_KEPT_FOR;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// The longest that can be asked for: a hundred years, which is as good as for ever.
const DAYS_MAX: u32 = 36_500;

/// Section `[retention]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RetentionSection {
    /// How long events are kept, with their deliveries and attempts, in days; what is pending or held is kept longer. 0 keeps
    /// them for ever. Default: 90.
    pub(crate) events_days: u32,
}

impl Default for RetentionSection {
    fn default() -> Self {
        RetentionSection { events_days: u32::try_from(EVENTS_KEPT_FOR.as_hours() / 24).unwrap_or(DAYS_MAX) }
    }
}

impl RetentionSection {
    /// For how long events are kept; `None` for ever.
    pub(crate) fn events_kept_for(&self) -> Result<Option<SignedDuration>> {
        ensure!(self.events_days <= DAYS_MAX, "retention.events_days must be at most {DAYS_MAX}, or 0 for ever");
        Ok((self.events_days > 0).then(|| SignedDuration::from_hours(i64::from(self.events_days) * 24)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(events_days: u32, expected: Option<Option<i64>>) {
        let kept_for = RetentionSection { events_days }.events_kept_for();
        assert_eq!(kept_for.ok().map(|kept| kept.map(|kept| kept.as_hours())), expected, "{events_days}");
    }

    #[test]
    fn days_are_kept_within_the_limit_and_none_is_for_ever() {
        check(RetentionSection::default().events_days, Some(Some(90 * 24)));
        check(1, Some(Some(24)));
        check(0, Some(None));
        check(DAYS_MAX, Some(Some(876_000)));
        check(DAYS_MAX + 1, None);
    }
}
