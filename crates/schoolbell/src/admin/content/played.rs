//! What is played: showing it, and uploading a package from a file.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use domain::audit::Noted;
use domain::change::Change;
use domain::id::PackageId;
use domain::learning_object::{Content, LearningObject};
use domain::package::Package;
use gateway::upload::{self, Purpose};
use serde::Serialize;

use super::{ContentArgs, find};
use crate::admin::Outcome;
use crate::operator;
use crate::provision::Provisioner;

/// The longest file that is read, in bytes: what is longer is too long unpacked.
const FILE_BYTES_MAX: u64 = scorm::archive::UNPACKED_BYTES_MAX;

#[derive(clap::Args)]
#[command(after_help = "Example:\n  schoolbell admin content upload 741712 course.zip --portal 11861197 --json")]
pub(in crate::admin) struct UploadArgs {
    #[command(flatten)]
    content: ContentArgs,
    /// The package: SCORM 1.2 or SCORM 2004 (2nd to 4th edition), of one part
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Serialize)]
struct Shown {
    lo_id: String,
    title: String,
    /// `text`, `video`, `link` or `package`.
    content: Option<&'static str>,
    text: Option<String>,
    url: Option<String>,
    package: Option<ShownPackage>,
}

#[derive(Serialize)]
struct ShownPackage {
    title: String,
    edition: &'static str,
    entry: String,
    files: u32,
    bytes: u64,
    uploaded_time: String,
}

const HEADER: [&str; 7] = ["id", "title", "content", "what", "edition", "files", "bytes"];
/// How much of a text a table shows, in characters.
const CELL_CHARS_MAX: usize = 60;

pub(super) async fn show(provisioner: &Provisioner, args: &ContentArgs) -> Result<Outcome> {
    let content = find(provisioner, args).await?;
    let package = match content.content.as_ref().and_then(Content::package) {
        Some(id) => provisioner.store.find_package(id).await?,
        None => None,
    };
    outcome(&content, package)
}

pub(super) async fn upload(provisioner: &Provisioner, args: &UploadArgs) -> Result<Outcome> {
    let lo = find(provisioner, &args.content).await?;
    let archive = read(&args.file)?;
    let now = provisioner.clock.now();
    let purpose = Purpose {
        id: PackageId::draw(&*provisioner.random),
        portal_id: lo.owner_id,
        lo_id: lo.id,
        per_portal_bytes_max: i64::MAX as u64,
        now,
    };
    let kept = upload::keep(&*provisioner.store, archive, purpose).await;
    let package = kept.with_context(|| format!("uploading {}", args.file.display()))?;
    // The content as it is now: storing the files took a while.
    let before = find(provisioner, &args.content).await?;
    let content = Some(Content::Package(package.id.clone()));
    let after = LearningObject { content, updated_at: now, ..before.clone() };
    let noted = Noted::content(&before, &after, now);
    let saved = provisioner.store.save_package_content(&package.id, Change::silent(after.clone()));
    operator::by(noted, saved).await?;
    outcome(&after, Some(package))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let opened = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    let mut archive = Vec::new();
    opened.take(FILE_BYTES_MAX + 1).read_to_end(&mut archive).with_context(|| format!("reading {}", path.display()))?;
    ensure!(archive.len() as u64 <= FILE_BYTES_MAX, "{} is longer than {FILE_BYTES_MAX} bytes", path.display());
    Ok(archive)
}

fn outcome(lo: &LearningObject, package: Option<Package>) -> Result<Outcome> {
    let (mut text, mut url) = (None, None);
    match &lo.content {
        Some(Content::Text(markdown)) => text = Some(markdown.as_str().to_owned()),
        Some(Content::Video(address) | Content::Link(address)) => url = Some(address.as_str().to_owned()),
        Some(Content::Package(_)) | None => {}
    }
    let shown = Shown {
        lo_id: lo.id.to_string(),
        title: lo.title.clone(),
        content: lo.content.as_ref().map(Content::kind),
        text,
        url,
        package: package.map(|package| ShownPackage {
            title: package.title,
            edition: package.edition.as_str(),
            entry: package.entry,
            files: package.files,
            bytes: package.bytes,
            uploaded_time: package.created_at.to_string(),
        }),
    };
    Outcome::one(HEADER, &shown, cells)
}

fn cells(shown: &Shown) -> [String; 7] {
    let package = shown.package.as_ref();
    let what = shown.text.as_deref().or(shown.url.as_deref()).or(package.map(|package| package.entry.as_str()));
    let what = what.unwrap_or_default().lines().next().unwrap_or_default().chars().take(CELL_CHARS_MAX).collect();
    [
        shown.lo_id.clone(),
        shown.title.clone(),
        shown.content.unwrap_or_default().to_owned(),
        what,
        package.map(|package| package.edition.to_owned()).unwrap_or_default(),
        package.map(|package| package.files.to_string()).unwrap_or_default(),
        package.map(|package| package.bytes.to_string()).unwrap_or_default(),
    ]
}
