//! The transport against receivers that answer well, badly, slowly or not at all.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::address::AddressPolicy;
use domain::delivery::{
    ANSWER_BYTES_MAX, ANSWER_HEADERS_BYTES_MAX, Answer, Delivery, DeliveryState, FailureKind, Outcome,
};
use domain::webhook::WebhookUrl;
use jiff::SignedDuration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::receiver::{OK, Receiver, Sender, hear};
use crate::time::at_once;
use crate::world::World;

fn answer(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Answered(answer) => answer,
        Outcome::Failed(failure) => panic!("{failure:?}"),
    }
}

/// A status, or a kind of failure with its detail.
fn told(outcome: Outcome) -> Result<u16, (FailureKind, String)> {
    match outcome {
        Outcome::Answered(answer) => Ok(answer.status),
        Outcome::Failed(failure) => Err((failure.kind, failure.detail)),
    }
}

/// What is told of a receiver that answers with these bytes and hangs up.
#[track_caller]
fn check(said: impl Into<Vec<u8>>, expected: Result<u16, FailureKind>) -> impl Future<Output = ()> {
    let (said, caller) = (said.into(), std::panic::Location::caller());
    async move {
        let receiver = Receiver::saying(said).await;
        let told = told(Sender::new().send(&receiver.url()).await);
        assert_eq!(told.as_ref().copied().map_err(|(kind, _)| *kind), expected, "{caller}: {told:?}");
        assert_eq!(receiver.connects(), 1, "{caller}");
    }
}

#[tokio::test]
async fn the_request_is_a_post_with_what_it_was_given() {
    let heard = Arc::new(Mutex::new(None));
    let receiver = Receiver::open({
        let heard = heard.clone();
        move |mut stream: TcpStream| {
            let heard = heard.clone();
            async move {
                *heard.lock().unwrap() = hear(&mut stream).await;
                stream.write_all(OK).await.unwrap();
            }
        }
    })
    .await;
    assert_eq!(answer(Sender::new().send(&receiver.url()).await).body, b"ok");
    let expected = format!(
        "POST /hook?key=s3cret HTTP/1.1\r\nContent-Type: application/json\r\nGo1-Signature: t=1,v1=00\r\n\
         Host: {}\r\nContent-Length: 8\r\n\r\n{{\"id\":1}}",
        receiver.address
    );
    assert_eq!(heard.lock().unwrap().take(), Some(expected));
}

#[tokio::test]
async fn every_status_is_told_as_it_is() {
    for status in (200..=599).filter(|status| status % 100 < 30) {
        check(format!("HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n"), Ok(status)).await;
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let target = Receiver::answering(OK).await;
    for status in [301, 302, 303, 307, 308] {
        let said = format!("HTTP/1.1 {status} Go\r\nLocation: http://{}/\r\nContent-Length: 0\r\n\r\n", target.address);
        check(said, Ok(status)).await;
    }
    assert_eq!(target.connects(), 0);
}

#[tokio::test]
async fn interim_answers_are_passed_over() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(20);
    check([interim.as_bytes(), OK].concat(), Ok(200)).await;
}

#[tokio::test]
async fn bodies_of_all_framings_are_read() {
    for said in [
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\nX: trailer\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbody",
        "HTTP/1.0 200 OK\r\n\r\nbody",
    ] {
        let receiver = Receiver::saying(said).await;
        let answer = answer(Sender::new().send(&receiver.url()).await);
        assert_eq!((answer.body.as_slice(), answer.truncated), (b"body".as_slice(), false), "{said}");
    }
}

#[tokio::test]
async fn compressed_bodies_stay_as_they_are() {
    let said = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x0b\x08\x00";
    let receiver = Receiver::saying(said).await;
    assert_eq!(answer(Sender::new().send(&receiver.url()).await).body, b"\x1f\x0b\x08\x00");
}

#[tokio::test]
async fn no_more_of_a_body_is_kept_than_the_limit() {
    for (length, truncated) in [(ANSWER_BYTES_MAX, false), (ANSWER_BYTES_MAX + 1, true)] {
        let body = "x".repeat(length);
        let receiver = Receiver::saying(format!("HTTP/1.1 500 No\r\nContent-Length: {length}\r\n\r\n{body}")).await;
        let answer = answer(Sender::new().send(&receiver.url()).await);
        assert_eq!((answer.status, answer.body.len(), answer.truncated), (500, ANSWER_BYTES_MAX, truncated));
    }
}

#[tokio::test]
async fn the_headers_of_a_refusal_are_kept_up_to_their_limit() {
    let long = format!("x-long: {}", "x".repeat(ANSWER_HEADERS_BYTES_MAX));
    for (said, kept) in [
        (
            "500 No\r\nServer: <b>n</b>\r\nX-Raw: a\u{e9}b".to_owned(),
            "server: <b>n</b>\nx-raw: a\u{e9}b\ncontent-length: 0\n",
        ),
        (format!("302 Away\r\nLocation: /x\r\n{long}"), "location: /x\n…\n"),
        ("200 Fine\r\nServer: n".to_owned(), ""),
    ] {
        let receiver = Receiver::saying(format!("HTTP/1.1 {said}\r\nContent-Length: 0\r\n\r\n")).await;
        assert_eq!(answer(Sender::new().send(&receiver.url()).await).headers, kept);
    }
}

#[tokio::test]
async fn an_endless_body_is_left_and_its_connection_closed() {
    let receiver = Receiver::open(|mut stream: TcpStream| async move {
        hear(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await.unwrap();
        // Ends when the other side hangs up.
        while stream.write_all(b"400\r\n").await.is_ok() && stream.write_all(&[b'x'; 1024]).await.is_ok() {
            let _ = stream.write_all(b"\r\n").await;
        }
    })
    .await;
    let sender = Sender::new();
    for connects in 1..=2 {
        let answer = answer(sender.send(&receiver.url()).await);
        assert_eq!((answer.status, answer.body.len(), answer.truncated), (200, ANSWER_BYTES_MAX, true));
        assert_eq!(receiver.connects(), connects);
    }
}

#[tokio::test]
async fn retry_after_is_read() {
    for (value, seconds) in
        [("120", Some(120)), ("Tue, 14 Nov 2023 22:15:20 GMT", Some(120)), ("-1", None), ("\u{e9}", None)]
    {
        let said = format!("HTTP/1.1 503 No\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n");
        let receiver = Receiver::saying(said).await;
        let answer = answer(Sender::new().send(&receiver.url()).await);
        assert_eq!(answer.retry_after, seconds.map(SignedDuration::from_secs), "{value}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_a_protocol_failure() {
    let broken: [&[u8]; 17] = [
        b"",
        b"\0\0\0\0",
        b"hello\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x28",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"<html>no head</html>",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nBad Header\0: x\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
    ];
    for said in broken {
        check(said, Err(FailureKind::Protocol)).await;
    }
}

#[tokio::test]
async fn heads_have_a_limit() {
    check(format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(1024 * 1024)), Err(FailureKind::Protocol)).await;
    check(format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(100_000)), Err(FailureKind::Protocol)).await;
}

#[tokio::test]
async fn a_reset_is_a_protocol_failure() {
    let receiver = Receiver::open(|mut stream: TcpStream| async move {
        hear(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-").await.unwrap();
        stream.set_zero_linger().unwrap();
    })
    .await;
    let (kind, detail) = told(Sender::new().send(&receiver.url()).await).unwrap_err();
    assert_eq!(kind, FailureKind::Protocol);
    assert!(detail.starts_with("the connection "), "{detail}");
}

#[tokio::test]
async fn nobody_there_is_no_connection() {
    let gone = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let told = told(Sender::new().send(&format!("http://{gone}/")).await);
    assert_eq!(told, Err((FailureKind::Connect, "connection refused".to_owned())));
}

#[tokio::test]
async fn whoever_takes_too_long_meets_the_deadline() {
    /// Says the start, and then a byte now and then for ever.
    async fn drip(mut stream: TcpStream, start: &'static [u8]) {
        hear(&mut stream).await;
        let _ = stream.write_all(start).await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    for start in [&b""[..], b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"] {
        let receiver = Receiver::open(move |stream| drip(stream, start)).await;
        let told = told(Sender::hasty().send(&receiver.url()).await);
        // Garbage in place of a head may also be known for what it is before the time is over.
        let expected = if start.is_empty() { FailureKind::Protocol } else { FailureKind::Timeout };
        assert_eq!(told.clone().unwrap_err().0, expected, "{told:?}");
    }
    let silent = Receiver::open(|mut stream: TcpStream| async move {
        hear(&mut stream).await;
        let _ = stream.read(&mut [0]).await;
    })
    .await;
    let told = told(Sender::hasty().send(&silent.url()).await);
    assert_eq!(told, Err((FailureKind::Timeout, "no complete answer within 300 ms".to_owned())));
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let receiver = Receiver::answering(OK).await;
    let sender = Sender::new();
    for _ in 0..20 {
        assert_eq!(told(sender.send(&receiver.url()).await), Ok(200));
    }
    assert_eq!(receiver.connects(), 1);
}

#[tokio::test]
async fn requests_at_once_have_connections_of_their_own() {
    let receiver = Receiver::answering(OK).await;
    let sender = Sender::new();
    for _ in 0..3 {
        let url = receiver.url();
        let outcomes = futures_util::future::join_all((0..8).map(|_| sender.send(&url))).await;
        assert!(outcomes.iter().all(Outcome::is_success));
    }
    assert_eq!(receiver.connects(), 8);
}

#[tokio::test]
async fn another_origin_at_the_same_address_has_its_own_connection() {
    let receiver = Receiver::answering(OK).await;
    let sender = Sender::new();
    let port = receiver.address.port();
    for url in [format!("http://localhost:{port}/"), receiver.url(), format!("http://LOCALHOST:{port}/again")] {
        assert_eq!(told(sender.send(&url).await), Ok(200));
    }
    assert_eq!(receiver.connects(), 2);
}

#[tokio::test]
async fn what_a_receiver_closes_is_not_used_again() {
    let polite = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    for said in [OK, polite, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more than was promised"] {
        let receiver = Receiver::saying(said).await;
        let sender = Sender::new();
        for connects in 1..=3 {
            assert_eq!(told(sender.send(&receiver.url()).await), Ok(200));
            assert_eq!(receiver.connects(), connects);
            receiver.has_hung_up(connects).await;
        }
    }
}

#[tokio::test]
async fn what_was_closed_unnoticed_fails_and_is_not_sent_twice() {
    // Takes a second request on the same connection, and hangs up without a word.
    let receiver = Receiver::open(|mut stream: TcpStream| async move {
        hear(&mut stream).await;
        stream.write_all(OK).await.unwrap();
        hear(&mut stream).await;
    })
    .await;
    let sender = Sender::new();
    assert_eq!(told(sender.send(&receiver.url()).await), Ok(200));
    assert_eq!(told(sender.send(&receiver.url()).await).unwrap_err().0, FailureKind::Protocol);
    assert_eq!(receiver.connects(), 1);
    assert_eq!(told(sender.send(&receiver.url()).await), Ok(200));
    assert_eq!(receiver.connects(), 2);
}

/// Spellings of this machine, all of which lead there.
const THIS_MACHINE: [&str; 13] = [
    "127.0.0.1",
    "localhost",
    "LocalHost",
    "a.localhost",
    "[::ffff:127.0.0.1]",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0x7f.1",
    "127.1",
    "00000177.1",
    "0",
    "\u{2460}\u{2461}\u{2466}.0.0.1",
];

#[tokio::test]
async fn what_the_policy_refuses_is_not_connected_to() {
    let receiver = Receiver::answering(OK).await;
    let public = Sender::with(AddressPolicy::Public, Duration::from_secs(10), None);
    let elsewhere = ["[::1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "10.0.0.1", "169.254.169.254", "[fd00:ec2::254]"];
    for host in THIS_MACHINE.into_iter().chain(elsewhere) {
        let told = told(public.send(&format!("http://{host}:{}/", receiver.address.port())).await);
        let expected = (FailureKind::AddressRefused, "the address is not a public one".to_owned());
        assert_eq!(told, Err(expected), "{host}");
    }
    assert_eq!(receiver.connects(), 0);
}

#[tokio::test]
async fn every_spelling_of_this_machine_is_understood() {
    let receiver = Receiver::answering(OK).await;
    for host in THIS_MACHINE {
        let url = format!("http://{host}:{}/", receiver.address.port());
        assert_eq!(told(Sender::new().send(&url).await), Ok(200), "{host}");
        let loopback = Sender::with(AddressPolicy::PublicAndLoopback, Duration::from_secs(10), None);
        // 0.0.0.0 leads there as well, but is no loopback address.
        assert_eq!(told(loopback.send(&url).await).is_ok(), host != "0", "{host}");
    }
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_not_resolved() {
    let (kind, detail) = told(Sender::new().send("http://nobody.invalid/").await).unwrap_err();
    assert_eq!(kind, FailureKind::NameResolution, "{detail}");
}

#[tokio::test]
async fn the_engine_delivers_over_sockets() {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let receiver = Receiver::open({
        let heard = heard.clone();
        move |mut stream: TcpStream| {
            let heard = heard.clone();
            async move {
                while let Some(request) = hear(&mut stream).await {
                    heard.lock().unwrap().push(request);
                    let _ = stream.write_all(OK).await;
                }
            }
        }
    })
    .await;
    let mut world = World::over(Sender::new().transport.clone()).await;
    let partner = world.platform.partner;
    let webhook =
        world.add_webhook(partner, |webhook| webhook.url = WebhookUrl::restore(&receiver.url()).unwrap()).await;
    let count = 500;
    for n in 0..count / 50 {
        world.complete_often(n % 2, 50).await;
    }
    let delivered = |deliveries: &[Delivery]| {
        deliveries.iter().filter(|delivery| matches!(delivery.state, DeliveryState::Delivered { .. })).count()
    };
    at_once(async {
        while delivered(&world.deliveries(partner, &webhook).await) < count {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(world.stop().await.left, 0);
    let heard = heard.lock().unwrap();
    assert_eq!(heard.len(), count);
    assert!(heard.iter().all(|request| request.contains(r#""attempt_number":1,"#)));
    assert!(receiver.connects() <= 64, "{}", receiver.connects());
}
