//! Schemas that packages carry along for LMSs that insist on them. They are not ours: whoever operates the platform gives them.

use std::collections::BTreeMap;

use crate::edition::Runtime;

/// How many files there may be for each runtime.
pub const FILES_MAX: usize = 200;
/// How long they may be together for each runtime, in bytes.
pub const BYTES_MAX: usize = 4 * 1024 * 1024;
/// The longest name of a file, in bytes.
pub const NAME_BYTES_MAX: usize = 100;

/// The schemas for packages of each runtime, by the names that they have in the zip.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schemas {
    scorm_1_2: BTreeMap<String, Vec<u8>>,
    scorm_2004: BTreeMap<String, Vec<u8>>,
}

/// Why a file cannot be carried along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Not a name that every LMS reads.
    #[error(
        "its name must be of at most {NAME_BYTES_MAX} letters, digits, hyphens, dots and underscores, and end in .xsd or .dtd"
    )]
    Name,
    /// There are enough already.
    #[error("there may be at most {FILES_MAX} files for packages of one version")]
    Files,
    /// They are large enough already.
    #[error("the files for packages of one version may have at most {BYTES_MAX} bytes together")]
    Bytes,
}

impl Schemas {
    /// Adds a file under its name in the zip: folders are parted by `/`.
    pub fn add(&mut self, runtime: Runtime, name: &str, content: Vec<u8>) -> Result<(), SchemaError> {
        if !is_name(name) {
            return Err(SchemaError::Name);
        }
        let files = self.of_mut(runtime);
        if files.len() >= FILES_MAX {
            return Err(SchemaError::Files);
        }
        if files.values().map(Vec::len).sum::<usize>() + content.len() > BYTES_MAX {
            return Err(SchemaError::Bytes);
        }
        files.insert(name.to_owned(), content);
        Ok(())
    }

    /// Whether there are any for a runtime.
    pub fn has(&self, runtime: Runtime) -> bool {
        !self.of(runtime).is_empty()
    }

    pub(crate) fn files(&self, runtime: Runtime) -> impl Iterator<Item = (&str, &[u8])> {
        self.of(runtime).iter().map(|(name, content)| (name.as_str(), content.as_slice()))
    }

    fn of(&self, runtime: Runtime) -> &BTreeMap<String, Vec<u8>> {
        match runtime {
            Runtime::Scorm12 => &self.scorm_1_2,
            Runtime::Scorm2004 => &self.scorm_2004,
        }
    }

    fn of_mut(&mut self, runtime: Runtime) -> &mut BTreeMap<String, Vec<u8>> {
        match runtime {
            Runtime::Scorm12 => &mut self.scorm_1_2,
            Runtime::Scorm2004 => &mut self.scorm_2004,
        }
    }
}

/// Whether a name leads into the package and nowhere else, and is none of the package's own: those end otherwise.
fn is_name(name: &str) -> bool {
    let sane = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(sane);
    let is_schema = name.ends_with(".xsd") || name.ends_with(".dtd");
    name.len() <= NAME_BYTES_MAX && is_schema && name.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_into_the_package() {
        let mut schemas = Schemas::default();
        for name in ["adlcp_rootv1p2.xsd", "common/dataTypes.xsd", "XMLSchema.dtd"] {
            assert_eq!(schemas.add(Runtime::Scorm2004, name, vec![1]), Ok(()), "{name}");
        }
        let long = format!("{}.xsd", "a".repeat(NAME_BYTES_MAX));
        for name in
            ["", ".xsd", "../a.xsd", "/a.xsd", "a//b.xsd", "a\\b.xsd", "ä.xsd", "index.html", "imsmanifest.xml", &long]
        {
            assert_eq!(schemas.add(Runtime::Scorm2004, name, vec![1]), Err(SchemaError::Name), "{name}");
        }
        assert!(schemas.has(Runtime::Scorm2004) && !schemas.has(Runtime::Scorm12));
        assert_eq!(schemas.files(Runtime::Scorm2004).count(), 3);
    }

    #[test]
    fn they_are_few_and_small() {
        let mut schemas = Schemas::default();
        assert_eq!(schemas.add(Runtime::Scorm12, "a.xsd", vec![0; BYTES_MAX]), Ok(()));
        assert_eq!(schemas.add(Runtime::Scorm12, "b.xsd", vec![0]), Err(SchemaError::Bytes));
        for n in 0..FILES_MAX {
            assert_eq!(schemas.add(Runtime::Scorm2004, &format!("{n}.xsd"), vec![0]), Ok(()));
        }
        assert_eq!(schemas.add(Runtime::Scorm2004, "more.xsd", vec![0]), Err(SchemaError::Files));
    }
}
