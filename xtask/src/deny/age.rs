//! How old the advisories are. Told by the newest among them, so no date has to be kept beside the archive.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Failure;

/// Older than this we say so; a check against old advisories is still better than none.
const AGE_DAYS_MAX: i64 = 90;
const SECONDS_PER_DAY: u64 = 24 * 60 * 60;
/// From the day before 1 March of the year 0.
const DAYS_TO_1970: i64 = 719_469;

/// Prints the age; fails when there is no advisory, for then nothing would be checked.
pub(super) fn report(database: &Path) -> Result<(), Failure> {
    let dates = dates(database).map_err(|error| Failure::Found(format!("reading {}: {error}", database.display())))?;
    let newest = dates.iter().max().ok_or_else(|| Failure::Found("the snapshot holds no advisory".to_owned()))?;
    let age = today() - days(newest).expect("only dates were collected");
    eprintln!("{} advisories, the newest of {newest}, {age} days ago", dates.len());
    if age > AGE_DAYS_MAX {
        eprintln!("warning: that is more than {AGE_DAYS_MAX} days; .ci/README.md says how to renew the snapshot");
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the age of a file on this machine is a matter of its clock")]
fn today() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_secs() / SECONDS_PER_DAY).unwrap_or(i64::MAX)
}

/// The date of every advisory: `crates/<name>/RUSTSEC-….md`.
fn dates(database: &Path) -> io::Result<Vec<String>> {
    let mut dates = Vec::new();
    for crate_folder in fs::read_dir(database.join("crates"))? {
        for advisory in fs::read_dir(crate_folder?.path())? {
            dates.extend(date(&fs::read_to_string(advisory?.path())?).map(str::to_owned));
        }
    }
    Ok(dates)
}

/// The line `date = "2026-08-20"` of an advisory.
fn date(advisory: &str) -> Option<&str> {
    let value = advisory.lines().find_map(|line| line.strip_prefix("date")?.trim_start().strip_prefix('='))?;
    let date = value.trim().trim_matches('"');
    days(date).map(|_| date)
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
fn days(date: &str) -> Option<i64> {
    let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || parts.next().is_some() {
        return None;
    }
    // Years that begin in March end with the leap day, so months before this one have a regular length.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(365 * year + leap_days + (153 * month + 2) / 5 + day - DAYS_TO_1970)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_by_the_calendar() {
        for (date, expected) in [
            ("1970-01-01", Some(0)),
            ("1969-12-31", Some(-1)),
            ("2000-02-29", Some(11_016)),
            ("2000-03-01", Some(11_017)),
            ("2026-08-20", Some(20_685)),
            ("2026-13-01", None),
            ("2026-08", None),
            ("2026-08-20-1", None),
            ("soon", None),
        ] {
            assert_eq!(days(date), expected, "{date}");
        }
    }

    #[test]
    fn an_advisory_says_its_date_on_a_line_of_its_own() {
        assert_eq!(date("```toml\n[advisory]\nid = \"A\"\ndate = \"2026-08-20\"\n```\n# A\n"), Some("2026-08-20"));
        assert_eq!(date("date     = \"2026-08-20\""), Some("2026-08-20"));
        assert_eq!(date("withdrawn = \"2026-08-20\""), None);
        assert_eq!(date("date = \"tomorrow\""), None);
    }

    #[test]
    fn a_snapshot_without_advisories_is_refused() {
        let empty = std::env::temp_dir().join(format!("schoolbell-advisories-{}", std::process::id()));
        fs::create_dir_all(empty.join("crates")).unwrap();
        let reported = report(&empty);
        fs::remove_dir_all(&empty).unwrap();
        assert!(matches!(reported, Err(Failure::Found(what)) if what == "the snapshot holds no advisory"));
    }
}
