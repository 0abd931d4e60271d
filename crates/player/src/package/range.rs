//! Which part of a file is wanted: RFC 9110, section 14. One part at most; who wants several gets all.

use axum::http::HeaderValue;

/// A part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    /// Its first byte.
    pub(super) first: u64,
    /// How many bytes it has.
    pub(super) length: u64,
}

/// What is wanted of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    All,
    /// A part of it, which is not empty.
    Part(Range),
    /// Something that it has not.
    Nothing,
}

/// Reads the header, of a file of that length.
pub(super) fn read(header: Option<&HeaderValue>, length: u64) -> Wanted {
    let Some(range) = header.and_then(|header| header.to_str().ok()) else { return Wanted::All };
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-')) else {
        return Wanted::All;
    };
    match (number(first), number(last)) {
        (Number::Is(first), Number::Is(last)) if first > last => Wanted::All,
        (Number::Is(first), _) if first >= length => Wanted::Nothing,
        (Number::Is(first), Number::Is(last)) => {
            Wanted::Part(Range { first, length: last.min(length - 1) - first + 1 })
        }
        (Number::Is(first), Number::Missing) => Wanted::Part(Range { first, length: length - first }),
        (Number::Missing, Number::Is(last)) if last == 0 || length == 0 => Wanted::Nothing,
        (Number::Missing, Number::Is(last)) => {
            let wanted = last.min(length);
            Wanted::Part(Range { first: length - wanted, length: wanted })
        }
        (Number::Missing, Number::Missing) | (Number::Strange, _) | (_, Number::Strange) => Wanted::All,
    }
}

enum Number {
    Missing,
    Is(u64),
    Strange,
}

fn number(text: &str) -> Number {
    match text {
        "" => Number::Missing,
        // One that is too large for us is beyond the end of every file.
        _ if text.bytes().all(|byte| byte.is_ascii_digit()) => Number::Is(text.parse().unwrap_or(u64::MAX)),
        _ => Number::Strange,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(range: &str, length: u64, expected: Wanted) {
        assert_eq!(read(Some(&HeaderValue::from_str(range).unwrap()), length), expected, "{range} of {length}");
    }

    const fn part(first: u64, length: u64) -> Wanted {
        Wanted::Part(Range { first, length })
    }

    #[test]
    fn one_part_is_given() {
        check("bytes=0-0", 10, part(0, 1));
        check("bytes=2-5", 10, part(2, 4));
        check("bytes=2-", 10, part(2, 8));
        check("bytes=-3", 10, part(7, 3));
        check("bytes=-30", 10, part(0, 10));
        check("bytes=9-99", 10, part(9, 1));
        check("bytes=0-18446744073709551616", 10, part(0, 10));
    }

    #[test]
    fn what_is_beyond_the_end_is_not_there() {
        check("bytes=10-", 10, Wanted::Nothing);
        check("bytes=10-20", 10, Wanted::Nothing);
        check("bytes=-0", 10, Wanted::Nothing);
        check("bytes=0-", 0, Wanted::Nothing);
        check("bytes=-1", 0, Wanted::Nothing);
        check("bytes=99999999999999999999-", 10, Wanted::Nothing);
    }

    #[test]
    fn what_makes_no_sense_asks_for_all() {
        for range in
            ["", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=0-1,4-5", "bytes=+1-2", "items=0-1"]
        {
            check(range, 10, Wanted::All);
        }
        assert_eq!(read(None, 10), Wanted::All);
    }
}
