//! Which network addresses a delivery may be sent to (decision 19).
//!
//! Pure judgement of one address. The connector of the engine asks for every address before it connects and again
//! for the peer that it reached; parsing a URL is never enough, because names resolve anew at every attempt.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What the operator allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressPolicy {
    /// Public addresses only.
    #[default]
    Public,
    /// Public addresses and this machine itself: for demonstrations.
    PublicAndLoopback,
    /// Every address: the operator vouches for the network.
    Any,
}

/// An address that deliveries are not sent to. The text is the same for all of them, so that a refusal tells
/// nothing about the network behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address is not a public one")]
pub struct Refused;

impl AddressPolicy {
    /// Says whether a delivery may be sent to `address`.
    pub fn judge(self, address: IpAddr) -> Result<(), Refused> {
        let address = unmask(address);
        let allowed = match self {
            AddressPolicy::Any => true,
            AddressPolicy::PublicAndLoopback => address.is_loopback() || is_public(address),
            AddressPolicy::Public => is_public(address),
        };
        if allowed { Ok(()) } else { Err(Refused) }
    }
}

/// The IPv4 address that an IPv6 address stands for, if it does: mapped (`::ffff:0:0/96`), or NAT64 (`64:ff9b::/96`), by which
/// networks without IPv4 reach the rest of the world. Tunnels (6to4, Teredo, compatible, ISATAP) are refused whatever is
/// inside them: where they come out is not ours to judge.
fn unmask(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let s = v6.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        _ => address,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// Everything but the special-purpose blocks of the IANA registry.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    // Answers the machines of one cloud from inside, although it is a public number.
    const CLOUD_PLATFORM: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);
    address != CLOUD_PLATFORM
        && !matches!(
            (a, b, c),
            (0, ..)
                | (10, ..)
                | (100, 64..=127, _)
                | (127, ..)
                | (169, 254, _)
                | (172, 16..=31, _)
                | (192, 0, 0)
                | (192, 0, 2)
                | (192, 31, 196)
                | (192, 52, 193)
                | (192, 88, 99)
                | (192, 168, _)
                | (192, 175, 48)
                | (198, 18..=19, _)
                | (198, 51, 100)
                | (203, 0, 113)
                | (224..=255, ..)
        )
}

/// Global unicast (`2000::/3`) without what is reserved or tunnelled in it, and without ISATAP.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    let global = s[0] & 0xe000 == 0x2000;
    let special = match s[0] {
        // IETF protocol assignments with Teredo (2001::/32), ORCHID (2001:10::/28, 2001:20::/28), and documentation.
        0x2001 => s[1] < 0x0200 || s[1] == 0x0db8,
        // Documentation (3fff::/20), the former 6bone (3ffe::/16).
        0x3fff => s[1] < 0x1000,
        0x3ffe => true,
        // 6to4.
        0x2002 => true,
        _ => false,
    };
    let isatap = s[4] & 0xfdff == 0 && s[5] == 0x5efe;
    global && !special && !isatap
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(policy: AddressPolicy, addresses: &str, expected: Result<(), Refused>) {
        for address in addresses.split_whitespace() {
            assert_eq!(policy.judge(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn public_addresses_are_allowed() {
        let public = "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.0 172.15.0.1 172.32.0.1 192.0.1.1 192.167.1.1 223.255.255.255 \
                      192.31.195.255 192.31.197.0 198.17.255.255 198.20.0.0 168.63.129.15 \
                      2001:200::1 3fff:1000::1 2a00::5eff:1:1 2606:4700::1111 2a00:1450:4001:81b::200e 2001:4860:4860::8888 ::ffff:8.8.8.8 64:ff9b::808:808";
        check(AddressPolicy::Public, public, Ok(()));
        check(AddressPolicy::PublicAndLoopback, public, Ok(()));
    }

    const NEITHER: &str = "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 169.254.169.254 172.16.0.1 172.31.255.255 \
        192.0.0.8 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 240.0.0.1 255.255.255.255 \
        :: fe80::1 fec0::1 fc00::1 fd00:ec2::254 ff02::1 100::1 2001::1 2001:db8::1 2001:10::1 2001:20::1 3fff::1 \
        64:ff9b:1::1 64:ff9b::a00:1 2002:a00:1::1 2002:808:808::1 2002:7f00:1:: ::8.8.8.8 ::127.0.0.1 168.63.129.16 ::ffff:10.0.0.1 ::10.0.0.1 2a00::5efe:a00:1 2a00::200:5efe:a00:1 4000::1 \
        192.31.196.1 192.52.193.1 192.175.48.1 192.0.0.192 100.100.100.200 169.254.170.2 239.255.255.250 255.0.0.1 febf::1 \
        ::1.2.3.4 ::ffff:0:127.0.0.1 ::ffff:0:8.8.8.8 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 64:ff9b:1:ffff::808:808 \
        2001:0:7f00:1:: 2001:2::1 2001:1ff:ffff::1 2002:a9fe:a9fe:: fd20:ce::254 fe80::5efe:7f00:1 3ffe::1 5f00::1 \
        3fff:fff::1 8000::1 fdff::1 100:0:0:1::1";

    #[test]
    fn what_is_not_public_is_refused_in_every_disguise() {
        check(AddressPolicy::Public, NEITHER, Err(Refused));
        check(AddressPolicy::PublicAndLoopback, NEITHER, Err(Refused));
    }

    #[test]
    fn loopback_is_for_those_who_ask() {
        let loopback = "127.0.0.1 127.255.255.254 ::1 ::ffff:127.0.0.1 64:ff9b::7f00:1";
        check(AddressPolicy::Public, loopback, Err(Refused));
        check(AddressPolicy::PublicAndLoopback, loopback, Ok(()));
        check(AddressPolicy::Any, loopback, Ok(()));
        check(AddressPolicy::Any, NEITHER, Ok(()));
    }
}
