//! For how long what happened is kept.

use anyhow::{Result, ensure};
use domain::audit;
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
    /// How long entries of the audit log are kept, in days. 0 keeps them for ever. Default: 730.
    pub(crate) audit_days: u32,
}

impl Default for RetentionSection {
    fn default() -> Self {
        let days = |kept_for: SignedDuration| u32::try_from(kept_for.as_hours() / 24).unwrap_or(DAYS_MAX);
        RetentionSection { events_days: days(EVENTS_KEPT_FOR), audit_days: days(audit::KEPT_FOR) }
    }
}

impl RetentionSection {
    /// For how long events are kept; `None` for ever.
    pub(crate) fn events_kept_for(&self) -> Result<Option<SignedDuration>> {
        kept_for("events_days", self.events_days)
    }

    /// For how long entries of the audit log are kept; `None` for ever.
    pub(crate) fn audit_kept_for(&self) -> Result<Option<SignedDuration>> {
        kept_for("audit_days", self.audit_days)
    }
}

fn kept_for(key: &str, days: u32) -> Result<Option<SignedDuration>> {
    ensure!(days <= DAYS_MAX, "retention.{key} must be at most {DAYS_MAX}, or 0 for ever");
    Ok((days > 0).then(|| SignedDuration::from_hours(i64::from(days) * 24)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(days: u32, expected: Option<Option<i64>>) {
        let section = RetentionSection { events_days: days, audit_days: days };
        for (key, kept_for) in [("events", section.events_kept_for()), ("audit", section.audit_kept_for())] {
            if let Err(error) = &kept_for {
                assert!(error.to_string().starts_with(&format!("retention.{key}_days")), "{error}");
            }
            assert_eq!(kept_for.ok().map(|kept| kept.map(|kept| kept.as_hours())), expected, "{days}");
        }
    }

    #[test]
    fn days_are_kept_within_the_limit_and_none_is_for_ever() {
        let RetentionSection { events_days, audit_days } = RetentionSection::default();
        assert_eq!((events_days, audit_days), (90, 730));
        check(1, Some(Some(24)));
        check(0, Some(None));
        check(DAYS_MAX, Some(Some(876_000)));
        check(DAYS_MAX + 1, None);
    }
}
