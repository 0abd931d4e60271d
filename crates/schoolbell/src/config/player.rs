//! Where learners play.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use domain::destination::LmsOrigin;
use serde::{Deserialize, Serialize};

/// How far the port of the player lies from that of the API, where nobody says otherwise.
const PORTS_APART: u16 = 2;

/// Section `[player]`. It has an origin of its own, because uploaded packages run there: never put it behind the host name of the API.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PlayerSection {
    /// The address of the player. Default: that of the API, with a port two higher, so `127.0.0.1:8422`; if another program has that,
    /// any port that is free.
    pub(crate) listen: Option<SocketAddr>,
    /// Where the player is reached from outside, such as `https://play.example.com`: packages and links lead there. Default:
    /// `http://` and its address.
    pub(crate) public_url: Option<String>,
}

impl PlayerSection {
    /// Where it listens unless somebody says otherwise, beside an API that is to listen at `api`.
    pub(crate) fn derived_from(api: SocketAddr) -> SocketAddr {
        let port = match api.port() {
            0 => 0,
            port => port.checked_add(PORTS_APART).unwrap_or(0),
        };
        SocketAddr::new(api.ip(), port)
    }

    /// Where it is reached from outside, if somebody says so.
    pub(crate) fn public_url(&self) -> Result<Option<String>> {
        let read = |url: &String| LmsOrigin::parse(url).with_context(|| format!("player.public_url: {url:?}"));
        Ok(self.public_url.as_ref().map(read).transpose()?.map(|origin| origin.as_str().to_owned()))
    }

    /// The same, or where it is reached on this machine if it listens where it does by default.
    pub(crate) fn url(&self, api: SocketAddr) -> Result<String> {
        let listens_at = self.listen.unwrap_or_else(|| PlayerSection::derived_from(api));
        Ok(self.public_url()?.unwrap_or_else(|| format!("http://{listens_at}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_port_follows_that_of_the_api() {
        for (api, expected) in [
            ("127.0.0.1:8420", "127.0.0.1:8422"),
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("[::1]:9000", "[::1]:9002"),
            ("0.0.0.0:65534", "0.0.0.0:0"),
            ("0.0.0.0:65533", "0.0.0.0:65535"),
        ] {
            assert_eq!(PlayerSection::derived_from(api.parse().unwrap()), expected.parse().unwrap(), "{api}");
        }
    }

    #[test]
    fn it_is_reached_at_an_origin() {
        let reached = |url: &str| PlayerSection { public_url: Some(url.to_owned()), ..Default::default() }.public_url();
        assert_eq!(reached("https://Play.Example.com/").unwrap().unwrap(), "https://play.example.com");
        assert_eq!(reached("http://127.0.0.1:8422").unwrap().unwrap(), "http://127.0.0.1:8422");
        for bad in ["", "play.example.com", "https://play.example.com/here", "ftp://play.example.com"] {
            let error = format!("{:#}", reached(bad).unwrap_err());
            assert!(error.contains("player.public_url"), "{error}");
        }
        assert_eq!(PlayerSection::default().public_url().unwrap(), None);
    }
}
