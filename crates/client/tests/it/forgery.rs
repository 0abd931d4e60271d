//! Forged deliveries: none is accepted, however little it differs from a good one.

use client::verify::Verifier;
use contract::signature::{TOLERANCE, TimestampUnit, sign, sign_standard};
use jiff::{SignedDuration, Timestamp};

const SECRETS: [&str; 2] = ["MyS3cretK#y", "whsec_bXktb3RoZXItc2VjcmV0LWtleQ=="];
const OTHER: &str = "MyS3cretK#z";
const ID: &str = "hg4JWUDbT55B";
const NOW: i64 = 1_713_261_120;

/// SplitMix64: the same forgeries in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut n = self.0;
        n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((n ^ (n >> 31)) % sides as u64) as usize
    }
}

/// A request as it arrives.
#[derive(Clone)]
struct Request {
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn body(dice: &mut Dice) -> Vec<u8> {
    let (id, lo) = (dice.roll(1 << 30), dice.roll(1 << 20));
    format!(r#"{{"id":"{ID}","event_type":"enrollment.complete","data":{{"id":"{id}","lo_id":"{lo}"}}}}"#).into_bytes()
}

/// Signed in one of the two forms, by one secret or by both.
fn signed(secrets: &[&str], at: Timestamp, body: Vec<u8>, dice: &mut Dice) -> Request {
    let headers = if dice.roll(2) == 0 {
        let unit = [TimestampUnit::Seconds, TimestampUnit::Milliseconds][dice.roll(2)];
        vec![("Go1-Signature", sign(secrets, at, unit, &body))]
    } else {
        let [id, t, signature] = sign_standard(secrets, ID, at, &body);
        vec![("webhook-id", id), ("webhook-timestamp", t), ("webhook-signature", signature)]
    };
    Request { headers, body }
}

fn good(dice: &mut Dice) -> Request {
    let count = 1 + dice.roll(2);
    let body = body(dice);
    signed(&SECRETS[..count], now(), body, dice)
}

/// A good request, forged in one way or another.
fn forged(dice: &mut Dice) -> Request {
    // One signature: of two, the one that is left alone would still be good.
    let body_of_it = body(dice);
    let mut request = signed(&SECRETS[..1], now(), body_of_it, dice);
    let last = request.headers.len() - 1;
    match dice.roll(12) {
        0 => {
            let at = dice.roll(request.body.len());
            request.body[at] ^= 1 << dice.roll(8);
        }
        1 => request.body.push(b' '),
        2 => request.body.truncate(dice.roll(request.body.len())),
        // The same JSON, written again.
        3 => request.body = String::from_utf8(request.body).unwrap().replacen(':', ": ", 1).into_bytes(),
        // A digit or a letter of a signature or of its time.
        4 => {
            let header = dice.roll(request.headers.len());
            request.headers[header].1 = other_digit(&request.headers[header].1, dice);
        }
        5 => {
            let text = &mut request.headers[last].1;
            text.truncate(dice.roll(text.len()));
        }
        6 => request.headers[last].1.push(['0', 'a', '='][dice.roll(3)]),
        7 => request.headers[last].1 = ["", "v1,", "v1=", "v1, ", "t=,v1=", "v1,=="][dice.roll(6)].to_owned(),
        8 => request.headers[last].1 = request.headers[last].1.replace("v1", ["v0", "v2", "V1", "v1a"][dice.roll(4)]),
        9 => request = signed(&[OTHER; 3][..1 + dice.roll(3)], now(), request.body, dice),
        // Genuine and too old, or from too far ahead.
        10 => {
            let away = TOLERANCE + SignedDuration::from_secs(1 + dice.roll(86_400) as i64);
            let at = if dice.roll(2) == 0 { now() - away } else { now() + away };
            request = signed(&SECRETS, at, request.body, dice);
        }
        // The signature of another event.
        _ => {
            request.body = body(dice);
            request.body.push(b'\n');
        }
    }
    request
}

/// The text with one letter or digit turned into another one.
fn other_digit(text: &str, dice: &mut Dice) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let places: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at].is_ascii_digit()).collect();
    let at = places[dice.roll(places.len())];
    bytes[at] = b'0' + (bytes[at] - b'0' + 1 + dice.roll(9) as u8) % 10;
    String::from_utf8(bytes).unwrap()
}

/// How many of so many forgeries are accepted, and how many good requests beside them.
fn accepted(count: usize, accepts: impl Fn(&Request) -> bool) -> (usize, usize) {
    let mut dice = Dice(7);
    let (mut fooled, mut served) = (0, 0);
    for _ in 0..count {
        served += usize::from(accepts(&good(&mut dice)));
        fooled += usize::from(accepts(&forged(&mut dice)));
    }
    (fooled, served)
}

#[test]
fn no_forgery_is_accepted_and_every_good_one_is() {
    let count = proof::size(100_000, 10_000_000);
    let verifier = Verifier::new(SECRETS).unwrap();
    let accepts = |request: &Request| verifier.verify(request.headers.as_slice(), &request.body, now()).is_ok();
    assert_eq!(accepted(count, accepts), (0, count));
    proof::held("S8", "forged deliveries", count as u64, format_args!("{count} good ones beside them accepted"));
}

/// The control: a check that compares only what is there, or has no clock, is fooled by the same forgeries.
#[test]
fn a_careless_verifier_is_fooled() {
    let verifier = Verifier::new(SECRETS).unwrap();
    let timeless = verifier.clone().with_tolerance(SignedDuration::from_hours(24 * 365));
    let no_clock = |request: &Request| timeless.verify(request.headers.as_slice(), &request.body, now()).is_ok();
    let any_version = |request: &Request| {
        let mut request = request.clone();
        for (_, value) in &mut request.headers {
            *value = value.replace("v2", "v1");
        }
        verifier.verify(request.headers.as_slice(), &request.body, now()).is_ok()
    };
    for (careless, name) in [(&no_clock as &dyn Fn(&Request) -> bool, "no clock"), (&any_version, "any version")] {
        let (fooled, _) = accepted(10_000, careless);
        assert!(fooled > 0, "{name} was not fooled: nothing was forged");
    }
}
