//! The judge of addresses (decision 19): what it lets through is public by every other measure that there is.
#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use domain::address::AddressPolicy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let address: IpAddr = if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        v4.into()
    } else if let Ok(v6) = <[u8; 16]>::try_from(bytes) {
        v6.into()
    } else {
        return;
    };
    if AddressPolicy::Public.judge(address).is_ok() {
        assert!(!is_ours(address), "{address}");
        assert!(AddressPolicy::PublicAndLoopback.judge(address).is_ok(), "{address}");
    }
    assert!(AddressPolicy::Any.judge(address).is_ok());
    let canonical = address.to_canonical();
    let same = AddressPolicy::Public.judge(canonical) == AddressPolicy::Public.judge(address);
    assert!(same, "{address} and {canonical} are one");
});

/// By the standard library, and by the IPv4 address that may stand in an IPv6 one wherever a translator would look for it.
fn is_ours(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_ours_v4(v4),
        IpAddr::V6(v6) => is_ours_v6(v6),
    }
}

fn is_ours_v4(v4: Ipv4Addr) -> bool {
    v4.is_loopback()
        || v4.is_private()
        || v4.is_link_local()
        || v4.is_unspecified()
        || v4.is_multicast()
        || v4.is_broadcast()
        || v4.is_documentation()
}

fn is_ours_v6(v6: Ipv6Addr) -> bool {
    let s = v6.segments();
    let inside = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    let masked = match s {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_ours_v4(inside(high, low)),
        [0x2002, high, low, ..] => is_ours_v4(inside(high, low)),
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => is_ours_v4(inside(high, low)),
        _ => false,
    };
    masked
        || v6.is_loopback()
        || v6.is_unspecified()
        || v6.is_multicast()
        || v6.is_unique_local()
        || v6.is_unicast_link_local()
}
