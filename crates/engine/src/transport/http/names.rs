//! Names of hosts to addresses: this machine's own name, its hosts file, then its name servers.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use domain::delivery::{Failure, FailureKind};
use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::{ResolverBuilder, TokioResolver};
use tokio::time::{Instant, timeout};

use super::origin::Origin;

/// How long name servers have to answer.
const LOOKUP_FOR: Duration = Duration::from_secs(4);
/// How long an answer serves without asking the resolver, which keeps answers for as long as they may be kept: a lookup
/// there costs more than all else that is done to find a kept connection.
const FRESH_FOR: Duration = Duration::from_secs(5);
/// How many names are kept.
const KEPT_MAX: usize = 4_096;

/// The addresses of a host.
#[derive(Clone, Debug)]
pub(super) enum Addresses {
    One([SocketAddr; 1]),
    Several(Arc<[SocketAddr]>),
}

impl Addresses {
    pub(super) fn one(address: IpAddr, port: u16) -> Self {
        Addresses::One([(address, port).into()])
    }

    pub(super) fn as_slice(&self) -> &[SocketAddr] {
        match self {
            Addresses::One(one) => one,
            Addresses::Several(some) => some,
        }
    }
}

/// When it was looked up, and what was found.
type Kept = (Instant, Arc<[SocketAddr]>);

/// Looks names up.
#[derive(Default)]
pub(super) struct Names {
    /// Made when the first name is looked up; an error if the system's configuration cannot be read.
    resolver: OnceLock<Result<TokioResolver, String>>,
    /// By origin, which names the port as well.
    kept: Mutex<HashMap<Box<str>, Kept>>,
}

impl Names {
    /// Asks this name server in place of this machine's.
    pub(super) fn asking(name_server: SocketAddr) -> Self {
        let mut config = NameServerConfig::udp_and_tcp(name_server.ip());
        config.connections.iter_mut().for_each(|connection| connection.port = name_server.port());
        let config = ResolverConfig::from_name_servers(vec![config]);
        let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        Names { resolver: OnceLock::from(build(Ok(builder))), ..Names::default() }
    }

    /// The addresses of a host, at least one, IPv4 first: where IPv6 does not work, trying it first costs seconds.
    pub(super) async fn lookup(&self, origin: &Origin<'_>, name: &str, within: Duration) -> Result<Addresses, Failure> {
        if is_this_machine(name) {
            let both = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
            return Ok(Addresses::Several(both.map(|address| SocketAddr::new(address, origin.port)).into()));
        }
        if let Some(kept) = self.kept(origin.text) {
            return Ok(Addresses::Several(kept));
        }
        let found = self.ask(name, within.min(LOOKUP_FOR)).await?;
        let addresses: Arc<[SocketAddr]> =
            found.into_iter().map(|address| SocketAddr::new(address, origin.port)).collect();
        self.keep(origin.text, addresses.clone());
        Ok(Addresses::Several(addresses))
    }

    async fn ask(&self, name: &str, within: Duration) -> Result<Vec<IpAddr>, Failure> {
        let resolver = self
            .resolver
            .get_or_init(|| build(TokioResolver::builder_tokio()))
            .as_ref()
            .map_err(|error| unresolved(error.clone()))?;
        let answer = timeout(within, resolver.lookup_ip(name)).await;
        let answer = answer.unwrap_or(Err(NetError::Timeout)).map_err(|error| unresolved(reason(&error)))?;
        let mut found: Vec<IpAddr> = answer.iter().collect();
        found.sort_by_key(IpAddr::is_ipv6);
        if found.is_empty() { Err(unresolved("the name has no address".to_owned())) } else { Ok(found) }
    }

    fn kept(&self, origin: &str) -> Option<Arc<[SocketAddr]>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(origin).filter(|(at, _)| at.elapsed() < FRESH_FOR).map(|(_, addresses)| addresses.clone())
    }

    fn keep(&self, origin: &str, addresses: Arc<[SocketAddr]>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.retain(|_, (at, _)| at.elapsed() < FRESH_FOR);
        }
        if kept.len() < KEPT_MAX {
            kept.insert(origin.into(), (Instant::now(), addresses));
        }
    }
}

/// `localhost` and what ends in it is this machine, whatever name servers say (RFC 6761).
fn is_this_machine(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let label = name.rsplit('.').next().unwrap_or(name);
    label.eq_ignore_ascii_case("localhost")
}

fn build(builder: Result<ResolverBuilder<TokioRuntimeProvider>, NetError>) -> Result<TokioResolver, String> {
    let resolver = builder.and_then(|mut builder| {
        // Both kinds, always: every address is judged, not only the kind that would be used.
        builder.options_mut().ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        builder.options_mut().timeout = LOOKUP_FOR / 2;
        builder.build()
    });
    resolver.map_err(|error| format!("this machine's name servers are not known: {error}"))
}

fn reason(error: &NetError) -> String {
    match error {
        _ if error.is_nx_domain() => "the name does not exist".to_owned(),
        _ if error.is_no_records_found() => "the name has no address".to_owned(),
        NetError::Timeout => "the name servers did not answer in time".to_owned(),
        _ => "the name servers failed".to_owned(),
    }
}

fn unresolved(detail: String) -> Failure {
    Failure { kind: FailureKind::NameResolution, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_label_makes_a_name_this_machine() {
        for name in ["localhost", "LOCALHOST.", "a.b.localhost"] {
            assert!(is_this_machine(name), "{name}");
        }
        for name in ["localhost.example.com", "notlocalhost", "localhost..", ""] {
            assert!(!is_this_machine(name), "{name}");
        }
    }

    #[tokio::test]
    async fn this_machine_needs_no_name_server() {
        let names = Names::default();
        let url = "http://LocalHost:8080".parse().unwrap();
        let policy = domain::webhook::UrlPolicy { allow_http: true, ..Default::default() };
        let addresses = names.lookup(&Origin::of(&url, policy).unwrap(), "LocalHost", LOOKUP_FOR).await.unwrap();
        let texts: Vec<String> = addresses.as_slice().iter().map(SocketAddr::to_string).collect();
        assert_eq!(texts, ["127.0.0.1:8080", "[::1]:8080"]);
        assert!(names.resolver.get().is_none());
    }
}
