//! A password that is typed in or comes through a pipe: never an argument, which others can see.

use std::io::{BufRead, IsTerminal, Read, Write, stdin};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use domain::password::{CHARS_MAX, Password};

/// The longest line that is read, in bytes.
const LINE_BYTES_MAX: u64 = 4 * CHARS_MAX as u64 + 2;

/// Asks for a new password: twice at a terminal, where it is not shown.
pub(super) fn password() -> Result<Password> {
    if !stdin().is_terminal() {
        return Ok(Password::choose(&line(&mut stdin().lock())?)?);
    }
    let first = Password::choose(&hidden("New password: ")?)?;
    ensure!(Password::choose(&hidden("The same again: ")?).ok() == Some(first.clone()), "these are two passwords");
    Ok(first)
}

fn hidden(prompt: &str) -> Result<String> {
    eprint!("{prompt}");
    std::io::stderr().flush()?;
    let is_hidden = echo("-echo");
    let typed = line(&mut stdin().lock());
    if is_hidden {
        echo("echo");
        eprintln!();
    }
    typed
}

/// Switches on or off that what is typed is shown; false where that cannot be done.
fn echo(how: &str) -> bool {
    Command::new("stty")
        .arg(how)
        .stdin(Stdio::inherit())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|done| done.success())
}

fn line(input: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    input.take(LINE_BYTES_MAX).read_line(&mut line).context("reading the password")?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_and_no_more() {
        for (input, expected) in [("abc\ndef", "abc"), ("abc\r\n", "abc"), (" a b ", " a b "), ("", "")] {
            assert_eq!(line(&mut input.as_bytes()).unwrap(), expected);
        }
        assert_eq!(line(&mut "x".repeat(5_000).as_bytes()).unwrap().len() as u64, LINE_BYTES_MAX);
    }
}
