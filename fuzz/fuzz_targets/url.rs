//! Addresses of webhooks (decision 19): what is accepted is https to a public host, and reads the same from the store.
#![no_main]

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use domain::address::AddressPolicy;
use domain::webhook::url::{URL_BYTES_MAX, UrlPolicy, WebhookUrl};
use libfuzzer_sys::fuzz_target;
use url::Host;

fuzz_target!(|text: &str| {
    let Ok(accepted) = WebhookUrl::parse(text, UrlPolicy::default()) else { return };
    let parts = accepted.parts();
    assert_eq!(accepted.as_str(), text);
    assert_eq!(WebhookUrl::restore(text).as_ref(), Ok(&accepted));
    assert!(text.len() <= URL_BYTES_MAX && parts.scheme() == "https" && text[..8].eq_ignore_ascii_case("https://"));
    assert!(parts.username().is_empty() && parts.password().is_none() && parts.fragment().is_none());
    assert!(parts.port().is_none_or(|port| port >= 1024 || port == 80));
    let host = parts.host_str().expect("a host");
    match parts.host().expect("a host") {
        Host::Ipv4(v4) => judge(v4.into(), text),
        Host::Ipv6(v6) => judge(v6.into(), text),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            assert!(!name.eq_ignore_ascii_case("localhost"), "{text}");
            // What the resolver would take for an address without asking anybody is no name.
            assert!(name.parse::<IpAddr>().is_err(), "{text}");
        }
    }
    // What is connected to is what was judged: the parts make the same address when they are read again.
    let again = WebhookUrl::parse(parts.as_str(), UrlPolicy::default()).expect("what was accepted, as it is written");
    assert_eq!(again.parts().host_str(), Some(host));
    let open = UrlPolicy { allow_http: true, addresses: AddressPolicy::Any };
    assert!(WebhookUrl::parse(text, open).is_ok(), "an open policy accepts what a closed one does");
});

fn judge(address: IpAddr, text: &str) {
    assert!(AddressPolicy::Public.judge(address).is_ok(), "{text}");
    let reached: Vec<SocketAddr> = (address, 443).to_socket_addrs().expect("an address needs no resolver").collect();
    assert!(reached.iter().all(|peer| AddressPolicy::Public.judge(peer.ip()).is_ok()), "{text}");
}
