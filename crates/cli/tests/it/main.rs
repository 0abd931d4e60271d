//! The commands as people type them, against a small server with the platform's published answers.

mod help;
mod offline;
mod online;
mod platform;

use std::path::Path;

use clap::Parser;

/// The commands as the binary mounts them.
#[derive(Parser)]
#[command(name = "schoolbell")]
enum Schoolbell {
    #[command(flatten)]
    Command(cli::Command),
    /// Receive webhooks
    #[command(subcommand)]
    Companion(cli::CompanionCommand),
}

/// What a command printed, and how it ended.
#[derive(Debug)]
struct Ended {
    printed: String,
    error: Option<String>,
}

/// Runs a command line, words separated by spaces.
async fn run(line: &str) -> Ended {
    let mut out = Vec::new();
    let ended = match Schoolbell::try_parse_from(line.split_whitespace()).map_err(|error| error.to_string()) {
        Ok(Schoolbell::Command(command)) => cli::run(command, &mut out).await,
        Ok(Schoolbell::Companion(command)) => cli::companion(command, &mut out).await,
        Err(refused) => return Ended { printed: String::new(), error: Some(refused) },
    };
    Ended { printed: String::from_utf8(out).unwrap(), error: ended.err().map(|error| format!("{error:#}")) }
}

/// What a command that succeeds prints.
async fn printed(line: &str) -> String {
    let ended = run(line).await;
    assert_eq!(ended.error, None, "{line}");
    ended.printed
}

/// Writes a body into a file of its own.
fn file(folder: &Path, body: &[u8]) -> String {
    let path = folder.join("body.json");
    std::fs::write(&path, body).unwrap();
    path.to_str().unwrap().to_owned()
}
