//! Files of inputs: one a line, as Rust writes bytes, so that people can read them and add their own.

use std::fs;
use std::io;
use std::path::Path;

use crate::Failure;

/// How many inputs of a target are kept, the shortest ones.
const KEPT_MAX: usize = 250;

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

/// Keeps the shortest inputs of the folder, and says how many they are.
pub(super) fn pack(folder: &Path, kept: &Path) -> Result<usize, Failure> {
    let reading = |error: io::Error| failure("reading", folder, &error);
    let mut inputs = Vec::new();
    for entry in fs::read_dir(folder).map_err(reading)? {
        inputs.push(fs::read(entry.map_err(reading)?.path()).map_err(reading)?);
    }
    inputs.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    inputs.truncate(KEPT_MAX);
    let lines: String = inputs.iter().map(|input| format!("{}\n", input.escape_ascii())).collect();
    fs::write(kept, lines).map_err(|error| failure("writing", kept, &error))?;
    Ok(inputs.len())
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
