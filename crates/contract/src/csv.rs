//! Tables for spreadsheets (ours): what is text stays text.

/// How formulas begin, for spreadsheets in the East too, and how some begin a command.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '|', '%'];

/// A text in quotes; one that a spreadsheet would take for a formula begins with an apostrophe. Some drop a tab or the end of a line
/// at the beginning and look at what follows.
pub fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['\t', '\r', '\n']) || text.trim_start().starts_with(FORMULA);
    format!("\"{}{}\"", if is_formula { "'" } else { "" }, text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_none_ends_early() {
        for (text, expected) in [
            ("Ada & Sons", r#""Ada & Sons""#),
            (r#"The "Bell", Ltd"#, r#""The ""Bell"", Ltd""#),
            ("=HYPERLINK(1)", r#""'=HYPERLINK(1)""#),
            (" @SUM(1)", r#""' @SUM(1)""#),
            ("-1+1", r#""'-1+1""#),
            ("+1", r#""'+1""#),
            ("|calc", r#""'|calc""#),
            ("\t=1", "\"'\t=1\""),
            ("\r\n1", "\"'\r\n1\""),
            ("\n", "\"'\n\""),
            ("＝1", r#""'＝1""#),
            ("a\r\n=b", "\"a\r\n=b\""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
