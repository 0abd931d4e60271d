//! What people look at: the table for spreadsheets, and calendars, cut down to what is of interest here.

use anyhow::{Context, Result};

/// The columns of the table that are shown.
const COLUMNS: [&str; 7] = ["portal_id", "title", "state", "days_left", "remove_time", "remove_here_at", "not_started"];
/// The properties of an event that are shown.
const PROPERTIES: [&str; 5] = ["SUMMARY", "DTSTART", "SEQUENCE", "STATUS", "TRIGGER"];

/// Some columns of a table of comma-separated values, as lines.
pub(super) fn table(csv: &str) -> Result<Vec<String>> {
    let mut rows = csv.lines().map(cells);
    let head = rows.next().context("the table has a head")?;
    let at = |column: &str| head.iter().position(|name| name == column).context("the table has its columns");
    let columns: Vec<usize> = COLUMNS.into_iter().map(at).collect::<Result<_>>()?;
    let row = |cells: Vec<String>| {
        let mut columns = columns.iter().map(|column| cells.get(*column).cloned().unwrap_or_default());
        COLUMNS.map(|_| columns.next().unwrap_or_default())
    };
    let shown = cli::output::rows(COLUMNS, rows.map(row)).to_string();
    Ok(shown.lines().map(|line| line.trim_end().to_owned()).collect())
}

/// The cells of a line: in quotes, or not.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_quoted = false;
    for c in line.chars() {
        match (c, cells.last_mut()) {
            ('"', _) => is_quoted = !is_quoted,
            (',', _) if !is_quoted => cells.push(String::new()),
            (c, Some(cell)) => cell.push(c),
            (_, None) => {}
        }
    }
    cells
}

/// The events of a calendar, a line for each.
pub(super) fn events(calendar: &str) -> Vec<String> {
    // A long line goes on in the next, after a space.
    let unfolded = calendar.replace("\r\n ", "");
    let events = unfolded.split("BEGIN:VEVENT\r\n").skip(1);
    let of = |event: &str| {
        let shown = event.lines().filter(|line| PROPERTIES.iter().any(|name| line.starts_with(name)));
        shown.collect::<Vec<_>>().join("  ")
    };
    events.map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_in_quotes_is_part_of_its_cell() {
        assert_eq!(cells(r#"1,"Fire, and ""safety""",,x"#), ["1", "Fire, and safety", "", "x"]);
    }

    #[test]
    fn an_event_is_a_line() {
        let calendar = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Ends: a long\r\n er one\r\nUID:1\r\nSTATUS:CONFIRMED\r\n\
                        END:VEVENT\r\nEND:VCALENDAR\r\n";
        assert_eq!(events(calendar), ["SUMMARY:Ends: a longer one  STATUS:CONFIRMED"]);
    }
}
