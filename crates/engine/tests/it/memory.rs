//! R20: what a hostile receiver says does not fill the memory. Measured in a process of its own, whose receivers live elsewhere.

use std::fs;
use std::time::Duration;

use domain::address::AddressPolicy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use crate::apart::runs_apart;
use crate::hostile::zoo::zoo;
use crate::hostile::{open, receivers};
use crate::receiver::{Sender, transport};

const NAME: &str = "memory::hostile_receivers_do_not_fill_the_memory";
/// Tells the process of its own where the receivers are.
const URLS: &str = "ENGINE_TEST_URLS";
/// How many connections to each of them at once.
const CONNECTIONS: u64 = 32;
/// How much more memory they may take, in KiB each.
const GROWTH_KIB_MAX: u64 = 1_024;
/// How much the careless reader of the control takes, in bytes a connection.
const CARELESS_BYTES: usize = 4 << 20;

/// Those who have much to say.
const TALKATIVE: [&str; 12] = [
    "headers without end",
    "100,000 headers",
    "a header of 1 MiB",
    "a reason of 1 MiB",
    "a chunk's extension without end",
    "trailers without end",
    "a body without end",
    "chunks without number",
    "a body of 1 GiB",
    "a body of zeros, packed",
    "hints without end",
    "TLS alerts without end",
];

#[test]
#[ignore = "cargo xtask prove"]
fn hostile_receivers_do_not_fill_the_memory() {
    let Ok(urls) = std::env::var(URLS) else {
        let receivers = receivers();
        let talkative = zoo().into_iter().filter(|behaviour| TALKATIVE.contains(&behaviour.name));
        let opened = receivers.block_on(futures_util::future::join_all(talkative.map(open)));
        assert_eq!(opened.len(), TALKATIVE.len());
        let urls: Vec<&str> = opened.iter().map(|(_, url, _)| url.as_str()).collect();
        assert!(!runs_apart(NAME, &[], &[(URLS, &urls.join(" "))]), "the receivers live here");
        return;
    };
    let engine = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let sender = Sender::of(transport(AddressPolicy::Any, Duration::from_secs(1), None));
    let urls: Vec<&str> = urls.split(' ').collect();
    let mut most = 0;
    for url in &urls {
        let growth_kib = growth_kib(|| {
            let all = (0..CONNECTIONS).map(|_| sender.send(url));
            engine.block_on(tokio::task::unconstrained(futures_util::future::join_all(all)));
        });
        assert!(growth_kib <= CONNECTIONS * GROWTH_KIB_MAX, "{growth_kib} KiB more for {url}");
        most = most.max(growth_kib / CONNECTIONS);
    }
    // The control: a reader that keeps what comes is noticed.
    let endless = urls.iter().find_map(|url| url.parse::<Url>().ok().filter(|url| url.scheme() == "http"));
    let endless = endless.expect("most of them speak HTTP");
    let careless = growth_kib(|| {
        let all = (0..CONNECTIONS).map(|_| keep_all(&endless));
        engine.block_on(futures_util::future::join_all(all));
    });
    assert!(careless > CONNECTIONS * GROWTH_KIB_MAX, "{careless} KiB");
    let progress = format!("at most {most} KiB more for each; {} KiB with a careless reader", careless / CONNECTIONS);
    proof::held("R20", "connections to talkative receivers", CONNECTIONS * urls.len() as u64, progress);
}

/// By how much the memory of this process grows at most while something is done, in KiB.
fn growth_kib(act: impl FnOnce()) -> u64 {
    // Forgets how much it ever was (man 5 proc).
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = status_kib("VmRSS:");
    act();
    status_kib("VmHWM:").saturating_sub(before)
}

fn status_kib(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("Linux says how much memory is used");
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Reads and keeps, within what a test can bear.
async fn keep_all(url: &Url) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", url.port().expect("it is in the address"))).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    let mut kept = vec![0; CARELESS_BYTES];
    let _ = stream.read_exact(&mut kept).await;
    kept
}
