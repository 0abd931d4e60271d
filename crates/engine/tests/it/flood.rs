//! A receiver that never stops talking.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use domain::address::AddressPolicy;
use domain::delivery::{Failure, FailureKind, Outcome};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::receiver::{OK, Receiver, Sender, hear};

/// Far longer than all of it takes.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn interim_answers_without_end_meet_the_deadline_and_hold_nobody_up() {
    let receivers = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (flood, quiet) = receivers.block_on(async {
        let flood = Receiver::open(|mut stream: TcpStream| async move {
            hear(&mut stream).await;
            let many = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(40_000);
            while stream.write_all(&many).await.is_ok() {}
        });
        (flood.await, Receiver::answering(OK).await)
    });
    let (flood, quiet) = (flood.url(), quiet.url());
    let (done, finished) = mpsc::channel();
    thread::spawn(move || {
        // As the engine runs: one thread, and without the budget by which tokio makes a task yield.
        let engine = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let sender = Sender::with(AddressPolicy::Any, Duration::from_millis(500), None);
        let both = futures_util::future::join(sender.send(&flood), sender.send(&quiet));
        let _ = done.send(engine.block_on(tokio::task::unconstrained(both)));
    });
    let (flooded, quiet) = finished.recv_timeout(PATIENCE).expect("the thread is not kept by one receiver");
    assert!(matches!(flooded, Outcome::Failed(Failure { kind: FailureKind::Timeout, .. })), "{flooded:?}");
    assert!(quiet.is_success(), "{quiet:?}");
}
