//! `imsmanifest.xml`: which file of a package is opened first, and what is handed to it.
//!
//! Only names are looked at, not the namespaces they are in: half of the manifests that are about have the wrong ones. What is read
//! stands where a manifest has it; whatever else there is, metadata above all, is passed over. There is no document type, so there
//! are no entities but XML's own five, and nothing outside is ever asked for.

mod encoding;
mod outline;
mod reference;

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

pub use self::outline::BadOutline;
pub use self::reference::{BadReference, Reference};

use self::outline::Outline;

/// The name of a manifest, which lies at the root of its package.
pub const MANIFEST_NAME: &str = "imsmanifest.xml";
/// The longest manifest, in bytes. One names every file of its package.
pub const MANIFEST_BYTES_MAX: u64 = 2 * 1024 * 1024;
/// How deep its elements may lie.
pub const DEPTH_MAX: usize = 64;
/// How many elements it may have.
pub const ELEMENTS_MAX: usize = 50_000;
/// How many attributes an element may have, declarations of namespaces among them.
pub const ATTRIBUTES_MAX: usize = 64;
/// The longest value of an attribute, in bytes.
pub const VALUE_BYTES_MAX: usize = 8 * 1024;
/// The longest text of an element that means something, in bytes.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;
/// The longest text that a package is handed, in characters.
pub const LAUNCH_DATA_CHARS_MAX: usize = 4_096;

/// The editions of SCORM whose packages are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceEdition {
    /// SCORM 1.2.
    Scorm12,
    /// SCORM 2004, 2nd edition, also known as CAM 1.3.
    Scorm2004Second,
    /// SCORM 2004, 3rd edition.
    Scorm2004Third,
    /// SCORM 2004, 4th edition.
    Scorm2004Fourth,
}

impl SourceEdition {
    /// The name by which packages of this edition are known here.
    pub const fn as_str(self) -> &'static str {
        match self {
            SourceEdition::Scorm12 => "1.2",
            SourceEdition::Scorm2004Second => "2004-2",
            SourceEdition::Scorm2004Third => "2004-3",
            SourceEdition::Scorm2004Fourth => "2004-4",
        }
    }
}

/// What a manifest says of its one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// What the package was made for.
    pub edition: SourceEdition,
    /// Its title; empty if it has none.
    pub title: String,
    /// What is opened.
    pub entry: Reference,
    /// What it wants to be handed at each launch.
    pub launch_data: Option<String>,
    /// The score, from 0 to 100, from which on an LMS is to call it passed: a decimal number as it is written. Of 1.2 only.
    pub mastery_score: Option<String>,
}

/// Why a manifest is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// It is longer than [`MANIFEST_BYTES_MAX`].
    #[error("imsmanifest.xml is longer than {} MiB", MANIFEST_BYTES_MAX / 1024 / 1024)]
    Length,
    /// It is in an encoding that is not read.
    #[error("imsmanifest.xml must be in UTF-8, UTF-16 or ISO-8859-1")]
    Encoding,
    /// It is no XML.
    #[error("imsmanifest.xml is not well-formed: {what}, near byte {near}")]
    Xml {
        /// What the parser says.
        what: String,
        /// Where, in UTF-8.
        near: u64,
    },
    /// It has a document type, which could have it grow beyond measure or ask for what lies elsewhere.
    #[error("imsmanifest.xml has a document type (<!DOCTYPE …>), which is not read")]
    DocType,
    /// It names an entity that XML itself does not have.
    #[error("imsmanifest.xml has the entity {0:?}, which XML itself does not have")]
    Entity(String),
    /// It is larger or more intricate than any manifest must be.
    #[error("imsmanifest.xml has more than {0}")]
    Limit(&'static str),
    /// It is XML, and says nothing that can be played.
    #[error("{0}")]
    Outline(#[from] BadOutline),
}

/// Reads a manifest.
///
/// # Errors
///
/// What is wrong with it: with the bytes, with the XML, or with what it says.
pub fn read(bytes: &[u8]) -> Result<Manifest, ManifestError> {
    if bytes.len() as u64 > MANIFEST_BYTES_MAX {
        return Err(ManifestError::Length);
    }
    let text = encoding::decode(bytes).ok_or(ManifestError::Encoding)?;
    let mut reader = Reader::from_str(&text);
    reader.config_mut().expand_empty_elements = true;
    let mut outline = Outline::default();
    let (mut elements, mut depth) = (0, 0);
    loop {
        let near = reader.buffer_position();
        let event = reader.read_event().map_err(|error| ManifestError::Xml { what: error.to_string(), near })?;
        match event {
            Event::Start(start) => {
                elements += 1;
                depth += 1;
                judge_size(elements, depth)?;
                let attributes = attributes(&start, near)?;
                outline.begin(start.local_name().as_ref(), &attributes)?;
            }
            Event::End(_) => {
                depth -= 1;
                outline.end()?;
            }
            Event::Text(text) => outline.text(&text.xml10_content())?,
            Event::CData(text) => outline.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => outline.text(&resolve(&reference, near)?)?,
            Event::DocType(_) => return Err(ManifestError::DocType),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Empty(_) => {}
            Event::Eof if depth > 0 => {
                return Err(ManifestError::Xml { what: "it ends in the middle".to_owned(), near });
            }
            Event::Eof => return Ok(outline.manifest()?),
        }
    }
}

fn judge_size(elements: usize, depth: usize) -> Result<(), ManifestError> {
    if elements > ELEMENTS_MAX {
        return Err(ManifestError::Limit("50,000 elements"));
    }
    if depth > DEPTH_MAX {
        return Err(ManifestError::Limit("64 elements one inside the other"));
    }
    Ok(())
}

/// An attribute: its name without the prefix, and its value.
type Attribute = (String, String);

fn attributes(start: &BytesStart<'_>, near: u64) -> Result<Vec<Attribute>, ManifestError> {
    let broken = |what: String| ManifestError::Xml { what, near };
    let mut read = Vec::new();
    // Whether one comes twice is asked of a few: to ask it of many takes their number squared.
    for attribute in start.attributes().with_checks(false) {
        if read.len() == ATTRIBUTES_MAX {
            return Err(ManifestError::Limit("64 attributes in one element"));
        }
        let attribute = attribute.map_err(|error| broken(error.to_string()))?;
        if attribute.value.len() > VALUE_BYTES_MAX {
            return Err(ManifestError::Limit("8 KiB in one attribute"));
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| broken(error.to_string()))?;
        let name = attribute.key.as_ref();
        if read.iter().any(|(other, _)| other == name) {
            return Err(broken(format!("the attribute {name:?} is there twice")));
        }
        read.push((name.to_owned(), value.into_owned()));
    }
    for (name, _) in &mut read {
        if let Some((_, local)) = name.split_once(':') {
            *name = local.to_owned();
        }
    }
    Ok(read)
}

/// The character or characters that `&…;` stands for.
fn resolve(reference: &BytesRef<'_>, near: u64) -> Result<String, ManifestError> {
    let of_number = reference.resolve_char_ref();
    if let Some(c) = of_number.map_err(|error| ManifestError::Xml { what: error.to_string(), near })? {
        return Ok(c.to_string());
    }
    let name = reference.xml10_content();
    resolve_xml_entity(&name).map(str::to_owned).ok_or_else(|| ManifestError::Entity(name.chars().take(100).collect()))
}

#[cfg(test)]
mod tests;
