//! A network of its own, in which every address is this machine and every connection is counted.
//!
//! Nothing sent in it leaves it. So tests may deliver to addresses that are public, and what is refused would be served if it
//! were connected to.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::apart::runs_apart;
use crate::receiver::{OK, hear};

/// Every address is local, and an nftables counter sees every connection that is begun, over either protocol, but for those to
/// name servers.
const SETUP: &str = r#"
set -e
ip link set lo up
ip route add local default dev lo
ip -6 route add local default dev lo
nft add table inet guard
nft add counter inet guard begun
nft add chain inet guard output '{ type filter hook output priority 0; }'
nft add rule inet guard output 'tcp dport != 53 tcp flags & (syn | ack) == syn' counter name begun
exec "$@"
"#;

/// Runs the test `name` in a network of its own, and says whether this is it. Needs root, or a kernel that lets everybody have
/// one.
pub(crate) fn runs_in_namespace(name: &str) -> bool {
    let user = Command::new("id").arg("-u").output().expect("every system has id");
    let unshare: &[&str] = if user.stdout == b"0\n" { &["unshare", "-n"] } else { &["unshare", "-rn"] };
    let inside = ["sh", "-c", SETUP, "sh"];
    runs_apart(name, &[unshare, &inside].concat(), &[])
}

/// How many connections were begun in this network.
pub(crate) fn begun() -> u64 {
    let listed = Command::new("nft").args(["-j", "list", "counter", "inet", "guard", "begun"]).output();
    let listed = listed.expect("nft is there: it made this network").stdout;
    let listed: serde_json::Value = serde_json::from_slice(&listed).unwrap();
    let counters = listed["nftables"].as_array().unwrap();
    counters.iter().find_map(|entry| entry["counter"]["packets"].as_u64()).expect("the counter is listed")
}

/// Answers on these ports of every address there is, and counts who came.
pub(crate) async fn everywhere(ports: &[u16]) -> Arc<AtomicUsize> {
    let connects = Arc::new(AtomicUsize::new(0));
    for &port in ports {
        let listener = TcpListener::bind(("::", port)).await.unwrap();
        let connects = connects.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connects.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream));
            }
        });
    }
    connects
}

async fn serve(mut stream: TcpStream) {
    let mut first = [0];
    // Who wants TLS need not wait.
    if stream.peek(&mut first).await.is_err() || first != *b"P" {
        return;
    }
    while hear(&mut stream).await.is_some() {
        let _ = stream.write_all(OK).await;
    }
}
