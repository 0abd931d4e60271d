//! Which address a request comes from, behind proxies that the operator trusts or without.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};

/// Where proxies write whom they answer, each behind what the one before it wrote.
const FORWARDED_FOR: &str = "x-forwarded-for";
/// How many entries of it are looked at, from the last one: more proxies than anybody has.
const HOPS_MAX: usize = 32;
/// How many bits of an IPv6 address name a site: whoever has one address of it has all.
const SITE_BITS: u32 = 64;

/// A network: an address and how many of its bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Net {
    address: IpAddr,
    bits: u32,
}

/// A text that is not a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address such as 10.0.0.1 or a network such as 10.0.0.0/8")]
pub struct NotANet;

impl FromStr for Net {
    type Err = NotANet;

    fn from_str(text: &str) -> Result<Self, NotANet> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| NotANet)?;
        let bits_max = bits_of(address);
        let bits = bits.map_or(Ok(bits_max), |bits| bits.parse().map_err(|_| NotANet))?;
        if bits > bits_max { Err(NotANet) } else { Ok(Net { address, bits }) }
    }
}

impl Net {
    fn contains(self, address: IpAddr) -> bool {
        bits_of(address) == bits_of(self.address)
            && first_bits(address, self.bits) == first_bits(self.address, self.bits)
    }
}

fn bits_of(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn first_bits(address: IpAddr, bits: u32) -> u128 {
    let number = match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    };
    number & u128::MAX.checked_shl(128 - bits).unwrap_or(0)
}

/// Where a request comes from: its peer, or whom a trusted peer says that it answers, and so on from hop to hop; the last one
/// that is not trusted. None if the connection is not known, as in a test.
pub fn origin(headers: &HeaderMap, extensions: &Extensions, trusted: &[Net]) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    let mut origin = peer.ip().to_canonical();
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    for hop in hops.take(HOPS_MAX) {
        if !trusted.iter().any(|net| net.contains(origin)) {
            break;
        }
        let Some(address) = std::str::from_utf8(hop).ok().and_then(|hop| read(hop.trim())) else { break };
        origin = address.to_canonical();
    }
    Some(origin)
}

/// An address, with a port or without.
fn read(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    bare.parse().ok().or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip()))
}

/// The address as it is counted: of IPv6 the site.
pub fn site(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & u128::MAX << (128 - SITE_BITS)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(peer: &str, forwarded: &[&str], trusted: &str, expected: &str) {
        let trusted: Vec<Net> = trusted.split_whitespace().map(|net| net.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1234)));
        assert_eq!(origin(&headers, &extensions, &trusted), Some(expected.parse().unwrap()));
    }

    #[test]
    fn whoever_is_not_trusted_speaks_for_nobody() {
        check("192.0.2.1", &["198.51.100.7"], "", "192.0.2.1");
        check("192.0.2.1", &["198.51.100.7"], "10.0.0.0/8 192.0.2.2", "192.0.2.1");
        assert_eq!(origin(&HeaderMap::new(), &Extensions::new(), &[]), None);
    }

    #[test]
    fn the_last_hop_that_is_not_trusted_counts() {
        check("10.0.0.1", &["198.51.100.7"], "10.0.0.0/8", "198.51.100.7");
        // What the caller wrote itself stands before it.
        check("10.0.0.1", &["1.1.1.1, 198.51.100.7, 10.9.9.9"], "10.0.0.0/8", "198.51.100.7");
        check("10.0.0.1", &["1.1.1.1", "198.51.100.7", "10.9.9.9"], "10.0.0.0/8", "198.51.100.7");
        check("10.0.0.1", &["198.51.100.7:443"], "10.0.0.1", "198.51.100.7");
        check("::1", &["[2001:db8::7]:443"], "::1", "2001:db8::7");
        check("::1", &["[2001:db8::7]"], "::/120", "2001:db8::7");
        check("::ffff:10.0.0.1", &["::ffff:198.51.100.7"], "10.0.0.1", "198.51.100.7");
    }

    #[test]
    fn without_a_word_or_with_one_that_means_nothing_the_proxy_counts() {
        check("10.0.0.1", &[], "10.0.0.1", "10.0.0.1");
        for strange in ["unknown", "", "_hidden", "198.51.100.7, ", "256.1.1.1"] {
            check("10.0.0.1", &[strange], "10.0.0.1", "10.0.0.1");
        }
        check("10.0.0.1", &["10.0.0.2, 10.0.0.3"], "10.0.0.0/8", "10.0.0.2");
        check("10.0.0.1", &[&"10.0.0.1,".repeat(1_000)], "10.0.0.1", "10.0.0.1");
    }

    #[test]
    fn networks_are_read() {
        let contains = |net: &str, address: &str| net.parse::<Net>().unwrap().contains(address.parse().unwrap());
        assert!(contains("0.0.0.0/0", "8.8.8.8") && !contains("0.0.0.0/0", "::1"));
        assert!(contains("10.1.2.3/16", "10.1.255.0") && !contains("10.1.2.3/16", "10.2.0.0"));
        assert!(contains("::/0", "2001:db8::1") && !contains("::/0", "8.8.8.8"));
        assert!(contains("2001:db8::/33", "2001:db8:7fff::1") && !contains("2001:db8::/33", "2001:db8:8000::1"));
        for strange in
            ["", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "localhost", "10.0.0.0/8/8", "10.0.0/8"]
        {
            assert_eq!(strange.parse::<Net>(), Err(NotANet), "{strange}");
        }
    }

    #[test]
    fn a_site_of_ipv6_is_one() {
        let site = |address: &str| site(address.parse().unwrap());
        assert_eq!(site("2001:db8:1:2:3:4:5:6"), site("2001:db8:1:2::"));
        assert_ne!(site("2001:db8:1:2::1"), site("2001:db8:1:3::1"));
        assert_ne!(site("192.0.2.1"), site("192.0.2.2"));
    }
}
