//! Where one request ends and the next begins, read beside the parser to find heads that two readers may read in two ways.
//!
//! The parser takes a line that ends with LF alone, and a request with both `Content-Length` and `Transfer-Encoding`, of which it
//! shows one. A proxy in front of us may take them for something else, and then what it believes to be the body of one caller's
//! request is another request here. So such a head is noticed here and refused. Whatever the parser refuses itself need not be
//! noticed, and after a chunked body nothing is read: its connection is closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The longest line that is looked at, in bytes. The parser must take none that is longer.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// What the heads of a connection are found to be. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Found(Arc<AtomicU64>);

impl Found {
    /// Whether the request with this number, counted from 1, has a head that is not to be trusted.
    pub fn is_ambiguous(&self, number: u64) -> bool {
        self.0.load(Ordering::Relaxed) == number
    }
}

/// Follows what is read from a connection.
#[derive(Debug)]
pub struct Framing {
    found: Found,
    /// How many heads have begun.
    heads: u64,
    reads: Reads,
}

#[derive(Debug)]
enum Reads {
    Head(Head),
    Body {
        left: u64,
    },
    /// Nothing more is looked at.
    Rest,
}

#[derive(Debug, Default)]
struct Head {
    line: Vec<u8>,
    has_begun: bool,
    is_bare: bool,
    content_length: Option<Vec<u8>>,
    is_transferred: bool,
}

impl Framing {
    /// A connection on which nothing was read yet.
    pub fn new(found: Found) -> Self {
        Framing { found, heads: 1, reads: Reads::Head(Head::default()) }
    }

    /// Takes what was read. It must be told before the parser answers for it.
    pub fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match &mut self.reads {
                Reads::Rest => return,
                Reads::Body { left } => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    bytes = &bytes[taken..];
                    *left -= taken as u64;
                    if *left == 0 {
                        self.heads += 1;
                        self.reads = Reads::Head(Head::default());
                    }
                }
                Reads::Head(head) => {
                    let end = bytes.iter().position(|byte| *byte == b'\n');
                    let (line, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
                    bytes = rest;
                    head.line.extend_from_slice(line);
                    if head.line.len() > LINE_BYTES_MAX {
                        self.reads = Reads::Rest;
                    } else if end.is_some() && head.ends() {
                        self.judge();
                    }
                }
            }
        }
    }

    fn judge(&mut self) {
        let Reads::Head(head) = std::mem::replace(&mut self.reads, Reads::Rest) else { return };
        if head.is_bare || (head.is_transferred && head.content_length.is_some()) {
            self.found.0.store(self.heads, Ordering::Relaxed);
        } else if !head.is_transferred {
            // What is no number the parser refuses.
            let length = head.content_length.map_or(Some(0), |text| str::from_utf8(&text).ok()?.parse().ok());
            self.reads = length.map_or(Reads::Rest, |left| Reads::Body { left });
            if length == Some(0) {
                self.heads += 1;
                self.reads = Reads::Head(Head::default());
            }
        }
    }
}

impl Head {
    /// Takes a whole line; whether it ends the head.
    fn ends(&mut self) -> bool {
        let line = std::mem::take(&mut self.line);
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let content = text.strip_suffix(b"\r").unwrap_or(text);
        self.is_bare |= content.len() == text.len();
        if content.is_empty() {
            // Empty lines before a request are passed over.
            return self.has_begun;
        }
        if let Some(colon) = content.iter().position(|byte| *byte == b':')
            && self.has_begun
        {
            let (name, value) = (&content[..colon], content[colon + 1..].trim_ascii());
            if name.eq_ignore_ascii_case(b"content-length") {
                self.content_length.get_or_insert_with(|| value.to_vec());
            }
            self.is_transferred |= name.eq_ignore_ascii_case(b"transfer-encoding");
        }
        self.has_begun = true;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which request is found ambiguous, however the bytes arrive; 0 for none.
    #[track_caller]
    fn check(text: &str, expected: u64) {
        for piece in [1, 2, 7, text.len()] {
            let found = Found::default();
            let mut framing = Framing::new(found.clone());
            text.as_bytes().chunks(piece).for_each(|bytes| framing.read(bytes));
            assert_eq!(found.0.load(Ordering::Relaxed), expected, "in pieces of {piece}: {text:?}");
        }
    }

    const BOTH: &str = "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";

    #[test]
    fn a_head_with_two_lengths_is_found_in_either_order_and_any_case() {
        check(BOTH, 1);
        check("POST / HTTP/1.1\r\ntransfer-ENCODING:chunked\r\nx: y\r\ncontent-length:  3 \r\n\r\n", 1);
        check("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 0);
        check("POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 0);
        check("POST / HTTP/1.1\r\nX-Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 0);
    }

    #[test]
    fn a_line_that_ends_with_lf_alone_is_found() {
        check("GET / HTTP/1.1\nHost: x\r\n\r\n", 1);
        check("GET / HTTP/1.1\r\nHost: x\n\r\n", 1);
        check("GET / HTTP/1.1\r\nHost: x\r\n\n", 1);
        check("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 0);
    }

    #[test]
    fn a_later_request_is_found_by_its_number() {
        let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        check(&format!("{get}{get}{BOTH}"), 3);
        check(&format!("\r\n{get}\r\n\r\nPOST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nab\ncd{BOTH}"), 3);
    }

    #[test]
    fn what_is_in_a_body_is_no_head() {
        let length = BOTH.len();
        check(&format!("POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{BOTH}"), 0);
        check(&format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{BOTH}"), 0);
        check(&format!("POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n{BOTH}"), 0);
    }
}
