//! Instants and spans as people read them.

use std::fmt;

use askama::filters::HtmlSafe;
use jiff::{SignedDuration, Timestamp};

/// An instant: a `time` element, which the script shows in the reader's zone, with the exact instant on hover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct When(pub(crate) Timestamp);

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (exact, shown) = (self.0.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"), self.0.strftime("%-d %b %Y, %H:%M:%S UTC"));
        write!(f, "<time datetime=\"{exact}\" title=\"{exact}\">{shown}</time>")
    }
}

/// It is made of digits and letters of our own.
impl HtmlSafe for When {}

/// A span in the largest unit that fits, such as "3 min".
pub(crate) fn span(span: SignedDuration) -> String {
    let seconds = span.as_secs();
    match seconds {
        ..1 => format!("{} ms", span.as_millis().max(0)),
        1..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A number with a narrow space between each three digits.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let first = (digits.len() + 2) % 3 + 1;
    let mut text = digits[..first].to_owned();
    for group in digits.as_bytes()[first..].chunks(3) {
        text.push('\u{202f}');
        text.extend(group.iter().map(|&byte| char::from(byte)));
    }
    text
}

/// So many of them, such as "1 attempt" or "2 attempts".
pub(crate) fn count(many: u64, one: &str) -> String {
    format!("{} {one}{}", number(many), if many == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_exact_on_hover() {
        let at: Timestamp = "2022-03-29T01:29:36.676Z".parse().unwrap();
        assert_eq!(
            When(at).to_string(),
            "<time datetime=\"2022-03-29T01:29:36.676Z\" title=\"2022-03-29T01:29:36.676Z\">29 Mar 2022, 01:29:36 UTC</time>"
        );
    }

    #[test]
    fn spans_and_numbers_are_short() {
        let spans = [(0, "0 ms"), (999, "999 ms"), (1_000, "1 s"), (119_000, "119 s"), (120_000, "2 min")];
        let longer = [(7_200_000, "2 h"), (172_799_000, "47 h"), (172_800_000, "2 days"), (-5, "0 ms")];
        for (millis, expected) in spans.into_iter().chain(longer) {
            assert_eq!(span(SignedDuration::from_millis(millis)), expected);
        }
        assert_eq!((count(1, "attempt"), count(0, "attempt")), ("1 attempt".to_owned(), "0 attempts".to_owned()));
        for (n, expected) in [(0, "0"), (999, "999"), (1_000, "1\u{202f}000"), (12_345_678, "12\u{202f}345\u{202f}678")]
        {
            assert_eq!(number(n), expected);
        }
    }
}
