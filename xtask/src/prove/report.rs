//! How outcomes are shown: as a table for people, as JSON for programs, and kept in `docs/RELIABILITY.md`.

use std::fmt::Write as _;
use std::fs;

use super::row::{Row, Run};
use super::{Outcome, Said};
use crate::Failure;
use crate::process::root;

const DOCUMENT: &str = "docs/RELIABILITY.md";
const BEGIN: &str = "<!-- written by cargo xtask prove --write: from here -->\n";
const END: &str = "<!-- to here -->\n";
const HEAD: [&str; 6] = ["row", "tried", "how often", "result", "progress", "s"];

/// The rows and how they are run.
pub(super) fn list(rows: &[&Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let how = match row.run {
            Run::Tests { package, filters } => format!("tests of {package}: {}", filters.join(" ")),
            Run::Cargo(args) => format!("cargo {}", args.join(" ")),
        };
        let _ = writeln!(text, "{}\n  tried:   {}\n  control: {}\n  run:     {how}", row.ids(), row.what, row.control);
    }
    text
}

/// One line for each thing that was said, and for each row that failed.
fn cells(outcomes: &[Outcome]) -> Vec<[String; 6]> {
    let mut lines = Vec::new();
    for Outcome { row, said, took, failure } in outcomes {
        let mut seconds = Some(took.as_secs().to_string());
        for Said { row, tried, count, progress } in said {
            let held = if failure.is_none() { "held" } else { "held, but see below" };
            let seconds = seconds.take().unwrap_or_default();
            lines.push([row.clone(), tried.clone(), count.clone(), held.to_owned(), progress.clone(), seconds]);
        }
        if let Some(failure) = failure {
            let why = failure.lines().next().unwrap_or_default().to_owned();
            let seconds = seconds.take().unwrap_or_default();
            lines.push([row.ids(), row.what.to_owned(), String::new(), "FAILED".to_owned(), why, seconds]);
        }
    }
    lines
}

/// The table, which is Markdown too.
pub(super) fn table(outcomes: &[Outcome]) -> String {
    let lines = cells(outcomes);
    let clean = |cell: &str| cell.replace('|', "\\|").replace('\n', " ");
    let lines: Vec<[String; 6]> = lines.iter().map(|line| line.each_ref().map(|cell| clean(cell))).collect();
    let all = || [HEAD.map(str::to_owned)].into_iter().chain(lines.clone());
    let width = |column: usize| all().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut text = String::new();
    for (place, line) in all().enumerate() {
        let cells: Vec<String> = line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
        if place == 0 {
            let _ = writeln!(text, "|{}|", widths.map(|width| "-".repeat(width + 2)).join("|"));
        }
    }
    text
}

/// The same as an array of objects.
pub(super) fn json(outcomes: &[Outcome]) -> String {
    let quoted = |text: &str| {
        let mut quoted = String::from("\"");
        for c in text.chars() {
            match c {
                '"' | '\\' => quoted.extend(['\\', c]),
                c if c.is_control() => drop(write!(quoted, "\\u{:04x}", u32::from(c))),
                c => quoted.push(c),
            }
        }
        quoted + "\""
    };
    let object = |line: &[String; 6]| {
        let pairs =
            HEAD.iter().zip(line).map(|(key, cell)| format!("{}:{}", quoted(&key.replace(' ', "_")), quoted(cell)));
        format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
    };
    format!("[{}]", cells(outcomes).iter().map(object).collect::<Vec<_>>().join(","))
}

/// Keeps the table in the document.
pub(super) fn write(outcomes: &[Outcome], soak: bool) -> Result<(), Failure> {
    let path = root().join(DOCUMENT);
    let command = if soak { "cargo xtask prove --soak" } else { "cargo xtask prove" };
    let text = fs::read_to_string(&path).map_err(|error| Failure::Found(format!("reading {DOCUMENT}: {error}")))?;
    let kept = format!("\nBy `{command}`:\n\n{}\n", table(outcomes));
    let text = between(&text, &kept).ok_or_else(|| Failure::Found(format!("{DOCUMENT} has no place for the table")))?;
    fs::write(&path, text).map_err(|error| Failure::Found(format!("writing {DOCUMENT}: {error}")))?;
    eprintln!("the table is in {DOCUMENT}");
    Ok(())
}

/// The text with what stands between the marks replaced.
fn between(text: &str, kept: &str) -> Option<String> {
    let begin = text.find(BEGIN)? + BEGIN.len();
    let end = begin + text[begin..].find(END)?;
    Some(format!("{}{kept}{}", &text[..begin], &text[end..]))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    static ROW: Row = Row { ids: &["R1", "R2"], what: "kills", run: Run::Cargo(&[]), control: "" };

    fn said(row: &str, progress: &str) -> Said {
        Said { row: row.into(), tried: "kill".into(), count: "3".into(), progress: progress.into() }
    }

    fn outcome(failure: Option<&str>) -> Outcome {
        let said = vec![said("R1", "a|\"b\""), said("R2", "all")];
        Outcome { row: &ROW, said, took: Duration::from_secs(7), failure: failure.map(str::to_owned) }
    }

    #[test]
    fn the_table_has_a_line_for_each_thing_said_and_the_time_once() {
        let expected = [
            "| row | tried | how often | result | progress | s |",
            "|-----|-------|-----------|--------|----------|---|",
            "| R1  | kill  | 3         | held   | a\\|\"b\"   | 7 |",
            "| R2  | kill  | 3         | held   | all      |   |",
            "",
        ];
        assert_eq!(table(&[outcome(None)]), expected.join("\n"));
    }

    #[test]
    fn a_failure_is_a_line_of_its_own() {
        let lines = cells(&[outcome(Some("FAILED with 1\nmore"))]);
        assert_eq!(lines[2], ["R1, R2", "kills", "", "FAILED", "FAILED with 1", ""]);
    }

    #[test]
    fn json_is_an_array_of_objects() {
        let text = json(&[outcome(None)]);
        assert!(
            text.starts_with(
                r#"[{"row":"R1","tried":"kill","how_often":"3","result":"held","progress":"a|\"b\"","s":"7"},"#
            ),
            "{text}"
        );
    }

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let text = format!("before\n{BEGIN}old\n{END}after\n");
        assert_eq!(between(&text, "new\n").unwrap(), format!("before\n{BEGIN}new\n{END}after\n"));
        assert_eq!(between("no marks", "new"), None);
        let document = fs::read_to_string(root().join(DOCUMENT)).unwrap();
        assert!(between(&document, "").is_some(), "{DOCUMENT} has a place for the table");
    }
}
