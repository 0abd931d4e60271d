//! Tables for people, JSON for scripts.

use std::fmt::Display;
use std::io::Write;

use comfy_table::{LineStyle, Table, TableStyle, presets};
use serde::Serialize;

#[derive(clap::Args)]
pub(crate) struct Output {
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

impl Output {
    /// Writes `value` as JSON, or as what `text` makes of it.
    pub(crate) fn write<T: Serialize, D: Display>(
        &self,
        out: &mut dyn Write,
        value: &T,
        text: impl FnOnce(&T) -> D,
    ) -> anyhow::Result<()> {
        if self.json {
            serde_json::to_writer_pretty(&mut *out, value)?;
            writeln!(out)?;
        } else {
            for line in text(value).to_string().lines() {
                writeln!(out, "{}", line.trim_end())?;
            }
        }
        Ok(())
    }

    /// Writes a line that only people want.
    pub(crate) fn remark(&self, out: &mut dyn Write, text: &str) -> anyhow::Result<()> {
        if !self.json {
            writeln!(out, "{text}")?;
        }
        Ok(())
    }
}

/// A line below the header and no other: a screen holds more rows, and other tools can cut them.
const PLAIN: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));

/// A table of rows below a header.
pub fn rows<const COLUMNS: usize>(header: [&str; COLUMNS], rows: impl IntoIterator<Item = [String; COLUMNS]>) -> Table {
    let mut table = Table::new();
    table.load_style(PLAIN).set_header(header);
    for row in rows {
        table.add_row(row.map(|text| printable(&text)));
    }
    table
}

/// A table of one thing: a line for each of its fields.
pub(crate) fn fields(fields: impl IntoIterator<Item = (&'static str, String)>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for (name, value) in fields {
        table.add_row([name.to_owned(), printable(&value)]);
    }
    table
}

/// What is absent, as people see it.
pub(crate) fn or_dash<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// Names and addresses are other people's text: one that holds control characters must not drive the terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\n\u{9b}c"), "a\u{fffd}[31mb\u{fffd}\u{fffd}c");
        let table = rows(["name"], [["\u{1b}]0;x".to_owned()]]).to_string();
        assert!(!table.contains('\u{1b}'), "{table:?}");
        let table = fields([("name", "\u{1b}]0;x".to_owned())]).to_string();
        assert!(!table.contains('\u{1b}'), "{table:?}");
    }
}
