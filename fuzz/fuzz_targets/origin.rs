//! Whom a request comes from, behind proxies; and the names that requests have (Idempotency-Key).
#![no_main]

use std::net::IpAddr;

use gateway::fuzzing;
use gateway::limit::Net;
use libfuzzer_sys::fuzz_target;

const PEER: [u8; 4] = [10, 0, 0, 1];

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.split(|byte| *byte == b'\n');
    let net = parts.next().unwrap_or_default();
    let lines: Vec<&[u8]> = parts.collect();
    let peer = IpAddr::from(PEER);
    if let Some(origin) = fuzzing::origin(&lines, peer, &[]) {
        assert_eq!(origin, peer, "nobody is trusted, so nobody is believed");
    }
    let text = std::str::from_utf8(net).unwrap_or_default();
    if let Ok(net) = text.parse::<Net>() {
        let Some(origin) = fuzzing::origin(&lines, peer, &[net]) else { return };
        assert_eq!(origin, origin.to_canonical());
        let all: Net = "0.0.0.0/0".parse().expect("a network");
        let everybody = fuzzing::origin(&lines, peer, &[net, all]);
        assert!(origin == peer || everybody.is_some(), "who is believed less is not believed more");
        let text = String::from_utf8_lossy(bytes).into_owned();
        let is_there = origin == peer || addresses(&text).any(|address| address == origin);
        assert!(is_there, "{origin} is nowhere in it");
    }
    let key = fuzzing::idempotency_key(net);
    assert!(key.as_deref().is_none_or(|key| key.as_bytes() == net && key.len() <= 255 && !key.is_empty()));
    assert!(key.is_none_or(|key| key.bytes().all(|byte| byte.is_ascii_graphic())));
});

/// Every address in a text, with a port or without.
fn addresses(text: &str) -> impl Iterator<Item = IpAddr> {
    let words = text.split([',', '\n']).map(str::trim);
    words.filter_map(|word| {
        let bare = word.trim_start_matches('[').trim_end_matches(']');
        let with_port = || word.parse::<std::net::SocketAddr>().map(|socket| socket.ip());
        bare.parse().or_else(|_| with_port()).ok().map(|address: IpAddr| address.to_canonical())
    })
}
