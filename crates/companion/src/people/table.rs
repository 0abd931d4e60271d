//! Tables as spreadsheets write them: RFC 4180, with commas, semicolons or tabs, with or without a byte order mark.

use std::str::Chars;

/// The longest cell, in bytes. A quote that is never closed takes in all that follows.
const CELL_BYTES_MAX: usize = 16 * 1024;

/// A line that is not empty.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it begins, counted from 1.
    pub(super) number: usize,
    pub(super) cells: Vec<String>,
}

/// Why a line cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub(super) struct TableError {
    pub(super) line: usize,
    pub(super) problem: String,
}

/// Reads line by line; nothing comes after an error.
pub(super) fn read(text: &str) -> impl Iterator<Item = Result<Line, TableError>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let head = text.lines().next().unwrap_or_default();
    let separator = [',', ';', '\t'].into_iter().find(|separator| head.contains(*separator)).unwrap_or(',');
    let mut lines = Lines { rest: text.chars(), separator, number: 1 };
    std::iter::from_fn(move || lines.next_line()).filter(|line| !line.as_ref().is_ok_and(Line::is_empty))
}

impl Line {
    fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

struct Lines<'a> {
    rest: Chars<'a>,
    separator: char,
    /// The line that is read, counted from 1.
    number: usize,
}

/// What ends a cell.
#[derive(PartialEq, Eq)]
enum End {
    Cell,
    Line,
}

impl Lines<'_> {
    fn next_line(&mut self) -> Option<Result<Line, TableError>> {
        if self.rest.as_str().is_empty() {
            return None;
        }
        let mut line = Line { number: self.number, cells: Vec::new() };
        loop {
            let cell = if self.rest.as_str().starts_with('"') { self.quoted() } else { Ok(self.plain()) };
            let (cell, end) = match cell.and_then(|cell| self.checked(cell)) {
                Ok(cell) => cell,
                Err(problem) => {
                    self.rest = "".chars();
                    return Some(Err(TableError { line: line.number, problem: problem.to_owned() }));
                }
            };
            line.cells.push(cell);
            if end == End::Line {
                return Some(Ok(line));
            }
        }
    }

    fn checked(&self, (cell, end): (String, End)) -> Result<(String, End), &'static str> {
        if cell.len() > CELL_BYTES_MAX {
            Err("a cell is too long, perhaps because a quote is not closed")
        } else {
            Ok((cell, end))
        }
    }

    fn plain(&mut self) -> (String, End) {
        let text = self.rest.as_str();
        let end = text.find([self.separator, '\r', '\n']).unwrap_or(text.len());
        self.rest = text[end..].chars();
        (text[..end].to_owned(), self.end().expect("a plain cell ends where one can"))
    }

    /// In quotes, two of which stand for one.
    fn quoted(&mut self) -> Result<(String, End), &'static str> {
        let mut cell = String::new();
        self.rest.next();
        loop {
            match self.rest.next() {
                None => return Err("a quote is not closed"),
                Some('"') if self.rest.as_str().starts_with('"') => {
                    self.rest.next();
                    cell.push('"');
                }
                Some('"') => break,
                Some(c) => {
                    self.number += usize::from(c == '\n');
                    cell.push(c);
                }
            }
        }
        Ok((cell, self.end().ok_or("something stands behind a closing quote")?))
    }

    /// Takes what ends a cell.
    fn end(&mut self) -> Option<End> {
        let text = self.rest.as_str();
        let (length, end) = match text.chars().next() {
            None => (0, End::Line),
            Some(c) if c == self.separator => (c.len_utf8(), End::Cell),
            Some('\n') => (1, End::Line),
            Some('\r') => (if text.starts_with("\r\n") { 2 } else { 1 }, End::Line),
            Some(_) => return None,
        };
        self.rest = text[length..].chars();
        self.number += usize::from(end == End::Line);
        Some(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(usize, &[&str])]) {
        let lines: Vec<Line> = read(text).collect::<Result<_, _>>().unwrap();
        let lines: Vec<(usize, Vec<&str>)> =
            lines.iter().map(|line| (line.number, line.cells.iter().map(String::as_str).collect())).collect();
        let expected: Vec<(usize, Vec<&str>)> =
            expected.iter().map(|(number, cells)| (*number, cells.to_vec())).collect();
        assert_eq!(lines, expected, "{text:?}");
    }

    #[test]
    fn tables_are_read_as_spreadsheets_write_them() {
        check("", &[]);
        check("\u{feff}a,b\r\nc,d\r\n", &[(1, &["a", "b"]), (2, &["c", "d"])]);
        check("a;b,c\n1;2", &[(1, &["a;b", "c"]), (2, &["1;2"])]);
        check("a;b\n1;2,5", &[(1, &["a", "b"]), (2, &["1", "2,5"])]);
        check("a\tb\n1\t", &[(1, &["a", "b"]), (2, &["1", ""])]);
        check("a\n\n , \nb\rc", &[(1, &["a"]), (4, &["b"]), (5, &["c"])]);
        check("a,b\n\"x, \"\"y\"\"\r\nz\",2\n3,4", &[(1, &["a", "b"]), (2, &["x, \"y\"\r\nz", "2"]), (4, &["3", "4"])]);
        check("a,b\nx\"y,\"\"\n", &[(1, &["a", "b"]), (2, &["x\"y", ""])]);
    }

    #[track_caller]
    fn check_refused(text: &str, expected: &str) {
        let ended: Vec<_> = read(text).collect();
        let (last, before) = ended.split_last().unwrap();
        assert!(before.iter().all(Result::is_ok));
        assert_eq!(last.as_ref().unwrap_err().to_string(), expected);
    }

    #[test]
    fn what_is_no_table_is_refused_by_line() {
        check_refused("a,b\n1,\"2\n3,4\n", "line 2: a quote is not closed");
        check_refused("a,b\n1,\"2\" x\n3,4\n", "line 2: something stands behind a closing quote");
        let long = "a cell is too long, perhaps because a quote is not closed";
        check_refused(&format!("a\n{}", "x".repeat(CELL_BYTES_MAX + 1)), &format!("line 2: {long}"));
        assert!(read(&"x".repeat(CELL_BYTES_MAX)).all(|line| line.is_ok()));
    }
}
