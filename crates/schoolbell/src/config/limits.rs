//! How often callers of the API may ask.

use std::num::NonZeroU32;

use anyhow::{Context, Result, ensure};
use gateway::limit::{FAILURES_PER_MIN, LimitSettings};
use serde::{Deserialize, Serialize};

/// The highest rate that can be kept to exactly, in requests a second.
const PER_SECOND_MAX: u32 = 1_000_000;

/// Section `[limits]`. What was counted is kept in memory, by each node for itself, and forgotten with a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LimitsSection {
    /// Requests a second of one OAuth client, and twice as many at once; beyond, they are answered 429. 0 for no limit. Default:
    /// 0, because one client may well be all there is, and use the whole machine.
    pub(crate) client_requests_per_s: u32,
    /// The same to one portal, of all its OAuth clients together. Default: 0.
    pub(crate) portal_requests_per_s: u32,
    /// Failed authentications a minute, from one address and as one OAuth client; beyond, the address or the client is not let
    /// try. 0 for no limit. Default: 300.
    pub(crate) failures_per_min: u32,
    /// Proxies before the platform, as addresses or networks such as `10.0.0.0/8`: what they write into `X-Forwarded-For` is
    /// believed, and the last hop that is not one of them is taken for the caller. Default: none.
    pub(crate) trusted_proxies: Vec<String>,
}

impl Default for LimitsSection {
    fn default() -> Self {
        LimitsSection {
            client_requests_per_s: 0,
            portal_requests_per_s: 0,
            failures_per_min: FAILURES_PER_MIN.get(),
            trusted_proxies: Vec::new(),
        }
    }
}

impl LimitsSection {
    /// The limits as the API takes them.
    pub(crate) fn settings(&self) -> Result<LimitSettings> {
        let LimitsSection { client_requests_per_s, portal_requests_per_s, failures_per_min, trusted_proxies } = self;
        for (key, count) in [
            ("client_requests_per_s", client_requests_per_s),
            ("portal_requests_per_s", portal_requests_per_s),
            ("failures_per_min", failures_per_min),
        ] {
            ensure!(*count <= PER_SECOND_MAX, "limits.{key} must be at most {PER_SECOND_MAX}");
        }
        let nets =
            trusted_proxies.iter().map(|net| net.parse().with_context(|| format!("limits.trusted_proxies: {net:?}")));
        Ok(LimitSettings {
            client_per_s: NonZeroU32::new(*client_requests_per_s),
            portal_per_s: NonZeroU32::new(*portal_requests_per_s),
            failures_per_min: NonZeroU32::new(*failures_per_min),
            trusted_proxies: nets.collect::<Result<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_api() {
        assert_eq!(LimitsSection::default().settings().unwrap(), LimitSettings::default());
    }

    #[track_caller]
    fn check_refused(section: LimitsSection, key: &str) {
        let error = format!("{:#}", section.settings().unwrap_err());
        assert!(error.contains(key), "{error}");
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let section = LimitsSection::default;
        check_refused(
            LimitsSection { trusted_proxies: vec!["10.0.0.0/8".into(), "proxy".into()], ..section() },
            "limits.trusted_proxies: \"proxy\": not an address",
        );
        for key in ["client_requests_per_s", "portal_requests_per_s", "failures_per_min"] {
            let text = format!("{key} = {}", PER_SECOND_MAX + 1);
            check_refused(toml::from_str(&text).unwrap(), &format!("limits.{key} must be at most"));
            toml::from_str::<LimitsSection>(&format!("{key} = {PER_SECOND_MAX}")).unwrap().settings().unwrap();
        }
    }
}
