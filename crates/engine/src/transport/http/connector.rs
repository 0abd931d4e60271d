//! Opening connections: resolve, judge, connect, judge again, TLS.

use std::net::SocketAddr;
use std::time::Duration;

use domain::address::AddressPolicy;
use domain::delivery::{Failure, FailureKind};
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use url::Host;

use super::connection::{Connection, Socket};
use super::names::{Addresses, Names};
use super::origin::Origin;
use super::proxy::{self, EgressProxy};
use super::tls::Tls;

/// How many addresses of one host are tried.
const ADDRESSES_TRIED_MAX: usize = 8;

pub(super) struct Connector {
    policy: AddressPolicy,
    connect_for: Duration,
    pub(super) names: Names,
    pub(super) proxy: Option<EgressProxy>,
    tls: Tls,
}

impl Connector {
    pub(super) fn new(policy: AddressPolicy, connect_for: Duration, tls: Result<ClientConfig, String>) -> Self {
        Connector { policy, connect_for, names: Names::default(), proxy: None, tls: Tls::new(tls) }
    }

    /// The addresses of the origin, all of them judged: a host is refused if any of its addresses is, because which one an
    /// attacker's name server puts first is the attacker's choice.
    pub(super) async fn resolve(&self, origin: &Origin<'_>) -> Result<Addresses, Failure> {
        let addresses = self.lookup(origin).await?;
        for address in addresses.as_slice() {
            self.judge(*address)?;
        }
        Ok(addresses)
    }

    async fn lookup(&self, origin: &Origin<'_>) -> Result<Addresses, Failure> {
        match origin.host {
            Host::Ipv4(address) => Ok(Addresses::one(address.into(), origin.port)),
            Host::Ipv6(address) => Ok(Addresses::one(address.into(), origin.port)),
            Host::Domain(name) => self.names.lookup(origin, name, self.connect_for).await,
        }
    }

    /// A new connection to one of these addresses, which were judged.
    pub(super) async fn connect(
        &self,
        origin: &Origin<'_>,
        addresses: &[SocketAddr],
    ) -> Result<Box<Connection>, Failure> {
        let (stream, address) = self.connect_any(addresses).await?;
        let socket: Box<dyn Socket> = match origin.https {
            false => Box::new(stream),
            true => Box::new(self.tls.handshake(&origin.host, stream).await?),
        };
        Connection::open(socket, address).await
    }

    /// Tries the addresses in order. Each has an equal part of the time that is left, so that one that swallows packets does
    /// not keep the others from being tried.
    async fn connect_any(&self, addresses: &[SocketAddr]) -> Result<(TcpStream, SocketAddr), Failure> {
        let end = Instant::now() + self.connect_for;
        let tried = addresses.len().min(ADDRESSES_TRIED_MAX);
        let mut last = no_connection("the host has no address".to_owned());
        for (place, &address) in addresses.iter().take(tried).enumerate() {
            let part = end.saturating_duration_since(Instant::now()) / (tried - place) as u32;
            match timeout_at(Instant::now() + part, self.reach(address)).await {
                Ok(Ok(stream)) => return Ok((stream, address)),
                Ok(Err(refused)) if refused.kind == FailureKind::AddressRefused => return Err(refused),
                Ok(Err(failure)) => last = failure,
                Err(_) => last = self.too_late(),
            }
        }
        Err(last)
    }

    /// Connects to one address, straight or through the proxy.
    async fn reach(&self, address: SocketAddr) -> Result<TcpStream, Failure> {
        let stream = match &self.proxy {
            None => {
                let stream =
                    TcpStream::connect(address).await.map_err(|error| no_connection(error.kind().to_string()))?;
                let peer = stream.peer_addr().map_err(|error| no_connection(error.kind().to_string()))?;
                // Who was reached, before a byte is sent.
                self.judge(peer)?;
                stream
            }
            Some(proxy) => proxy.tunnel(self.reach_proxy(proxy).await?, address).await?,
        };
        // Small requests must not wait for more to come. Failing to say so costs time, nothing else.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }

    /// Connects to the proxy, at any of its addresses: the operator chose it, so none is judged.
    async fn reach_proxy(&self, proxy: &EgressProxy) -> Result<TcpStream, Failure> {
        let unreached = |reason: &str| proxy::failed(&format!("was not reached: {reason}"));
        let found = self.lookup(&proxy.origin()?).await.map_err(|failure| unreached(&failure.detail))?;
        let addresses = &found.as_slice()[..found.as_slice().len().min(ADDRESSES_TRIED_MAX)];
        TcpStream::connect(addresses).await.map_err(|error| unreached(&error.kind().to_string()))
    }

    fn too_late(&self) -> Failure {
        let connect_ms = self.connect_for.as_millis();
        match self.proxy {
            None => no_connection(format!("no connection within {connect_ms} ms")),
            Some(_) => proxy::failed(&format!("made no connection within {connect_ms} ms")),
        }
    }

    fn judge(&self, address: SocketAddr) -> Result<(), Failure> {
        self.policy
            .judge(address.ip())
            .map_err(|refused| Failure { kind: FailureKind::AddressRefused, detail: refused.to_string() })
    }
}

fn no_connection(detail: String) -> Failure {
    Failure { kind: FailureKind::Connect, detail }
}

#[cfg(test)]
mod tests;
