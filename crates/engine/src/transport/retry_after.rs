//! Reading `Retry-After`: a number of seconds, or a date. Pure.

use domain::retry::DELAY_MAX;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, fmt::strtime};

/// The three spellings of a date in HTTP: the one that is written today, and the two that must still be read.
const DATES: [&str; 3] = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// How long a receiver asks to be left alone. What is not understood, negative or past is as if it were not there;
/// what is longer than [`DELAY_MAX`] is cut to it (decision 3).
pub fn parse(value: &str, now: Timestamp) -> Option<SignedDuration> {
    let value = value.trim();
    let asked = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number too long for 64 bits is still a number, only a very large one.
        SignedDuration::from_secs(value.parse().unwrap_or(i64::MAX))
    } else {
        date(value)?.duration_since(now)
    };
    (!asked.is_negative()).then(|| asked.min(DELAY_MAX))
}

fn date(value: &str) -> Option<Timestamp> {
    let parsed = DATES.iter().find_map(|format| strtime::parse(format, value).ok())?;
    // The last hours of the year 9999 can be written, but are no instants.
    Some(parsed.to_datetime().ok()?.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, seconds: Option<i64>) {
        let now = "1994-11-06T08:49:07Z".parse().unwrap();
        assert_eq!(parse(value, now), seconds.map(SignedDuration::from_secs), "{value:?}");
    }

    #[test]
    fn seconds_are_a_span() {
        check("120", Some(120));
        check(" 0 ", Some(0));
    }

    #[test]
    fn a_date_in_any_spelling_counts_from_now() {
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(30));
        check("Sunday, 06-Nov-94 08:49:37 GMT", Some(30));
        check("Sun Nov  6 08:49:37 1994", Some(30));
    }

    #[test]
    fn what_is_huge_is_cut_to_a_day() {
        for value in [
            "86401",
            "9223372036854775807",
            "9223372036854775808",
            "99999999999999999999999",
            "Fri, 31 Dec 9999 23:59:59 GMT",
        ] {
            check(value, Some(86_400));
        }
    }

    #[test]
    fn what_is_past_or_makes_no_sense_is_ignored() {
        for value in [
            "",
            " ",
            "-1",
            "+5",
            "1.5",
            "5s",
            "soon",
            "0x10",
            "١",
            "Sun, 06 Nov 1994 08:49:06 GMT",
            "Sun, 06 Nov 1994",
            "Sun, 99 Nov 1994 08:49:37 GMT",
        ] {
            check(value, None);
        }
    }
}
