//! A package that goes out: a zip with a manifest, the wrapper, and where the wrapper finds the player.
//!
//! It is a window only. The content stays where it is played, so a package need not be made again when that changes. All code in it is in
//! the zip itself, and two packages of the same are the same bytes.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::edition::{Edition, Facts};
use crate::launch_data::LaunchData;
use crate::manifest::MANIFEST_NAME;
use crate::schemas::Schemas;

/// What is spoken between the wrapper and the player.
pub const PROTOCOL: u32 = 1;

/// How much of a title goes into the name of a file, in characters.
const FILE_TITLE_CHARS_MAX: usize = 60;
/// The name of the file that differs from package to package.
const CONFIG: &str = "config.js";
/// The page that is opened, and what it needs.
const WRAPPER: [(&str, &[u8]); 3] = [
    ("index.html", include_bytes!("../assets/index.html")),
    ("wrapper.js", include_bytes!("../assets/wrapper.js")),
    ("wrapper.css", include_bytes!("../assets/wrapper.css")),
];
/// What a manifest lists, the page that is opened first.
const LISTED: [&str; 4] = [WRAPPER[0].0, CONFIG, WRAPPER[1].0, WRAPPER[2].0];

/// One course for one LMS.
#[derive(Clone, Copy, Debug)]
pub struct Package<'a> {
    /// The edition that the LMS takes.
    pub edition: Edition,
    /// The number of the course.
    pub lo_id: i64,
    /// What people call it.
    pub title: &'a str,
    /// What the LMS is to hand back.
    pub launch_data: &'a LaunchData,
    /// Says where launches come from. Every learner can read it.
    pub token: &'a str,
    /// Where the course is played: an origin, without a slash at its end.
    pub player: &'a str,
    /// Whether `passed` may become `failed`.
    pub lower_status: bool,
}

impl Package<'_> {
    /// The zip.
    pub fn zip(&self, schemas: &Schemas) -> Vec<u8> {
        let (manifest, config) = (self.manifest(), self.config());
        let mut files: BTreeMap<&str, &[u8]> = WRAPPER.into();
        files.extend(schemas.files(self.edition.runtime()));
        files.insert(MANIFEST_NAME, manifest.as_bytes());
        files.insert(CONFIG, config.as_bytes());
        zip(&files)
    }

    /// A name for the zip that every file system takes: what the course is called, as far as that goes in ASCII, its number and the edition.
    pub fn file_name(&self) -> String {
        let plain = self.title.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' });
        let title = plain.collect::<String>().split_whitespace().collect::<Vec<_>>().join("-");
        let title = &title[..title.len().min(FILE_TITLE_CHARS_MAX)];
        let title = if title.is_empty() { "course" } else { title.trim_end_matches('-') };
        format!("{title}-{}-scorm-{}.zip", self.lo_id, self.edition.as_str())
    }

    fn manifest(&self) -> String {
        let Package { lo_id, title, launch_data, .. } = *self;
        self.edition.manifest(&Facts { lo_id, title, launch_data: launch_data.as_str(), files: &LISTED })
    }

    /// The published shape comes first: a program that is not ours takes the first `{…}` of the file for JSON, and its `token` for the
    /// portal's (contract, section 8.1).
    fn config(&self) -> String {
        let Package { lo_id, lower_status, .. } = self;
        let (token, version, player) = (json(self.token), json(self.edition.runtime().as_str()), json(self.player));
        format!(
            "var ScormPackage_Value = {{\"token\":{token},\"version\":{version},\"id\":{lo_id}}};\n\
            var ScormPackage_Player = {{\"origin\":{player},\"protocol\":{PROTOCOL},\"lower_status\":{lower_status}}};\n"
        )
    }
}

fn json(text: &str) -> String {
    serde_json::to_string(text).expect("a text always serialises")
}

/// Files under plain names, in the order of these and without the time at which it was made.
fn zip(files: &BTreeMap<&str, &[u8]>) -> Vec<u8> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, content: &[u8]| {
        writer.start_file(name, options)?;
        writer.write_all(content).map_err(zip::result::ZipError::from)
    };
    let added = files.iter().try_for_each(|(name, content)| add(name, content));
    let written = added.and_then(|()| writer.finish());
    written.expect("memory takes few files, small ones, each under a name of its own").into_inner()
}

#[cfg(test)]
mod tests;
