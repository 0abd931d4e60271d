//! `schoolbell package …`

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use client::platform::package::PackageOptions;
use serde_json::json;

use crate::connection::Call;

/// What can be done with SCORM packages.
#[derive(clap::Subcommand)]
pub enum PackageCommand {
    /// Write the SCORM package of a learning object into a file
    #[command(
        after_help = "Example:\n  schoolbell package download 741712 --destination 31001 --ref HR-42 --output fire-safety.zip"
    )]
    Download(Download),
}

/// Which package, and where to.
#[derive(clap::Args)]
pub struct Download {
    /// Learning object, by either of its ids
    id: String,
    /// Edition of SCORM; without it, 1.2
    #[arg(long = "version", value_name = "EDITION", value_parser = ["1.2", "2004-3", "2004-4"])]
    edition: Option<String>,
    /// Destination whose token the package carries; without it, the portal's oldest active one, made at need
    #[arg(long, value_name = "ID")]
    destination: Option<String>,
    /// What the LMS is to hand back at each launch: your id of the course or the order
    #[arg(long = "ref", value_name = "TEXT")]
    reference: Option<String>,
    /// File to write, in place of what is there
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    call: Call,
}

pub(crate) async fn run(PackageCommand::Download(args): PackageCommand, out: &mut dyn Write) -> anyhow::Result<()> {
    let Download { id, edition: version, destination, reference, file, call } = args;
    let options = PackageOptions { version, destination, reference };
    let zip = call.platform()?.package(&id, &options).await.context("downloading the package")?;
    std::fs::write(&file, &zip).with_context(|| format!("writing {}", file.display()))?;
    let written = json!({ "learning_object": id, "file": file, "bytes": zip.len() });
    call.output.write(out, &written, |_| format!("wrote {}, {} bytes", file.display(), zip.len()))
}
