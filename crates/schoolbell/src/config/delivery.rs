//! How events are delivered, and where they may go.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use domain::address::AddressPolicy;
use domain::retry::RetrySchedule;
use domain::webhook::UrlPolicy;
use engine::request::UserAgent;
use engine::transport::http::proxy::EgressProxy;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::companion::Hidden;

/// The most attempts at once: each holds a connection and its memory.
const CONCURRENCY_MAX: usize = 16_384;

/// Section `[delivery]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DeliverySection {
    /// Whether `http://` addresses will do. Default: no.
    pub(crate) allow_http: bool,
    /// Which addresses that are not public will do: `none`, `loopback` or `all`. Default: `none`.
    pub(crate) private_networks: PrivateNetworks,
    /// Attempts at once, over all webhooks, 16,384 at most. Default: 512.
    pub(crate) concurrency: usize,
    /// Attempts at once to one webhook, at most: it starts with few and gets more while it keeps up. Default: 64.
    pub(crate) webhook_concurrency: u32,
    /// Attempts in a row that fail until a webhook's deliveries are held, but for one now and then that probes it. Refusals
    /// such as 404 are no such failures. Default: 10.
    pub(crate) circuit_failures: u32,
    /// How long connecting may take, TLS apart, in milliseconds. Default: 5,000.
    pub(crate) connect_timeout_ms: u64,
    /// How long a whole exchange may take, in milliseconds. Default: 10,000.
    pub(crate) timeout_ms: u64,
    /// The delays after the first, second, … failure, in seconds; each is spread by a tenth either way. After the last, a
    /// delivery is given up. Default: 5 s to 24 h over about 76 h.
    pub(crate) retry_delays_s: Vec<i64>,
    /// How long a stop waits for what is in flight, in seconds. Default: 15.
    pub(crate) stop_for_s: i64,
    /// What the platform calls itself to receivers. Default: `Schoolbell/` and its version.
    pub(crate) user_agent: String,
    /// The HTTP proxy that deliveries and requests for tokens go through, such as `http://proxy.example.com:3128`: no
    /// `https://` proxy, no SOCKS. Default: none, whatever the environment says.
    pub(crate) egress_proxy: Option<String>,
    /// Who asks that proxy, as `user:password`. Default: nobody.
    pub(crate) egress_proxy_credentials: Option<Hidden>,
}

/// Which addresses that are not public deliveries may go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PrivateNetworks {
    /// None.
    None,
    /// This machine.
    Loopback,
    /// Every one: the operator vouches for the network.
    All,
}

impl Default for DeliverySection {
    fn default() -> Self {
        let engine = engine::run::Settings::default();
        DeliverySection {
            allow_http: false,
            private_networks: PrivateNetworks::None,
            concurrency: engine.concurrency,
            webhook_concurrency: engine.lane_concurrency,
            circuit_failures: engine.circuit_failures,
            connect_timeout_ms: 5_000,
            timeout_ms: 10_000,
            retry_delays_s: RetrySchedule::default().delays().iter().map(SignedDuration::as_secs).collect(),
            stop_for_s: engine.stop_for.as_secs(),
            user_agent: concat!("Schoolbell/", env!("CARGO_PKG_VERSION")).to_owned(),
            egress_proxy: None,
            egress_proxy_credentials: None,
        }
    }
}

impl DeliverySection {
    /// Which addresses webhooks may have.
    pub(crate) fn url_policy(&self) -> UrlPolicy {
        let addresses = match self.private_networks {
            PrivateNetworks::None => AddressPolicy::Public,
            PrivateNetworks::Loopback => AddressPolicy::PublicAndLoopback,
            PrivateNetworks::All => AddressPolicy::Any,
        };
        UrlPolicy { allow_http: self.allow_http, addresses }
    }

    /// The way out, if it is not straight.
    pub(crate) fn egress_proxy(&self) -> Result<Option<EgressProxy>> {
        let Some(url) = &self.egress_proxy else {
            let alone = self.egress_proxy_credentials.is_some();
            ensure!(!alone, "delivery.egress_proxy_credentials needs delivery.egress_proxy");
            return Ok(None);
        };
        let proxy = EgressProxy::parse(url).context("delivery.egress_proxy")?;
        let Some(Hidden(credentials)) = &self.egress_proxy_credentials else { return Ok(Some(proxy)) };
        proxy.authorized(credentials).context("delivery.egress_proxy_credentials").map(Some)
    }

    /// When to try again.
    pub(crate) fn schedule(&self) -> Result<RetrySchedule> {
        let delays = self.retry_delays_s.iter().copied().map(SignedDuration::from_secs).collect();
        RetrySchedule::new(delays).context("delivery.retry_delays_s")
    }

    /// How much at once, and for how long.
    pub(crate) fn engine(&self) -> Result<engine::run::Settings> {
        let at_once = [
            ("concurrency", self.concurrency),
            ("webhook_concurrency", usize::try_from(self.webhook_concurrency).unwrap_or(usize::MAX)),
        ];
        for (key, count) in at_once {
            ensure!((1..=CONCURRENCY_MAX).contains(&count), "delivery.{key} must lie between 1 and {CONCURRENCY_MAX}");
        }
        ensure!(self.circuit_failures > 0, "delivery.circuit_failures must be at least 1");
        ensure!((0..=3_600).contains(&self.stop_for_s), "delivery.stop_for_s must lie between 0 and 3600");
        let user_agent = self.user_agent.parse::<UserAgent>().context("delivery.user_agent")?;
        let defaults = engine::run::Settings::default();
        // A lease covers the exchange and the recording of what came of it.
        let exchange = SignedDuration::try_from(self.timeout()?).context("delivery.timeout_ms")?;
        Ok(engine::run::Settings {
            concurrency: self.concurrency,
            lane_concurrency: self.webhook_concurrency,
            circuit_failures: self.circuit_failures,
            lease_for: defaults.lease_for.max(exchange.saturating_add(SignedDuration::from_secs(50))),
            stop_for: SignedDuration::from_secs(self.stop_for_s),
            user_agent,
            ..defaults
        })
    }

    /// How long a whole exchange may take.
    pub(crate) fn timeout(&self) -> Result<Duration> {
        ensure!((1..=120_000).contains(&self.timeout_ms), "delivery.timeout_ms must lie between 1 and 120000");
        Ok(Duration::from_millis(self.timeout_ms))
    }

    /// How long connecting may take.
    pub(crate) fn connect_timeout(&self) -> Result<Duration> {
        ensure!(self.connect_timeout_ms >= 1, "delivery.connect_timeout_ms must be at least 1");
        Ok(Duration::from_millis(self.connect_timeout_ms.min(self.timeout_ms)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(proxy: Option<&str>, credentials: Option<&str>, expected: Result<bool, &str>) {
        let section = DeliverySection {
            egress_proxy: proxy.map(str::to_owned),
            egress_proxy_credentials: credentials.map(|text| Hidden(text.to_owned())),
            ..DeliverySection::default()
        };
        match (section.egress_proxy().map(|proxy| proxy.is_some()), expected) {
            (Ok(there), Ok(expected)) => assert_eq!(there, expected),
            (Err(error), Err(part)) => assert!(format!("{error:#}").starts_with(part), "{error:#}"),
            (told, expected) => panic!("{told:?} in place of {expected:?}"),
        }
    }

    #[test]
    fn so_many_attempts_are_made_at_once() {
        for (key, count, is_taken) in [
            ("concurrency", 0, false),
            ("concurrency", 1, true),
            ("concurrency", 16_384, true),
            ("concurrency", 16_385, false),
            ("webhook_concurrency", 0, false),
            ("webhook_concurrency", 16_384, true),
            ("webhook_concurrency", 4_294_967_295_u32, false),
        ] {
            let section: DeliverySection = toml::from_str(&format!("{key} = {count}")).unwrap();
            let checked = section.engine().map(drop).map_err(|error| error.to_string());
            let said = format!("delivery.{key} must lie between 1 and 16384");
            assert_eq!(checked, if is_taken { Ok(()) } else { Err(said) }, "{key} = {count}");
        }
    }

    #[test]
    fn a_proxy_is_named_in_full_or_not_at_all() {
        check(None, None, Ok(false));
        check(Some("http://proxy:3128"), None, Ok(true));
        check(Some("http://proxy:3128"), Some("user:password"), Ok(true));
        check(Some("https://proxy:3128"), None, Err("delivery.egress_proxy: it must begin with http://"));
        check(Some("http://proxy:3128"), Some("user"), Err("delivery.egress_proxy_credentials: it must be written"));
        check(None, Some("user:password"), Err("delivery.egress_proxy_credentials needs delivery.egress_proxy"));
    }
}
