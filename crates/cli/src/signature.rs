//! `schoolbell signature …`: what a developer of a receiver needs when signatures do not match. Works offline.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use client::verify::Verifier;
use contract::signature::{HEADER, TOLERANCE, TimestampUnit, sign};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::output::Output;
use crate::time::{now, past};

/// The longest body that is read, in bytes. Deliveries have about 400.
const BODY_BYTES_MAX: u64 = 1024 * 1024;

/// What can be done with signatures.
#[derive(clap::Subcommand)]
pub enum SignatureCommand {
    /// Print the signature header of a body
    #[command(after_help = "Example:\n  \
        schoolbell signature sign --secret MyS3cretK#y body.json")]
    Sign(Sign),
    /// Say whether a body was signed with the secret, and if not, why not
    #[command(after_help = "Example:\n  \
        schoolbell signature verify --secret MyS3cretK#y --header 't=1648517376,v1=441a…eb8795' body.json")]
    Verify(Verify),
}

/// How to sign.
#[derive(clap::Args)]
pub struct Sign {
    /// When it was signed; now, if not given
    #[arg(long, value_name = "TIME", value_parser = past)]
    at: Option<Timestamp>,
    /// Write the time in milliseconds instead of seconds
    #[arg(long)]
    milliseconds: bool,
    #[command(flatten)]
    secrets: Secrets,
    #[command(flatten)]
    body: Body,
    #[command(flatten)]
    output: Output,
}

/// What to verify against.
#[derive(clap::Args)]
pub struct Verify {
    /// Header that came with the body: `Name: value`, or the value of Go1-Signature alone; may be given several times
    #[arg(long = "header", value_name = "HEADER", required = true)]
    headers: Vec<String>,
    /// What time it is; now, if not given
    #[arg(long, value_name = "TIME", value_parser = past)]
    at: Option<Timestamp>,
    /// How far the signature's time may lie from that, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = TOLERANCE.as_secs())]
    tolerance: i64,
    #[command(flatten)]
    secrets: Secrets,
    #[command(flatten)]
    body: Body,
    #[command(flatten)]
    output: Output,
}

/// What to sign or verify with.
#[derive(clap::Args)]
pub(crate) struct Secrets {
    /// Secret of the webhook; may be given several times, the newest first
    #[arg(
        long = "secret",
        env = "SCHOOLBELL_WEBHOOK_SECRET",
        value_name = "SECRET",
        hide_env_values = true,
        required = true
    )]
    secrets: Vec<String>,
}

/// What to sign or verify.
#[derive(clap::Args)]
pub(crate) struct Body {
    /// File with the body exactly as it is sent, no line feed added; standard input if not given or `-`
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
}

pub(crate) fn run(command: SignatureCommand, out: &mut dyn Write) -> anyhow::Result<()> {
    match command {
        SignatureCommand::Sign(args) => print(&args, out),
        SignatureCommand::Verify(args) => verify(args, out),
    }
}

fn print(args: &Sign, out: &mut dyn Write) -> anyhow::Result<()> {
    let secrets: Vec<&str> = args.secrets.secrets.iter().map(String::as_str).collect();
    ensure!(!secrets.contains(&""), "the secret is empty");
    let unit = if args.milliseconds { TimestampUnit::Milliseconds } else { TimestampUnit::Seconds };
    let value = sign(&secrets, args.at.unwrap_or_else(now), unit, &read(&args.body.file)?);
    args.output.write(out, &json!({ "name": HEADER, "value": value }), |_| format!("{HEADER}: {value}"))
}

fn verify(args: Verify, out: &mut dyn Write) -> anyhow::Result<()> {
    let verifier = Verifier::new(args.secrets.secrets)?.with_tolerance(SignedDuration::from_secs(args.tolerance));
    let headers: Vec<(&str, &str)> = args.headers.iter().map(|header| split(header)).collect();
    let body = read(&args.body.file)?;
    let verified = verifier.verify(headers.as_slice(), &body, args.at.unwrap_or_else(now));
    let reason = verified.err().map(|error| error.to_string());
    let report = json!({ "verified": reason.is_none(), "reason": reason, "body_bytes": body.len() });
    let word = if reason.is_none() { "verified" } else { "refused" };
    args.output.write(out, &report, |_| format!("{word}: a body of {} bytes", body.len()))?;
    match reason {
        None => Ok(()),
        Some(reason) => bail!("the signature does not hold: {reason}"),
    }
}

/// Name and value of a header line; what has no name is the value of the published header.
fn split(header: &str) -> (&str, &str) {
    match header.split_once(':') {
        Some((name, value)) => (name.trim(), value.trim()),
        None => (HEADER, header.trim()),
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).with_context(|| format!("opening {}", path.display()))?)
    };
    let mut body = Vec::new();
    source.take(BODY_BYTES_MAX + 1).read_to_end(&mut body).with_context(|| format!("reading {}", path.display()))?;
    ensure!(body.len() as u64 <= BODY_BYTES_MAX, "the body is longer than {BODY_BYTES_MAX} bytes");
    Ok(body)
}
