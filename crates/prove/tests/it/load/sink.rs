//! Where deliveries go: a receiver that takes note of each in little time, or behaves badly.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::caller::number;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const CREATED: &[u8] = b"HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\n{\"id\":\"1\"}";
const FAILED: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
const LONG: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";

/// How many connections may wait to be accepted. One that found no place would be tried again by the kernel after a second, and
/// that second would be laid at the platform's door.
const BACKLOG: u32 = 4_096;

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// With 200, after so long.
    Accepts(Duration),
    /// With 500.
    Fails,
    /// Never.
    Hangs,
    /// A byte a second.
    Drips,
    /// As an API that made something, one request after the other, each after so long.
    CreatesOneByOne(Duration),
    /// It is not there: nothing listens.
    Refuses,
}

/// A delivery that came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// The enrollment that it tells of.
    pub(crate) enrollment: u64,
    /// The number that its path ends with.
    pub(crate) path: u64,
    pub(crate) at: Instant,
}

/// The receiver.
#[derive(Clone)]
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    manner: Manner,
    arrivals: Mutex<Vec<Arrival>>,
    count: watch::Sender<usize>,
    open: AtomicUsize,
    open_peak: AtomicUsize,
    /// Of those who are answered one by one.
    turn: tokio::sync::Mutex<()>,
}

impl Sink {
    /// Listens on any port.
    pub(crate) async fn start(manner: Manner) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(BACKLOG).unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            manner,
            arrivals: Mutex::default(),
            count: watch::Sender::new(0),
            open: AtomicUsize::new(0),
            open_peak: AtomicUsize::new(0),
            turn: tokio::sync::Mutex::default(),
        });
        if manner != Manner::Refuses {
            tokio::spawn(accept(listener, inner.clone()));
        }
        Sink { address, inner }
    }

    /// How many came so far.
    pub(crate) fn count(&self) -> usize {
        *self.inner.count.borrow()
    }

    /// What came since there were so many.
    pub(crate) fn since(&self, count: usize) -> Vec<Arrival> {
        self.inner.arrivals.lock().unwrap()[count..].to_vec()
    }

    /// Waits until so many have come; false if that takes too long.
    pub(crate) async fn waits_for(&self, count: usize, within: Duration) -> bool {
        let mut seen = self.inner.count.subscribe();
        timeout(within, seen.wait_for(|seen| *seen >= count)).await.is_ok()
    }

    /// The most connections that were open at once.
    pub(crate) fn open_peak(&self) -> usize {
        self.inner.open_peak.load(Ordering::SeqCst)
    }
}

async fn accept(listener: TcpListener, inner: Arc<Inner>) {
    while let Ok((stream, _)) = listener.accept().await {
        let open = inner.open.fetch_add(1, Ordering::SeqCst) + 1;
        inner.open_peak.fetch_max(open, Ordering::SeqCst);
        let inner = inner.clone();
        tokio::spawn(async move {
            // A connection that ends early is noticed where its delivery is missed.
            let _ = serve(stream, &inner).await;
            inner.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

async fn serve(mut stream: TcpStream, inner: &Inner) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut read = Vec::with_capacity(4096);
    loop {
        let (arrival, length) = loop {
            if let Some(whole) = request(&read) {
                break whole;
            }
            if stream.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
        };
        read.drain(..length);
        inner.arrivals.lock().unwrap().push(arrival);
        inner.count.send_modify(|count| *count += 1);
        match inner.manner {
            Manner::Accepts(after) => {
                if !after.is_zero() {
                    sleep(after).await;
                }
                stream.write_all(OK).await?;
            }
            Manner::CreatesOneByOne(after) => {
                let _turn = inner.turn.lock().await;
                sleep(after).await;
                stream.write_all(CREATED).await?;
            }
            Manner::Fails => stream.write_all(FAILED).await?,
            Manner::Hangs => drop(stream.read_buf(&mut read).await?),
            Manner::Drips => {
                stream.write_all(LONG).await?;
                loop {
                    sleep(Duration::from_secs(1)).await;
                    stream.write_all(b".").await?;
                }
            }
            Manner::Refuses => unreachable!("it does not listen"),
        }
    }
}

/// The request that these bytes begin with, if it is all there, and its length.
fn request(bytes: &[u8]) -> Option<(Arrival, usize)> {
    let head_end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..head_end]).ok()?;
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    };
    let length = head_end + head.lines().find_map(header)?;
    let body = bytes.get(head_end..length)?;
    let path = head.split(' ').nth(1)?;
    Some((
        Arrival { enrollment: subject(body), path: number(path.rsplit('/').next()?.as_bytes()), at: Instant::now() },
        length,
    ))
}

/// The id in the data of an envelope; 0 if there is none.
fn subject(body: &[u8]) -> u64 {
    const BEFORE: &str = "\"data\":{\"id\":\"";
    let text = std::str::from_utf8(body).unwrap_or_default();
    text.find(BEFORE).map_or(0, |at| number(&body[at + BEFORE.len()..]))
}
