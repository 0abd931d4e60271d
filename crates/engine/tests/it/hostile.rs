//! R20: receivers that misbehave in every way we know of. Each is met in time, with no more of its answer than is kept, and
//! nobody else is held up.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::address::AddressPolicy;
use domain::delivery::{ANSWER_BYTES_MAX, Answer, FailureKind, Next, Outcome};
use domain::retry::RetrySchedule;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;

use self::zoo::{Act, Behaviour, Expected, perform, zoo};
use crate::openssl;
use crate::receiver::{OK, Receiver, Sender, transport};
use crate::tls::{self, Authority};

pub(crate) mod zoo;

/// The whole exchange, shortened.
const DEADLINE: Duration = Duration::from_secs(2);
/// How much later it may be noticed on a busy machine.
const SLACK: Duration = Duration::from_secs(4);

/// Whether an outcome is as it should be.
fn judge(expected: Expected, outcome: &Outcome, took: Duration) -> Result<(), String> {
    if took > DEADLINE + SLACK {
        return Err(format!("took {took:?}"));
    }
    let told = match outcome {
        Outcome::Answered(answer) if answer.body.len() > ANSWER_BYTES_MAX => {
            return Err(format!("{} bytes are kept", answer.body.len()));
        }
        Outcome::Answered(answer) => Ok(answer.status),
        Outcome::Failed(failure) => Err(failure.kind),
    };
    if told != expected {
        return Err(format!("{outcome:?} in place of {expected:?}"));
    }
    let next = RetrySchedule::default().decide(outcome, 0, None, Timestamp::UNIX_EPOCH, 0.5);
    let fits = match expected {
        Ok(200..=299) => next == Next::Delivered,
        Ok(410) => next == Next::Gone,
        Ok(_) | Err(_) => matches!(next, Next::Retry { .. }),
    };
    if fits { Ok(()) } else { Err(format!("{next:?} follows {outcome:?}")) }
}

/// Sends to a behaviour, and again if it was not a failure; what is wrong with what was told.
async fn meet(sender: &Sender, url: &str, behaviour: &Behaviour) -> Vec<String> {
    let mut wrong = Vec::new();
    for expected in behaviour.expected {
        let stopwatch = Instant::now();
        let outcome = sender.send(url).await;
        if let Err(reason) = judge(expected, &outcome, stopwatch.elapsed()) {
            wrong.push(format!("{}: {reason}", behaviour.name));
        }
        if matches!(outcome, Outcome::Failed(_)) {
            break;
        }
    }
    wrong
}

pub(crate) fn receivers() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

pub(crate) async fn open(behaviour: Behaviour) -> (Behaviour, String, Receiver) {
    let acts = behaviour.acts.clone();
    let receiver = Receiver::open(move |stream| perform(acts.clone(), stream)).await;
    let url = format!("{}://localhost:{}/hook", behaviour.scheme, receiver.address.port());
    (behaviour, url, receiver)
}

/// Where nobody listens.
fn nobody() -> SocketAddr {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// Where packets are swallowed: a queue that is full, and nobody who empties it.
async fn blackhole() -> (SocketAddr, impl Sized) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
    }
    (address, (listener, waiting))
}

#[test]
#[ignore = "cargo xtask prove"]
fn nobody_misbehaves_beyond_the_limits() {
    let receivers = receivers();
    let authority = Authority::new();
    let (zoo, healthy) = receivers.block_on(async {
        let zoo = futures_util::future::join_all(zoo().into_iter().map(open)).await;
        (zoo, Receiver::answering(OK).await)
    });
    let careless = receivers.spawn(careless_readers());
    let (blackhole, _full) = receivers.block_on(blackhole());
    let renegotiating = openssl::Server::start(&authority, &["-tls1_2"]);
    let elsewhere = [
        ("nobody there", format!("http://{}/", nobody()), FailureKind::Connect),
        ("packets swallowed", format!("http://{blackhole}/"), FailureKind::Connect),
        ("no such host", "http://nobody.invalid/".to_owned(), FailureKind::NameResolution),
    ];
    let elsewhere = elsewhere
        .map(|(name, url, kind)| (Behaviour { name, scheme: "http", acts: Vec::new(), expected: [Err(kind); 2] }, url));
    // As the engine runs: one thread, and without the budget by which tokio makes a task yield.
    let engine = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let sender = Sender::of(transport(AddressPolicy::Any, DEADLINE, Some(tls::trusting(&authority))));
    let all: Vec<(&Behaviour, &str)> = zoo
        .iter()
        .map(|(behaviour, url, _)| (behaviour, url.as_str()))
        .chain(elsewhere.iter().map(|(b, url)| (b, url.as_str())))
        .collect();
    assert!(all.len() >= 40);
    let done = AtomicBool::new(false);
    let meetings = async {
        let wrong =
            futures_util::future::join_all(all.iter().map(|(behaviour, url)| meet(&sender, url, behaviour))).await;
        done.store(true, Ordering::Relaxed);
        wrong.concat()
    };
    let progress = async {
        let mut served = 0;
        while !done.load(Ordering::Relaxed) {
            assert!(sender.send(&healthy.url()).await.is_success(), "after {served}");
            served += 1;
        }
        served
    };
    let (wrong, served) =
        engine.block_on(tokio::task::unconstrained(async { futures_util::future::join(meetings, progress).await }));
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(served >= 5, "{served}");
    let renegotiated = engine.block_on(renegotiate(&sender, renegotiating));
    let careless = receivers.block_on(careless).unwrap();
    assert_eq!(careless, 2, "the harness does not notice a reader without limits");
    let count = all.len() as u64 + renegotiated;
    proof::held("R20", "kinds of hostile receivers", count, format!("{served} deliveries to a healthy one meanwhile"));
}

/// A host that wants to renegotiate as soon as TLS stands, and says nothing else.
async fn renegotiate(sender: &Sender, mut server: openssl::Server) -> u64 {
    let url = format!("https://localhost:{}/", server.address.port());
    let stopwatch = Instant::now();
    let (outcome, ()) = futures_util::future::join(sender.send(&url), async { server.renegotiate() }).await;
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
    assert!(stopwatch.elapsed() <= DEADLINE + SLACK);
    1
}

/// The control: readers without a deadline, or without a cap. How many of them the harness finds wanting.
async fn careless_readers() -> usize {
    let hangs = Behaviour {
        name: "hangs",
        scheme: "http",
        acts: vec![Act::Hear, Act::Hold],
        expected: [Err(FailureKind::Timeout); 2],
    };
    let endless = zoo().into_iter().find(|behaviour| behaviour.name == "a body of 1 GiB").expect("it is in the zoo");
    let each = [hangs, endless].map(|behaviour| async {
        let expected = behaviour.expected[0];
        let (_, _, receiver) = open(behaviour).await;
        let stopwatch = Instant::now();
        let outcome = careless(receiver.address).await;
        judge(expected, &outcome, stopwatch.elapsed()).is_err()
    });
    futures_util::future::join_all(each).await.into_iter().filter(|caught| *caught).count()
}

/// Reads whatever comes for as long as it comes, within what a test can bear.
async fn careless(address: SocketAddr) -> Outcome {
    const BEARABLE_BYTES: u64 = 1 << 20;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    let mut body = Vec::new();
    let mut stream = stream.take(BEARABLE_BYTES);
    let bearable = DEADLINE + SLACK + Duration::from_millis(1);
    let _ = tokio::time::timeout(bearable, stream.read_to_end(&mut body)).await;
    Outcome::Answered(Answer { status: 200, retry_after: None, body, truncated: false, headers: String::new() })
}

#[tokio::test]
async fn every_status_has_its_class() {
    let receiver = Receiver::open(|mut stream: TcpStream| async move {
        while let Some(request) = crate::receiver::hear(&mut stream).await {
            let status = request.split(' ').nth(1).unwrap().trim_start_matches('/').to_owned();
            let _ = stream.write_all(format!("HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n").as_bytes()).await;
            if status.starts_with('1') {
                // Nothing follows what should be followed by something.
                return;
            }
        }
    })
    .await;
    let sender = Sender::new();
    for status in 100..=599 {
        let outcome = sender.send(&format!("http://{}/{status}", receiver.address)).await;
        // 101 is the last word on a connection, and not the one that was asked for.
        let expected = if status < 200 && status != 101 { Err(FailureKind::Protocol) } else { Ok(status) };
        judge(expected, &outcome, Duration::ZERO).unwrap_or_else(|wrong| panic!("{status}: {wrong}"));
    }
    proof::held("R20", "statuses, each with its class", 500, "delivered, gone or retried, as decided");
}

#[tokio::test]
async fn what_is_asked_for_with_retry_after_is_heard_within_a_day() {
    const DAY: i64 = 86_400;
    // The clock of these transports stands; what a date comes to is shown beside the parser.
    for (asked, seconds) in [
        ("120", 120),
        ("0", 5),
        ("-1", 5),
        ("99999999999999999999", DAY),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 5),
        ("soon", 5),
        ("", 5),
    ] {
        let said = format!("HTTP/1.1 503 No\r\nRetry-After: {asked}\r\nContent-Length: 0\r\n\r\n");
        let receiver = Receiver::saying(said).await;
        let outcome = Sender::new().send(&receiver.url()).await;
        let next = RetrySchedule::default().decide(&outcome, 0, None, Timestamp::UNIX_EPOCH, 0.5);
        let at = Timestamp::from_second(seconds).unwrap();
        assert_eq!(next, Next::Retry { at }, "{asked}: {outcome:?}");
    }
}
