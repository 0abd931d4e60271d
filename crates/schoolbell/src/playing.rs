//! The player's listener, which is opened before anything leads to it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::Result;
use tokio::net::TcpListener;

use crate::config::Config;
use crate::config::player::PlayerSection;
use crate::observe;

/// Listens for learners beside an API that listens where the configuration says, and writes into the configuration where the player is
/// reached, if nobody did.
///
/// # Errors
///
/// When the address that is configured is taken, or the one that is reached makes no sense.
pub(crate) async fn listen(config: &mut Config) -> Result<TcpListener> {
    let listener = match config.player.listen {
        Some(address) => observe::listen(address, "player (player.listen)").await?,
        None => listen_beside(config.server.listen).await?,
    };
    let address = listener.local_addr()?;
    let url = config.player.public_url()?;
    if url.is_none() && !address.ip().is_loopback() {
        tracing::warn!(%address, "packages and links lead to this address: set player.public_url to where learners reach it");
    }
    config.player.public_url = Some(url.unwrap_or_else(|| format!("http://{}", reachable(address))));
    Ok(listener)
}

async fn listen_beside(api: SocketAddr) -> Result<TcpListener> {
    let derived = PlayerSection::derived_from(api);
    match observe::listen(derived, "player").await {
        Err(error) if derived.port() != 0 => {
            let any = SocketAddr::new(derived.ip(), 0);
            let listener = observe::listen(any, "player").await?;
            let address = listener.local_addr()?;
            tracing::warn!(%address, "{error:#}; the player is at {address} until the next start: set player.listen");
            Ok(listener)
        }
        listened => listened,
    }
}

/// An address that names no machine is reached on this one.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        ip if ip.is_unspecified() => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port()),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(api: SocketAddr) -> Config {
        let mut config = Config::default();
        config.server.listen = api;
        config
    }

    async fn taken() -> (TcpListener, SocketAddr) {
        let listener = observe::listen("127.0.0.1:0".parse().unwrap(), "test").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[tokio::test]
    async fn a_derived_port_that_is_taken_gives_way() {
        let (_taken, address) = taken().await;
        let api = SocketAddr::new(address.ip(), address.port() - 2);
        let mut config = config(api);
        let listener = listen(&mut config).await.unwrap();
        let at = listener.local_addr().unwrap();
        assert_ne!(at, address);
        assert_eq!(config.player.public_url.as_deref(), Some(format!("http://{at}").as_str()));
    }

    #[tokio::test]
    async fn a_configured_address_that_is_taken_is_an_error() {
        let (_taken, address) = taken().await;
        let mut config = config("127.0.0.1:0".parse().unwrap());
        config.player.listen = Some(address);
        let error = format!("{:#}", listen(&mut config).await.unwrap_err());
        assert!(error.contains("player.listen") && error.contains("taken"), "{error}");
    }

    #[tokio::test]
    async fn what_is_said_of_where_it_is_reached_counts() {
        let mut config = config("127.0.0.1:0".parse().unwrap());
        config.player.public_url = Some("https://Play.example.com/".to_owned());
        listen(&mut config).await.unwrap();
        assert_eq!(config.player.public_url.as_deref(), Some("https://play.example.com"));
        let everywhere = "0.0.0.0:8422".parse().unwrap();
        assert_eq!(reachable(everywhere), "127.0.0.1:8422".parse().unwrap());
    }
}
