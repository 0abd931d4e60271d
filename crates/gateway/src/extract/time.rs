//! The ends of spans of time in a query.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, de};

/// Where a span begins: an instant, or the first of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct From(pub(crate) Timestamp);

/// Where a span ends: an instant, or the last of a second or of a day. What is shown as `01:29:36` happened within that
/// second, so a span up to `01:29:36` holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct To(pub(crate) Timestamp);

/// How long `2022-03-29` is.
const DATE_LENGTH: usize = 10;

enum Read {
    Instant(Timestamp),
    Day { first: Timestamp, last: Timestamp },
}

impl<'de> Deserialize<'de> for From {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match read(&text).ok_or_else(|| not_a_time(&text))? {
            Read::Instant(at) | Read::Day { first: at, .. } => Ok(From(at)),
        }
    }
}

impl<'de> Deserialize<'de> for To {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match read(&text).ok_or_else(|| not_a_time(&text))? {
            Read::Instant(at) if at.subsec_nanosecond() == 0 => Ok(To(last_of_second(at))),
            Read::Instant(at) | Read::Day { last: at, .. } => Ok(To(at)),
        }
    }
}

/// Reads an RFC 3339 instant or a date. A `+` that was not encoded in the query arrives as a space.
fn read(text: &str) -> Option<Read> {
    // As on the wire: years have four digits and no sign, and the library that reads others panics at their far end.
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let instant = text.parse().ok().or_else(|| plus(text));
    if let Some(at) = instant {
        return Some(Read::Instant(at));
    }
    // A date alone: with a time but no offset it is no instant, and a date would be read from its beginning.
    let day: Date = (text.len() == DATE_LENGTH).then(|| text.parse().ok())??;
    let first = |day: Date| day.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let next = first(day.tomorrow().ok()?)?;
    Some(Read::Day { first: first(day)?, last: next.checked_sub(SignedDuration::from_nanos(1)).ok()? })
}

fn plus(text: &str) -> Option<Timestamp> {
    let (time, offset) = text.rsplit_once(' ')?;
    format!("{time}+{offset}").parse().ok()
}

fn last_of_second(at: Timestamp) -> Timestamp {
    at.saturating_add(SignedDuration::from_nanos(999_999_999)).unwrap_or(Timestamp::MAX)
}

fn not_a_time<E: de::Error>(text: &str) -> E {
    E::custom(format_args!("{text:?} is not an instant such as 2022-03-29T01:29:36Z"))
}

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, StrDeserializer};

    use super::*;

    #[track_caller]
    fn check(text: &str, from: &str, to: &str) {
        let deserializer = || -> StrDeserializer<'_, Error> { text.into_deserializer() };
        assert_eq!(From::deserialize(deserializer()).unwrap().0.to_string(), from);
        assert_eq!(To::deserialize(deserializer()).unwrap().0.to_string(), to);
    }

    #[test]
    fn a_span_holds_the_second_or_the_day_that_it_ends_with() {
        check("2022-03-29T01:29:36Z", "2022-03-29T01:29:36Z", "2022-03-29T01:29:36.999999999Z");
        check("2022-03-29T01:29:36.5Z", "2022-03-29T01:29:36.5Z", "2022-03-29T01:29:36.5Z");
        check("2022-03-29", "2022-03-29T00:00:00Z", "2022-03-29T23:59:59.999999999Z");
    }

    #[test]
    fn a_plus_that_was_not_encoded_is_still_an_offset() {
        check("2022-03-29T11:29:36 10:00", "2022-03-29T01:29:36Z", "2022-03-29T01:29:36.999999999Z");
        check("2022-03-29T11:29:36+10:00", "2022-03-29T01:29:36Z", "2022-03-29T01:29:36.999999999Z");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "yesterday", "1648517376", "2022-03-29T01:29:36", "2022-02-30"] {
            let deserializer: StrDeserializer<'_, Error> = text.into_deserializer();
            assert!(From::deserialize(deserializer).is_err(), "{text:?}");
        }
    }
}
