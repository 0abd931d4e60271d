//! Callers: each request has its time, which comes whether or not the one before was answered.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep_until, timeout};

use crate::binary::PATIENCE;

/// When requests are made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// So many a second, each at its time: the open loop.
    PerSecond(u32),
    /// Each when the one before on its connection was answered: the closed loop, which finds out what is taken at most.
    AsAnswered,
}

/// What is asked, how often, and for how long.
#[derive(Clone)]
pub(crate) struct Offer {
    pub(crate) address: SocketAddr,
    /// Written as they are, one after the other and then again.
    pub(crate) requests: Arc<Vec<Vec<u8>>>,
    pub(crate) pace: Pace,
    pub(crate) lasts: Duration,
    /// How many may be waited for at once. With more to be asked, they wait here, and the wait counts.
    pub(crate) connections: usize,
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// When it was to be made.
    pub(crate) due_at: Instant,
    /// When it was answered, or given up.
    pub(crate) over_at: Instant,
    /// What was answered, if anything was.
    pub(crate) answer: Option<Answer>,
}

/// What matters of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Whether it says when to come back.
    pub(crate) has_retry_after: bool,
    /// The id in its body; 0 if there is none.
    pub(crate) id: u64,
}

impl Asked {
    /// What was made, if it was.
    pub(crate) fn created(&self) -> Option<u64> {
        self.answer.filter(|answer| answer.status == 201).map(|answer| answer.id)
    }

    /// From when it was to be made.
    pub(crate) fn took(&self) -> Duration {
        self.over_at.saturating_duration_since(self.due_at)
    }
}

/// Offers it all, and tells of every request.
pub(crate) async fn offer(offer: Offer) -> Vec<Asked> {
    let next = Arc::new(AtomicU64::new(0));
    let started_at = Instant::now();
    let lines = (0..offer.connections).map(|_| tokio::spawn(line(offer.clone(), next.clone(), started_at)));
    let mut all = Vec::new();
    for line in lines.collect::<Vec<_>>() {
        all.extend(line.await.expect("a line does not panic"));
    }
    all
}

async fn line(offer: Offer, next: Arc<AtomicU64>, started_at: Instant) -> Vec<Asked> {
    let mut connection = Connection::new(offer.address);
    let mut all = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let due_at = match offer.pace {
            Pace::PerSecond(rate) => started_at + Duration::from_secs_f64(number as f64 / f64::from(rate)),
            Pace::AsAnswered => Instant::now(),
        };
        if due_at >= started_at + offer.lasts {
            return all;
        }
        sleep_until(due_at.into()).await;
        let request = &offer.requests[number as usize % offer.requests.len()];
        let answer =
            timeout(PATIENCE, connection.ask(request)).await.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()));
        if answer.is_err() {
            connection = Connection::new(offer.address);
        }
        all.push(Asked { due_at, over_at: Instant::now(), answer: answer.ok() });
    }
}

/// A kept connection.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    read: Vec<u8>,
}

impl Connection {
    /// Opened when something is asked.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Connection { address, stream: None, read: Vec::with_capacity(4096) }
    }

    /// Writes a request, and reads the answer. One that was kept may have been closed meanwhile, before anything was asked: then
    /// it is opened anew.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        let is_closed = |stream: &mut TcpStream| stream.try_read(&mut [0]).is_ok();
        if self.stream.as_mut().is_none_or(is_closed) {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            self.stream = Some(stream);
        }
        let stream = self.stream.as_mut().expect("it was opened");
        stream.write_all(request).await?;
        self.read.clear();
        loop {
            if stream.read_buf(&mut self.read).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some((answer, closes)) = read(&self.read)? {
                self.stream.take_if(|_| closes);
                return Ok(answer);
            }
        }
    }
}

/// Reads an answer that has a length, if it is all there; and whether it is the last.
fn read(bytes: &[u8]) -> Result<Option<(Answer, bool)>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let bad = || Error::new(ErrorKind::InvalidData, "not an answer");
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| bad())?;
    let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(bad)?;
    let (mut length, mut closes, mut has_retry_after) = (None, false, false);
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse::<usize>().ok();
        }
        closes |= name.eq_ignore_ascii_case("connection") && value == "close";
        has_retry_after |= name.eq_ignore_ascii_case("retry-after");
    }
    let body = &bytes[end + 4..];
    if body.len() < length.ok_or_else(bad)? {
        return Ok(None);
    }
    let id = body.strip_prefix(b"{\"id\":\"").map_or(0, number);
    Ok(Some((Answer { status, has_retry_after, id }, closes)))
}

/// The number that this begins with.
pub(crate) fn number(text: &[u8]) -> u64 {
    text.iter().take_while(|b| b.is_ascii_digit()).fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}
