//! Times that people type in.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// What is said of a text that is no time.
pub(crate) const NO_TIME: &str = "enter a day and a time, such as 2022-03-29T01:29";

/// What somebody typed in: a day, a minute, a second, or an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Its first instant.
    pub(crate) first: Timestamp,
    /// Its last one, to the millisecond.
    pub(crate) last: Timestamp,
}

impl Moment {
    /// Reads `2022-03-29`, `2022-03-29T01:29` or `2022-03-29T01:29:36`, in UTC, or an instant of RFC 3339.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        // Years with a sign are none, and the library that reads them panics at their far end.
        let is_plain = text.starts_with(|c: char| c.is_ascii_digit()) && text.len() <= 35;
        is_plain.then(|| Moment::parse(text)).flatten().ok_or(NO_TIME)
    }

    fn parse(text: &str) -> Option<Self> {
        let plain = text.strip_suffix('Z').unwrap_or(text);
        let lasts = match plain.len() {
            10 => SignedDuration::from_hours(24),
            16 => SignedDuration::from_secs(60),
            19 => SignedDuration::from_secs(1),
            _ => {
                let at = text.parse().ok()?;
                return Some(Moment { first: at, last: at });
            }
        };
        let first = plain.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
        let last = first.checked_add(lasts).ok()?.checked_sub(SignedDuration::from_millis(1)).ok()?;
        Some(Moment { first, last })
    }
}

/// An instant as the fields for times in forms take it, in UTC.
pub(crate) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, first: &str, last: &str) {
        let expected = Moment { first: first.parse().unwrap(), last: last.parse().unwrap() };
        assert_eq!(Moment::read(text), Ok(expected), "{text}");
    }

    #[test]
    fn what_is_typed_lasts_as_long_as_it_says() {
        check("2022-03-29", "2022-03-29T00:00:00Z", "2022-03-29T23:59:59.999Z");
        check("2022-03-29T01:29", "2022-03-29T01:29:00Z", "2022-03-29T01:29:59.999Z");
        check("2022-03-29T01:29Z", "2022-03-29T01:29:00Z", "2022-03-29T01:29:59.999Z");
        check("2022-03-29T01:29:36", "2022-03-29T01:29:36Z", "2022-03-29T01:29:36.999Z");
        check("2022-03-29T03:29:36.676+02:00", "2022-03-29T01:29:36.676Z", "2022-03-29T01:29:36.676Z");
        let strange = [
            "",
            "yesterday",
            "2022-02-30",
            "29.03.2022",
            "9999-12-31",
            "-009999-01-01",
            "+009999-12-31T23:59",
            "0000-00-00T00:00",
            "2022-03-29T01:29:36.676",
            "２022-03-29",
        ];
        for text in strange {
            assert_eq!(Moment::read(text), Err(NO_TIME), "{text}");
        }
        assert_eq!(minute("2022-03-29T01:29:36.676Z".parse().unwrap()), "2022-03-29T01:29");
    }
}
