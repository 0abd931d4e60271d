//! A name server that answers as a test says, over UDP, and over TCP where UDP is too small.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

/// The largest answer over UDP, in bytes; larger ones are asked for again over TCP.
const UDP_BYTES_MAX: usize = 1_232;
/// Where names are asked for. Free in a network of one's own.
const PORT: u16 = 53;

/// What is known of a name, each for no time at all (TTL 0).
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// These addresses, of which those of the kind asked for are told.
    Addresses(Vec<IpAddr>),
    /// Another name, and the addresses of that.
    Alias(&'static str, Vec<IpAddr>),
    /// There is no such name.
    NoSuchName,
    /// The server cannot say.
    Failure,
    /// Nothing is answered, ever.
    Silence,
}

/// Addresses as texts.
pub(crate) fn addresses(texts: &[&str]) -> Answer {
    Answer::Addresses(texts.iter().map(|text| text.parse().unwrap()).collect())
}

/// A name server, for as long as the test lasts.
pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl NameServer {
    /// Answers what `script` makes of a name in lower case, without the dot at its end, and how often an address of it of
    /// this kind was asked for before.
    pub(crate) async fn open(script: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> Self {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, PORT)).await.unwrap();
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).await.unwrap();
        let address = udp.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let respond = {
            let (asked, turns) = (asked.clone(), [AtomicUsize::new(0), AtomicUsize::new(0)]);
            Arc::new(move |query: &[u8], bytes_max: usize| {
                asked.fetch_add(1, Ordering::Relaxed);
                respond(query, bytes_max, &turns, &script)
            })
        };
        let over_tcp = respond.clone();
        tokio::spawn(async move {
            let mut query = [0; 2_048];
            while let Ok((length, from)) = udp.recv_from(&mut query).await {
                if let Some(answer) = respond(&query[..length], UDP_BYTES_MAX) {
                    let _ = udp.send_to(&answer, from).await;
                }
            }
        });
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = tcp.accept().await {
                while let Ok(length) = stream.read_u16().await {
                    let mut query = vec![0; length.into()];
                    if stream.read_exact(&mut query).await.is_err() {
                        break;
                    }
                    let Some(answer) = over_tcp(&query, u16::MAX.into()) else { break };
                    let framed = [&(answer.len() as u16).to_be_bytes()[..], &answer].concat();
                    let _ = stream.write_all(&framed).await;
                }
            }
        });
        NameServer { address, asked }
    }

    /// How many questions there were.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

const HEAD: usize = 12;
const A: u16 = 1;
const CNAME: u16 = 5;
const AAAA: u16 = 28;

fn respond(
    query: &[u8],
    bytes_max: usize,
    turns: &[AtomicUsize; 2],
    script: &impl Fn(&str, usize) -> Answer,
) -> Option<Vec<u8>> {
    let (name, kind, end) = question(query)?;
    // What came over UDP and did not fit is the same turn as what comes over TCP.
    let turn = &turns[usize::from(kind == AAAA)];
    let answer = script(&name, turn.load(Ordering::Relaxed));
    let (code, records) = match answer {
        Answer::Silence => return None,
        Answer::NoSuchName => (3, Vec::new()),
        Answer::Failure => (2, Vec::new()),
        Answer::Addresses(addresses) => (0, of_kind(&addresses, kind, &name)),
        Answer::Alias(target, addresses) => {
            let alias = record(&name, CNAME, &labels(target));
            (0, [vec![alias], of_kind(&addresses, kind, target)].concat())
        }
    };
    let flags = [0x81, 0x80 | code];
    let head = |flags: [u8; 2], count: usize| {
        [&query[..2], &flags, &[0, 1], &(count as u16).to_be_bytes(), &[0; 4], &query[HEAD..end]].concat()
    };
    let whole = [head(flags, records.len()), records.concat()].concat();
    if whole.len() > bytes_max {
        return Some(head([flags[0] | 0x02, flags[1]], 0));
    }
    turn.fetch_add(1, Ordering::Relaxed);
    Some(whole)
}

/// The name and the kind that are asked for, and where the question ends.
fn question(query: &[u8]) -> Option<(String, u16, usize)> {
    let (mut labels, mut at) = (Vec::new(), HEAD);
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(query.get(at..at + length)?).to_lowercase());
        at += length;
    }
    let kind = u16::from_be_bytes(query.get(at..at + 2)?.try_into().ok()?);
    Some((labels.join("."), kind, at + 4))
}

fn of_kind(addresses: &[IpAddr], kind: u16, name: &str) -> Vec<Vec<u8>> {
    let data = |address: &IpAddr| match address {
        IpAddr::V4(v4) if kind == A => Some(record(name, A, &v4.octets())),
        IpAddr::V6(v6) if kind == AAAA => Some(record(name, AAAA, &v6.octets())),
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    };
    addresses.iter().filter_map(data).collect()
}

fn record(name: &str, kind: u16, data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u16).to_be_bytes();
    [&labels(name), &kind.to_be_bytes()[..], &[0, 1, 0, 0, 0, 0], &length, data].concat()
}

fn labels(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        bytes.push(label.len() as u8);
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    bytes
}
