//! Days and hours as people count them: by their own calendar.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// When people are told that something ends, in days before it.
pub(crate) const THRESHOLDS: [i64; 5] = [60, 30, 14, 7, 1];

/// How many midnights lie between: 0 for what ends today, 1 for tomorrow; negative for what has ended.
pub(crate) fn days_left(ends_at: Timestamp, now: Timestamp, zone: &TimeZone) -> i64 {
    let day = |at: Timestamp| zone.to_datetime(at).date();
    day(now).until(day(ends_at)).map_or(0, |span| span.get_days().into())
}

/// The smallest threshold that is reached, if any is.
pub(crate) fn crossed(thresholds: &[i64], days_left: i64) -> Option<i64> {
    thresholds.iter().copied().filter(|days| days_left <= *days).min()
}

/// The last time up to `now` at which it was `hour` o'clock, on `weekday` if one is given. Where the clocks skip that hour, it is
/// an hour later.
pub(crate) fn latest(weekday: Option<Weekday>, hour: i8, zone: &TimeZone, now: Timestamp) -> Timestamp {
    let today = zone.to_datetime(now).date();
    let days = (0..=7).filter_map(|back| today.checked_sub(back.days()).ok());
    let days = days.filter(|day| weekday.is_none_or(|weekday| day.weekday() == weekday));
    let times = days.filter_map(|day| zone.to_timestamp(day.at(hour, 0, 0, 0)).ok());
    times.filter(|at| *at <= now).max().unwrap_or(Timestamp::MIN)
}

/// A date as people write it: `24 February 2023`.
pub(crate) fn written(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at).date().strftime("%-d %B %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_counted_by_the_calendar_of_the_one_who_reads() {
        let check = |name: &str, now: &str, days: i64| {
            assert_eq!(days_left(at("2023-02-24T22:42:20Z"), at(now), &zone(name)), days, "{name} {now}");
        };
        check("UTC", "2023-02-24T00:00:00Z", 0);
        check("UTC", "2023-02-23T23:59:59Z", 1);
        check("UTC", "2023-02-25T00:00:00Z", -1);
        // In Sydney it is the 25th already when it ends.
        check("Australia/Sydney", "2023-02-24T12:59:59Z", 1);
        check("Australia/Sydney", "2023-02-24T13:00:00Z", 0);
        check("UTC", "2022-11-24T22:42:20Z", 92);
    }

    #[test]
    fn of_the_thresholds_that_are_reached_the_smallest_counts() {
        for (days, expected) in [
            (92, None),
            (61, None),
            (60, Some(60)),
            (31, Some(60)),
            (30, Some(30)),
            (7, Some(7)),
            (1, Some(1)),
            (-3, Some(1)),
        ] {
            assert_eq!(crossed(&THRESHOLDS, days), expected, "{days}");
        }
    }

    #[track_caller]
    fn check_latest(weekday: Option<Weekday>, name: &str, now: &str, expected: &str) {
        assert_eq!(latest(weekday, 8, &zone(name), at(now)).to_string(), expected);
    }

    #[test]
    fn an_hour_is_that_of_the_zone() {
        let monday = Some(Weekday::Monday);
        check_latest(monday, "UTC", "2022-11-28T08:00:00Z", "2022-11-28T08:00:00Z");
        check_latest(monday, "UTC", "2022-11-28T07:59:59Z", "2022-11-21T08:00:00Z");
        check_latest(monday, "Europe/Berlin", "2022-11-28T07:00:00Z", "2022-11-28T07:00:00Z");
        // Monday there is Sunday here.
        check_latest(monday, "Pacific/Auckland", "2022-11-27T19:00:00Z", "2022-11-27T19:00:00Z");
        // Winter and summer time.
        check_latest(monday, "Europe/Berlin", "2022-06-06T06:00:00Z", "2022-06-06T06:00:00Z");
        check_latest(None, "UTC", "2022-11-28T07:00:00Z", "2022-11-27T08:00:00Z");
    }

    #[test]
    fn an_hour_that_the_clocks_skip_comes_an_hour_later() {
        let berlin = zone("Europe/Berlin");
        let came = latest(None, 2, &berlin, at("2022-03-27T12:00:00Z"));
        assert_eq!(came, at("2022-03-27T01:00:00Z"));
    }

    #[test]
    fn dates_are_written_in_words() {
        assert_eq!(written(at("2023-02-24T22:42:20Z"), &zone("UTC")), "24 February 2023");
        assert_eq!(written(at("2023-02-24T22:42:20Z"), &zone("Australia/Sydney")), "25 February 2023");
    }
}
