//! S1: what leads nowhere public is not connected to, in a network where it would be served.

use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::address::AddressPolicy;
use domain::delivery::{Failure, FailureKind, Outcome};
use url::Url;

use crate::name_server::{NameServer, addresses};
use crate::namespace::{begun, everywhere, runs_in_namespace};
use crate::receiver::{Sender, transport};
use crate::refused_urls::{self, Class};

/// The ports that the table names, and those of its schemes.
const PORTS: [u16; 14] = [22, 25, 80, 443, 445, 1023, 6379, 8080, 8200, 8420, 8443, 11211, 53_000, 53_001];
/// Where names lead, one after the other.
const INSIDE: [&str; 8] =
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "::1", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::a00:1"];
const NOT_PUBLIC: &str = "the address is not a public one";

fn sender(policy: AddressPolicy, names: &NameServer) -> Sender {
    Sender::of(transport(policy, Duration::from_secs(4), None).asking(names.address))
}

#[test]
#[ignore = "cargo xtask prove"]
fn no_url_leads_inside() {
    if !runs_in_namespace("guard::no_url_leads_inside") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let served = everywhere(&PORTS).await;
        let names = NameServer::open(|_, turn| addresses(&[INSIDE[turn % INSIDE.len()]])).await;
        let public = sender(AddressPolicy::Public, &names);
        let (mut tried, mut unread) = (0, 0);
        for (class, text) in refused_urls::all() {
            match text.parse() {
                Ok(url) => {
                    check(class, &url, public.send_to(url.clone()).await);
                    tried += 1;
                }
                Err(_) => unread += 1,
            }
        }
        assert!(tried >= 200 && unread > 0, "{tried} {unread}");
        assert_eq!((begun(), served.load(Ordering::Relaxed)), (0, 0), "nobody was connected to");
        let reached = controls(&names).await;
        proof::held("S1", "URLs delivered to", tried, format!("0 connects; {reached} with an open policy"));
    });
}

/// What is told of a delivery: the same words wherever the address leads.
#[track_caller]
fn check(class: Class, url: &Url, outcome: Outcome) {
    let Outcome::Failed(Failure { kind, detail }) = outcome else { panic!("{url}: {outcome:?}") };
    match class {
        Class::Address => assert_eq!((kind, detail.as_str()), (FailureKind::AddressRefused, NOT_PUBLIC), "{url}"),
        Class::Name => {
            // A name that no name server is asked for is no way in either.
            let fits = (kind, detail.as_str()) == (FailureKind::AddressRefused, NOT_PUBLIC);
            assert!(fits || kind == FailureKind::NameResolution, "{url}: {kind:?} {detail}");
        }
        Class::Text => {
            let refused = [FailureKind::AddressRefused, FailureKind::NameResolution, FailureKind::Request];
            assert!(refused.contains(&kind), "{url}: {kind:?} {detail}");
        }
    }
}

/// The same addresses under a policy that allows all of them are connected to, and a public one is under the strict policy; how
/// many were reached.
async fn controls(names: &NameServer) -> u64 {
    let any = sender(AddressPolicy::Any, names);
    let urls = refused_urls::all().into_iter().filter_map(|(_, text)| text.parse().ok());
    futures_util::future::join_all(urls.map(|url| any.send_to(url))).await;
    let reached = begun();
    assert!(reached >= 150, "{reached}");
    let public = sender(AddressPolicy::Public, names);
    for url in ["http://93.184.216.34/", "http://[2606:4700::1111]:8080/"] {
        assert!(public.send(url).await.is_success(), "{url}");
    }
    reached
}
