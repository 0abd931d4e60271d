//! Uploaded SCORM packages: what a manifest said of one, and its files.

use jiff::{SignedDuration, Timestamp};

use crate::id::{LearningObjectId, PackageId, PortalId};

/// How much of a file is stored and read at once, in bytes: every chunk but the last has so many, in every database that there is, so it
/// stays as it is.
pub const CHUNK_BYTES_MAX: usize = 256 * 1024;
/// How long an upload may take until its last piece is stored; what is unfinished for longer is dropped. Longer than the API lets one
/// take.
pub const UNFINISHED_FOR: SignedDuration = SignedDuration::from_hours(2);
/// How long the files of a package can still be fetched after another took its place, so that learners who have it open can
/// finish.
pub const REPLACED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What a package was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageEdition {
    /// SCORM 1.2: it looks for `API`.
    Scorm12,
    /// SCORM 2004, 2nd edition, like all later ones: it looks for `API_1484_11`.
    Scorm2004Second,
    /// SCORM 2004, 3rd edition.
    Scorm2004Third,
    /// SCORM 2004, 4th edition.
    Scorm2004Fourth,
}

impl PackageEdition {
    /// Every edition, oldest first.
    pub const ALL: [PackageEdition; 4] = [
        PackageEdition::Scorm12,
        PackageEdition::Scorm2004Second,
        PackageEdition::Scorm2004Third,
        PackageEdition::Scorm2004Fourth,
    ];

    /// The spelling on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            PackageEdition::Scorm12 => "1.2",
            PackageEdition::Scorm2004Second => "2004-2",
            PackageEdition::Scorm2004Third => "2004-3",
            PackageEdition::Scorm2004Fourth => "2004-4",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn read(text: &str) -> Option<Self> {
        PackageEdition::ALL.into_iter().find(|edition| edition.as_str() == text)
    }
}

/// A package, all of whose files were read and found good before the first was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Whoever has it may fetch the files.
    pub id: PackageId,
    /// The owner of the content.
    pub portal_id: PortalId,
    /// The content that it was uploaded for.
    pub lo_id: LearningObjectId,
    /// What it was made for.
    pub edition: PackageEdition,
    /// Its title, as its manifest has it.
    pub title: String,
    /// What is opened first: a relative reference to one of its files, with a query or a fragment where the manifest has one,
    /// percent-encoded, ready to be put behind the package's own address.
    pub entry: String,
    /// What its manifest wants handed to it as `cmi.launch_data`.
    pub launch_data: Option<String>,
    /// What its manifest wants as `cmi.student_data.mastery_score`: a decimal number from 0 to 100. Of 1.2 only.
    pub mastery_score: Option<String>,
    /// How many files it has.
    pub files: u32,
    /// How long they are together, in bytes.
    pub bytes: u64,
    /// When it was uploaded.
    pub created_at: Timestamp,
}

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageFile {
    /// Its path from the root of the package, with forward slashes, not encoded.
    pub path: String,
    /// How long it is.
    pub bytes: u64,
}

impl PackageFile {
    /// What a browser is told that it is.
    pub fn content_type(&self) -> &'static str {
        content_type(&self.path)
    }
}

/// A part of a file, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackagePiece {
    /// The file's path.
    pub path: String,
    /// How long the whole file is.
    pub file_bytes: u64,
    /// Which chunk of it this is, counted from 0.
    pub n: u32,
    /// What is in it: [`CHUNK_BYTES_MAX`], or what is left. Nothing in the one piece of an empty file.
    pub bytes: Vec<u8>,
}

/// What a browser is told that a file is, by the end of its name. Nothing is said of the encoding of texts: each says so itself, or
/// relies on what its author's server did not say.
pub fn content_type(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    match extension.as_str() {
        "html" | "htm" => "text/html",
        "xhtml" => "application/xhtml+xml",
        "css" => "text/css",
        "js" | "mjs" => "text/javascript",
        "json" | "map" => "application/json",
        "xml" | "xsd" | "xsl" | "dtd" => "text/xml",
        "txt" => "text/plain",
        "csv" => "text/csv",
        "vtt" => "text/vtt",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "bmp" => "image/bmp",
        "ico" => "image/x-icon",
        "mp4" | "m4v" => "video/mp4",
        "webm" => "video/webm",
        "ogv" => "video/ogg",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "aac" => "audio/aac",
        "ogg" | "oga" => "audio/ogg",
        "wav" => "audio/wav",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        "pdf" => "application/pdf",
        "wasm" => "application/wasm",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_name_ends_in() {
        let check = |path: &str, expected| assert_eq!(content_type(path), expected, "{path}");
        check("index.html", "text/html");
        check("a.b/INDEX.HTM", "text/html");
        check("js/a.min.js", "text/javascript");
        check("video/a.MP4", "video/mp4");
        check("a.html/readme", "application/octet-stream");
        check("html", "application/octet-stream");
        check("a.html.exe", "application/octet-stream");
        check(".css", "text/css");
    }

    #[test]
    fn editions_are_read_as_they_are_written() {
        for edition in PackageEdition::ALL {
            assert_eq!(PackageEdition::read(edition.as_str()), Some(edition));
        }
        assert_eq!(PackageEdition::read("1.3"), None);
    }
}
