//! How often callers may ask: requests of each OAuth client and each portal, and failed authentications.
//!
//! Counted in memory, by each node for itself, and forgotten when it ends: a limit keeps one caller from crowding the others out
//! and slows guessing, it is no quota that somebody pays for. Of the failures only those of a good form are counted, each for the
//! address that it comes from and for the OAuth client that it names.

pub(crate) mod address;
mod rate;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, header};
use domain::id::{ClientId, PortalId};
use domain::oauth::Token;
use jiff::Timestamp;

pub use self::address::{Net, NotANet, origin, site};
pub(crate) use self::rate::Standing;

use self::rate::{Limiter, Rate};
use crate::refusal::Refusal;

/// How many failed authentications of one address, and of one OAuth client, are answered in a minute when nobody says otherwise.
pub const FAILURES_PER_MIN: NonZeroU32 = NonZeroU32::new(300).unwrap();

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// How often callers may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitSettings {
    /// Requests of one OAuth client in a second, and twice as many at once; none for no limit.
    pub client_per_s: Option<NonZeroU32>,
    /// Requests to one portal in a second, of all its clients together, and twice as many at once; none for no limit.
    pub portal_per_s: Option<NonZeroU32>,
    /// Failed authentications in a minute, of one address and of one OAuth client; none for no limit.
    pub failures_per_min: Option<NonZeroU32>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Net>,
}

impl Default for LimitSettings {
    fn default() -> Self {
        LimitSettings {
            client_per_s: None,
            portal_per_s: None,
            failures_per_min: Some(FAILURES_PER_MIN),
            trusted_proxies: Vec::new(),
        }
    }
}

/// The limits of this node, and who has come how often.
#[derive(Debug)]
pub(crate) struct Limits {
    clients: Option<Limiter<ClientId>>,
    portals: Option<Limiter<PortalId>>,
    failures: Option<Failures>,
    trusted_proxies: Vec<Net>,
}

#[derive(Debug)]
struct Failures {
    by_address: Limiter<IpAddr>,
    by_client: Limiter<ClientId>,
}

/// Who tries to authenticate, as far as that is known.
#[derive(Clone, Debug)]
pub(crate) struct Trying {
    /// Where the request comes from.
    pub(crate) address: Option<IpAddr>,
    /// The OAuth client that it names.
    pub(crate) client_id: Option<ClientId>,
}

impl Limits {
    pub(crate) fn new(settings: &LimitSettings) -> Self {
        Limits {
            clients: settings.client_per_s.map(|count| Limiter::new(Rate::per_second(count))),
            portals: settings.portal_per_s.map(|count| Limiter::new(Rate::per_second(count))),
            failures: settings.failures_per_min.map(|count| Failures {
                by_address: Limiter::new(Rate::per_minute(count)),
                by_client: Limiter::new(Rate::per_minute(count)),
            }),
            trusted_proxies: settings.trusted_proxies.clone(),
        }
    }

    /// Counts a request with a good token. Where there is a limit, says how the caller stands with the one that is nearest.
    pub(crate) fn admit(&self, token: &Token, now: Timestamp) -> Result<Option<Standing>, Refusal> {
        let of_client = self.clients.as_ref().map(|clients| clients.take(&token.client_id, now)).transpose();
        let of_client = of_client.map_err(|standing| refused("client", "of this OAuth client", standing))?;
        let of_portal = self.portals.as_ref().map(|portals| portals.take(&token.portal_id, now)).transpose();
        let of_portal = of_portal.map_err(|standing| {
            // It was not made use of.
            if let Some(clients) = &self.clients {
                clients.give_back(&token.client_id);
            }
            refused("portal", "to this portal", standing)
        })?;
        Ok(of_client.into_iter().chain(of_portal).min_by_key(|standing| standing.remaining))
    }

    /// Where a request comes from.
    pub(crate) fn origin(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
        address::origin(headers, extensions, &self.trusted_proxies).map(address::site)
    }

    /// Whether somebody may try to authenticate. Not where too many have failed, so that the right guess does not help.
    ///
    /// An OAuth client at which others guess stays open to addresses that have not failed themselves: nobody can lock it out.
    pub(crate) fn may_try(&self, trying: &Trying, now: Timestamp) -> Result<(), Refusal> {
        let Some(Failures { by_address, by_client }) = &self.failures else { return Ok(()) };
        let address = trying.address.as_ref().map(|address| by_address.look(address, now));
        if let Some(standing) = address.filter(Standing::is_spent) {
            return Err(refused("address", "that failed to authenticate, from this address", standing));
        }
        let client = trying.client_id.as_ref().map(|id| by_client.look(id, now));
        let blameless = address.is_some_and(|standing| standing.is_whole());
        match client.filter(Standing::is_spent) {
            Some(standing) if !blameless => {
                Err(refused("client_id", "that failed to authenticate, as this OAuth client", standing))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Counts a failure.
    pub(crate) fn failed(&self, trying: &Trying, now: Timestamp) {
        let Some(Failures { by_address, by_client }) = &self.failures else { return };
        if let Some(address) = &trying.address {
            let _ = by_address.take(address, now);
        }
        if let Some(id) = &trying.client_id {
            let _ = by_client.take(id, now);
        }
    }
}

fn refused(limit: &'static str, of: &str, standing: Standing) -> Refusal {
    metrics::counter!("requests_limited_total", "limit" => limit).increment(1);
    let message = format!("too many requests {of}: try again in {} s", seconds(standing.next_in).max(1));
    Refusal::limited(message, standing)
}

impl Standing {
    fn is_spent(&self) -> bool {
        self.remaining == 0
    }

    fn is_whole(&self) -> bool {
        self.whole_in.is_zero()
    }

    /// Says in the headers of an answer how its caller stands.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, HeaderValue::from(self.limit));
        headers.insert(REMAINING, HeaderValue::from(self.remaining));
        headers.insert(RESET, HeaderValue::from(seconds(self.whole_in)));
    }

    /// The same for one who is refused.
    pub(crate) fn write_refused(&self, headers: &mut HeaderMap) {
        self.write(headers);
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds(self.next_in).max(1)));
    }
}

/// Whole seconds, so that nobody comes too early.
fn seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests;
