//! Times as people give them: an instant, a date, or how long ago.
//!
//! Whoever refuses a time names the flag: these are parsers of arguments, and so the argument's name stands before what they say.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// What each letter behind a number means, in seconds.
const UNITS: [(char, i64); 5] = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400), ('w', 604_800)];

/// A time that has been: `2026-01-31T12:00:00Z`, `2026-01-31` (where it begins in UTC), or `90s`, `30m`, `2h`, `3d`, `1w` ago.
pub fn past(text: &str) -> Result<Timestamp, String> {
    read(text, now(), -1)
}

/// A time to come: as [`past`], but `90d` from now.
pub fn future(text: &str) -> Result<Timestamp, String> {
    read(text, now(), 1)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a command's time is the time of the machine, unless an argument says otherwise"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

fn read(text: &str, now: Timestamp, direction: i64) -> Result<Timestamp, String> {
    if let Some(span) = span(text) {
        let moved = span.and_then(|span| now.checked_add(span * i32::try_from(direction).ok()?).ok());
        return moved.ok_or_else(|| "it is too long".to_owned());
    }
    // Years have four digits and no sign. At the far end of those that have one, the library that reads them panics.
    let is_plain = text.starts_with(|c: char| c.is_ascii_digit());
    let instant =
        || text.parse().ok().or_else(|| Some(text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp()));
    is_plain.then(instant).flatten().ok_or_else(|| {
        let whence = if direction < 0 { "ago" } else { "from now" };
        format!("a time is like 2026-01-31T12:00:00Z, 2026-01-31 (in UTC), or like 30m, 2h or 3d for so long {whence}")
    })
}

/// A number and a letter, if that is what it is, and how long that is, if there is such a time.
fn span(text: &str) -> Option<Option<SignedDuration>> {
    let letter = text.chars().next_back()?;
    let (_, seconds) = UNITS.into_iter().find(|(unit, _)| *unit == letter)?;
    let number = text.strip_suffix(letter).filter(|number| !number.is_empty())?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(number.parse::<i64>().ok().and_then(|number| number.checked_mul(seconds)).map(SignedDuration::from_secs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, direction: i64, expected: Result<&str, &str>) {
        let now = "2026-01-31T12:00:00Z".parse().unwrap();
        let read = read(text, now, direction).map(|at| at.to_string());
        assert_eq!(read.as_ref().map(String::as_str).map_err(|error| &**error), expected, "{text}");
    }

    #[test]
    fn a_time_is_an_instant_a_date_or_a_span() {
        for direction in [-1, 1] {
            check("2022-03-29T01:29:36Z", direction, Ok("2022-03-29T01:29:36Z"));
            check("2022-03-29T01:29:36.5+02:00", direction, Ok("2022-03-28T23:29:36.5Z"));
            check("2022-03-29", direction, Ok("2022-03-29T00:00:00Z"));
        }
        for (span, before, after) in [
            ("90s", "2026-01-31T11:58:30Z", "2026-01-31T12:01:30Z"),
            ("30m", "2026-01-31T11:30:00Z", "2026-01-31T12:30:00Z"),
            ("2h", "2026-01-31T10:00:00Z", "2026-01-31T14:00:00Z"),
            ("3d", "2026-01-28T12:00:00Z", "2026-02-03T12:00:00Z"),
            ("1w", "2026-01-24T12:00:00Z", "2026-02-07T12:00:00Z"),
            ("0d", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ] {
            check(span, -1, Ok(before));
            check(span, 1, Ok(after));
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_what_one_is() {
        let ago = "a time is like 2026-01-31T12:00:00Z, 2026-01-31 (in UTC), or like 30m, 2h or 3d for so long ago";
        for text in [
            "",
            "yesterday",
            "2h30m",
            "-2h",
            "+2h",
            "2 h",
            "h",
            "é",
            "2é",
            "2y",
            "2022-13-01",
            "12:00",
            "-009999-01-01",
            "2022",
        ] {
            check(text, -1, Err(ago));
        }
        check("soon", 1, Err(&ago.replace("ago", "from now")));
        for text in ["9999999999999h", "99999999999999999999d", "999999999w"] {
            check(text, -1, Err("it is too long"));
        }
    }
}
