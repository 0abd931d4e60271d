//! Files of inputs: one a line, as Rust writes bytes, so that people can read them and add their own.

use std::fs;
use std::io;
use std::path::Path;

use crate::Failure;

/// How many inputs of a target are kept.
const KEPT_MAX: usize = 200;
/// The longest line that is kept, in bytes.
const LINE_BYTES_MAX: usize = 600;

/// Makes a file in the folder of each input in the kept ones.
pub(super) fn unpack(kept: &Path, folder: &Path) -> Result<(), Failure> {
    let text = fs::read_to_string(kept).map_err(|error| failure("reading", kept, &error))?;
    fs::create_dir_all(folder).map_err(|error| failure("making", folder, &error))?;
    for (number, line) in text.lines().enumerate() {
        let why = || Failure::Found(format!("{}:{}: not as Rust writes bytes", kept.display(), number + 1));
        let input = unescape(line).ok_or_else(why)?;
        let file = folder.join(format!("kept-{number}"));
        fs::write(&file, input).map_err(|error| failure("writing", &file, &error))?;
    }
    Ok(())
}

/// Adds inputs of the folder to the kept ones, short and long, as far as there is room, and says how many there are then. What was
/// kept stays.
pub(super) fn pack(folder: &Path, kept: &Path) -> Result<usize, Failure> {
    let text = fs::read_to_string(kept).map_err(|error| failure("reading", kept, &error))?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let reading = |error: io::Error| failure("reading", folder, &error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(reading)? {
        let line = fs::read(entry.map_err(reading)?.path()).map_err(reading)?.escape_ascii().to_string();
        if line.len() <= LINE_BYTES_MAX && !lines.contains(&line) {
            found.push(line);
        }
    }
    found.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    let room = KEPT_MAX.saturating_sub(lines.len()).min(found.len());
    lines.extend((0..room).map(|place| found[place * found.len() / room].clone()));
    fs::write(kept, lines.join("\n") + "\n").map_err(|error| failure("writing", kept, &error))?;
    Ok(lines.len())
}

/// Makes an empty folder.
pub(super) fn empty(folder: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failure("emptying", folder, &error)),
        _ => {}
    }
    fs::create_dir_all(folder).map_err(|error| failure("making", folder, &error))
}

fn failure(doing: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::Found(format!("{doing} {}: {error}", path.display()))
}

/// What [`slice::escape_ascii`] was given.
fn unescape(line: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = line.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte != b'\\' {
            byte
        } else {
            match rest.next()? {
                b't' => b'\t',
                b'r' => b'\r',
                b'n' => b'\n',
                byte @ (b'\'' | b'"' | b'\\') => byte,
                b'x' => {
                    let digit = |byte: u8| char::from(byte).to_digit(16);
                    u8::try_from(digit(rest.next()?)? * 16 + digit(rest.next()?)?).ok()?
                }
                _ => return None,
            }
        });
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_read_as_it_was_written() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(unescape(&bytes.escape_ascii().to_string()), Some(bytes));
        for wrong in ["\\", "\\q", "\\x1", "\\xg0"] {
            assert_eq!(unescape(wrong), None, "{wrong}");
        }
    }
}
