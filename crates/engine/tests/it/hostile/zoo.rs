//! The zoo: what receivers do that should not, as data.

use domain::delivery::FailureKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::receiver::hear;

/// One thing that a receiver does on a connection; after the last it hangs up.
#[derive(Clone)]
pub(crate) enum Act {
    /// Hears a request out.
    Hear,
    /// Hears the first byte of a request.
    HearLittle,
    /// Says this.
    Say(Vec<u8>),
    /// Says this over and over, as fast as it is heard.
    Flood(Vec<u8>),
    /// Says this over and over, slowly.
    Drip(&'static [u8]),
    /// Says that it will say no more.
    HalfClose,
    /// Breaks the connection.
    Reset,
    /// Does nothing until the other side hangs up, and reads nothing.
    Hold,
}

/// What should come of it: a status, or a kind of failure.
pub(crate) type Expected = Result<u16, FailureKind>;

/// A receiver.
#[derive(Clone)]
pub(crate) struct Behaviour {
    pub(crate) name: &'static str,
    pub(crate) scheme: &'static str,
    pub(crate) acts: Vec<Act>,
    /// At the first request, and at one after it.
    pub(crate) expected: [Expected; 2],
}

/// Does as a behaviour says.
pub(crate) async fn perform(acts: Vec<Act>, mut stream: TcpStream) {
    for act in acts {
        match act {
            Act::Hear => {
                if hear(&mut stream).await.is_none() {
                    return;
                }
            }
            Act::HearLittle => {
                let _ = stream.read(&mut [0]).await;
            }
            Act::Say(said) => {
                let _ = stream.write_all(&said).await;
            }
            Act::Flood(said) => while stream.write_all(&said).await.is_ok() {},
            Act::Drip(said) => {
                while stream.write_all(said).await.is_ok() {
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
            }
            Act::HalfClose => {
                let _ = stream.shutdown().await;
            }
            Act::Reset => {
                let _ = stream.set_zero_linger();
                return;
            }
            Act::Hold => {
                // Ends when the other side hangs up, which shows once it has been read to its end.
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
        }
    }
}

const TIMEOUT: Expected = Err(FailureKind::Timeout);
const PROTOCOL: Expected = Err(FailureKind::Protocol);
const TLS: Expected = Err(FailureKind::Tls);

/// Hears, says, and hangs up.
fn says(name: &'static str, said: impl Into<Vec<u8>>, expected: Expected) -> Behaviour {
    does(name, vec![Act::Hear, Act::Say(said.into())], expected)
}

/// Hears, says the beginning, and goes on for ever.
fn floods(name: &'static str, beginning: &str, then: impl Into<Vec<u8>>, expected: Expected) -> Behaviour {
    does(name, vec![Act::Hear, Act::Say(beginning.into()), Act::Flood(then.into())], expected)
}

/// Hears, says the beginning, and goes on slowly for ever.
fn drips(name: &'static str, beginning: &str, then: &'static [u8]) -> Behaviour {
    does(name, vec![Act::Hear, Act::Say(beginning.into()), Act::Drip(then)], TIMEOUT)
}

fn does(name: &'static str, acts: Vec<Act>, expected: Expected) -> Behaviour {
    Behaviour { name, scheme: "http", acts, expected: [expected; 2] }
}

fn speaks_tls(name: &'static str, acts: Vec<Act>, expected: Expected) -> Behaviour {
    Behaviour { scheme: "https", ..does(name, acts, expected) }
}

/// Everybody who needs nothing but a socket.
pub(crate) fn zoo() -> Vec<Behaviour> {
    [connections(), heads(), framings(), bodies(), interim(), again(), tls()].concat()
}

fn connections() -> Vec<Behaviour> {
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    vec![
        does("accepts and hangs", vec![Act::Hold], TIMEOUT),
        does("hears and hangs", vec![Act::Hear, Act::Hold], TIMEOUT),
        does("hangs up at once", vec![], PROTOCOL),
        does("resets within the request", vec![Act::HearLittle, Act::Reset], PROTOCOL),
        does("hears and hangs up", vec![Act::Hear], PROTOCOL),
        does("hears and resets", vec![Act::Hear, Act::Reset], PROTOCOL),
        does("hears and half-closes", vec![Act::Hear, Act::HalfClose, Act::Hold], PROTOCOL),
        does(
            "resets within the head",
            vec![Act::Hear, Act::Say(b"HTTP/1.1 200 OK\r\nContent-".into()), Act::Reset],
            PROTOCOL,
        ),
        says("hangs up within the head", "HTTP/1.1 200 OK\r\nX: ", PROTOCOL),
        says("hangs up within the body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", PROTOCOL),
        does("answers and half-closes", vec![Act::Hear, Act::Say(ok.into()), Act::HalfClose, Act::Hold], Ok(200)),
        does("answers and holds on", vec![Act::Hear, Act::Say(ok.into()), Act::Hold], Ok(200)).then(TIMEOUT),
    ]
}

fn heads() -> Vec<Behaviour> {
    let head = |line: &str| format!("HTTP/1.1 200 OK\r\n{line}\r\nContent-Length: 0\r\n\r\n");
    let status = |line: &str| format!("{line}\r\nContent-Length: 0\r\n\r\n");
    let one_mib = "x".repeat(1 << 20);
    let obs_text = [b"HTTP/1.1 200 OK\r\nX: ".as_slice(), b"\xff\xfe\xc3\r\nContent-Length: 0\r\n\r\n"].concat();
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(100_000));
    vec![
        drips("a head, byte by byte", "HTTP/1.1 200 OK\r\nX: ", b"y"),
        floods("headers without end", "HTTP/1.1 200 OK\r\n", "X: y\r\n".repeat(1_000), PROTOCOL),
        says("100,000 headers", many, PROTOCOL),
        says("a header of 1 MiB", head(&format!("X: {one_mib}")), PROTOCOL),
        says("a reason of 1 MiB", status(&format!("HTTP/1.1 200 {one_mib}")), PROTOCOL),
        says("garbage before the status line", format!("garbage\r\n{}", status("HTTP/1.1 200 OK")), PROTOCOL),
        says("HTTP/0.9", "<html>hello</html>", PROTOCOL),
        says("HTTP/2 settings", b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0".to_vec(), PROTOCOL),
        says("HTTP/2 by name", status("HTTP/2 200 OK"), PROTOCOL),
        says("a request for an answer", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", PROTOCOL),
        says("NUL in a header", head("X: a\0b"), PROTOCOL),
        says("invalid UTF-8 in a header", obs_text, Ok(200)),
        says("a blank in a header's name", head("X Y: z"), PROTOCOL),
        says("a header without a colon", head("nonsense"), PROTOCOL),
        says("a status of two digits", status("HTTP/1.1 20 OK"), PROTOCOL),
        says("a status of four digits", status("HTTP/1.1 2000 OK"), PROTOCOL),
        says("status 000", status("HTTP/1.1 000 No"), PROTOCOL),
        says("a status of letters", status("HTTP/1.1 abc OK"), PROTOCOL),
        says("no reason", status("HTTP/1.1 200"), Ok(200)),
        says("status 999", status("HTTP/1.1 999 What"), Ok(999)),
        says("cookies", head(&format!("Set-Cookie: a={}; Domain=.com", "x".repeat(4_096))), Ok(200)),
        says("a redirect to itself", status("HTTP/1.1 302 Go\r\nLocation: /hook"), Ok(302)),
        says("a redirect inside", status("HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/"), Ok(307)),
    ]
}

fn framings() -> Vec<Behaviour> {
    let head = |lines: &str, body: &str| format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\n{body}");
    let chunked = |body: &str| head("Transfer-Encoding: chunked", body);
    vec![
        says("a negative length", head("Content-Length: -1", "x"), PROTOCOL),
        says("a length of letters", head("Content-Length: two", "ok"), PROTOCOL),
        says("a length beyond 64 bits", head("Content-Length: 99999999999999999999", "ok"), PROTOCOL),
        says("two lengths", head("Content-Length: 2\r\nContent-Length: 3", "ok!"), PROTOCOL),
        says("a length that is too short", head("Content-Length: 2", "ok, and more"), Ok(200)),
        says("chunks of no number", chunked("zz\r\nok\r\n0\r\n\r\n"), PROTOCOL),
        says("a chunk beyond 64 bits", chunked("fffffffffffffffff\r\nok"), PROTOCOL),
        says("a chunk that is longer than it says", chunked("1\r\nok\r\n0\r\n\r\n"), PROTOCOL),
        says("chunks without an end", chunked("2\r\nok\r\n"), PROTOCOL),
        says("204 with a body", "HTTP/1.1 204 No Content\r\n\r\nsurprise", Ok(204)),
        says("304 with a body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 8\r\n\r\nsurprise", Ok(304)),
        floods("a chunk's extension without end", &chunked("1;"), "x".repeat(1_000), PROTOCOL),
        floods("trailers without end", &chunked("0\r\n"), "X: y\r\n".repeat(1_000), PROTOCOL),
    ]
}

fn bodies() -> Vec<Behaviour> {
    let start = |line: &str| format!("HTTP/1.1 200 OK\r\n{line}\r\n\r\n");
    let gzip = "\x1f\u{8b}\x08\0".repeat(100_000);
    vec![
        drips("a body, byte by byte", &start("Content-Length: 99999"), b"x"),
        drips("chunks, one by one", &start("Transfer-Encoding: chunked"), b"1\r\nx\r\n"),
        floods("a body without end", &start("Connection: close"), "x".repeat(10_000), Ok(200)),
        floods("chunks without number", &start("Transfer-Encoding: chunked"), "1\r\nx\r\n".repeat(1_000), Ok(200)),
        floods("a body of 1 GiB", &start("Content-Length: 1073741824"), "x".repeat(10_000), Ok(200)),
        floods("a body of zeros, packed", &start("Content-Encoding: gzip"), gzip, Ok(200)),
        floods("an error without end", "HTTP/1.1 500 No\r\n\r\n", "<p>".repeat(1_000), Ok(500)),
    ]
}

fn interim() -> Vec<Behaviour> {
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    vec![
        says("100 that nobody asked for", format!("HTTP/1.1 100 Continue\r\n\r\n{ok}"), Ok(200)),
        does(
            "100 and nothing more",
            vec![Act::Hear, Act::Say(b"HTTP/1.1 100 Continue\r\n\r\n".into()), Act::Hold],
            TIMEOUT,
        ),
        says("many hints", format!("{}{ok}", hints.repeat(100)), Ok(200)),
        floods("hints without end", "", hints.repeat(1_000), TIMEOUT),
        does(
            "a change of protocols",
            vec![
                Act::Hear,
                Act::Say(b"HTTP/1.1 101 Switch\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n".into()),
                Act::Hold,
            ],
            Ok(101),
        ),
    ]
}

fn again() -> Vec<Behaviour> {
    let ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec();
    let two = [ok.clone(), b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".to_vec()].concat();
    let close = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok".to_vec();
    let other = b"HTTP/1.1 503 No\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n".to_vec();
    let hear_and_say = |said: Vec<u8>| vec![Act::Hear, Act::Say(said)];
    vec![
        does("hangs up on the second request", [hear_and_say(ok.clone()), vec![Act::Hear]].concat(), Ok(200))
            .then(PROTOCOL),
        does("changes its mind", [hear_and_say(ok), hear_and_say(other)].concat(), Ok(200)).then(Ok(503)),
        does("answers twice", [hear_and_say(two), vec![Act::Hold]].concat(), Ok(200)),
        does("says that it hangs up, and does not", [hear_and_say(close), vec![Act::Hold]].concat(), Ok(200)),
    ]
}

fn tls() -> Vec<Behaviour> {
    vec![
        speaks_tls("no TLS at all", vec![Act::Say(b"HTTP/1.1 400 Bad\r\n\r\n".into()), Act::Hold], TLS),
        speaks_tls("TLS that never begins", vec![Act::Hold], TIMEOUT),
        speaks_tls("TLS, byte by byte", vec![Act::Say(b"\x16\x03\x03\x3e\x80".into()), Act::Drip(b"\x02")], TIMEOUT),
        speaks_tls("TLS that breaks off", vec![Act::Say(b"\x16\x03\x03\x00\x7a\x02".into())], TLS),
        speaks_tls("TLS of noise", vec![Act::Flood(vec![0xa5; 10_000])], TLS),
        speaks_tls("TLS alerts without end", vec![Act::Flood(b"\x15\x03\x03\x00\x02\x01\x5a".repeat(1_000))], TLS),
    ]
}

impl Behaviour {
    /// The same, with something else to be told of a second request.
    fn then(self, second: Expected) -> Self {
        Behaviour { expected: [self.expected[0], second], ..self }
    }
}
