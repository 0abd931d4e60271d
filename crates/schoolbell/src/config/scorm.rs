//! What packages carry along.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use scorm::edition::Runtime;
use scorm::schemas::{BYTES_MAX, FILES_MAX, Schemas};
use serde::{Deserialize, Serialize};

/// How deep folders of schemas may lie in each other.
const DEPTH_MAX: usize = 4;

/// Section `[scorm]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ScormSection {
    /// A folder with the schemas of SCORM, in `1.2` and `2004`, which packages then carry along: some LMSs insist on them. Default:
    /// none.
    pub(crate) schemas: Option<PathBuf>,
}

impl ScormSection {
    /// The schemas of the folder, if one is named.
    pub(crate) fn schemas(&self) -> Result<Schemas> {
        let mut schemas = Schemas::default();
        let Some(folder) = &self.schemas else { return Ok(schemas) };
        read(folder, &mut schemas).context("scorm.schemas")?;
        Ok(schemas)
    }
}

fn read(folder: &Path, schemas: &mut Schemas) -> Result<()> {
    for runtime in [Runtime::Scorm12, Runtime::Scorm2004] {
        let folder = folder.join(runtime.as_str());
        if folder.is_dir() {
            read_folder(&folder, "", runtime, schemas, DEPTH_MAX)?;
        }
    }
    let is_empty = !schemas.has(Runtime::Scorm12) && !schemas.has(Runtime::Scorm2004);
    ensure!(!is_empty, "{} has no .xsd in a folder 1.2 or 2004", folder.display());
    Ok(())
}

/// Takes the schemas of a folder and of those in it, under names that begin with `prefix`. Other files stay where they are.
fn read_folder(folder: &Path, prefix: &str, runtime: Runtime, schemas: &mut Schemas, depth: usize) -> Result<()> {
    ensure!(depth > 0, "{} lies more than {DEPTH_MAX} folders deep", folder.display());
    let reading = || format!("reading {}", folder.display());
    for (n, entry) in fs::read_dir(folder).with_context(reading)?.enumerate() {
        ensure!(n < 2 * FILES_MAX, "{} has more than {} files", folder.display(), 2 * FILES_MAX);
        let path = entry.with_context(reading)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            read_folder(&path, &format!("{prefix}{name}/"), runtime, schemas, depth - 1)?;
        } else if name.ends_with(".xsd") || name.ends_with(".dtd") {
            let content = content(&path).with_context(|| format!("reading {}", path.display()))?;
            let added = schemas.add(runtime, &format!("{prefix}{name}"), content);
            added.with_context(|| format!("taking {}", path.display()))?;
        }
    }
    Ok(())
}

/// A file, or so much of it that it is too long.
fn content(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(BYTES_MAX as u64 + 1).read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these files, a byte in each.
    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        folder
    }

    fn schemas(folder: &Path) -> Result<Schemas> {
        ScormSection { schemas: Some(folder.to_owned()) }.schemas()
    }

    #[test]
    fn schemas_are_taken_and_nothing_else() {
        assert_eq!(ScormSection::default().schemas().unwrap(), Schemas::default());
        let folder = folder(&["1.2/a.xsd", "1.2/README.md", "2004/common/b.xsd", "2004/c.dtd", "other/d.xsd", "e.xsd"]);
        let mut expected = Schemas::default();
        expected.add(Runtime::Scorm12, "a.xsd", b"x".to_vec()).unwrap();
        expected.add(Runtime::Scorm2004, "common/b.xsd", b"x".to_vec()).unwrap();
        expected.add(Runtime::Scorm2004, "c.dtd", b"x".to_vec()).unwrap();
        assert_eq!(schemas(folder.path()).unwrap(), expected);
    }

    #[track_caller]
    fn check_refused(names: &[&str], part: &str) {
        let folder = folder(names);
        let error = format!("{:#}", schemas(folder.path()).unwrap_err());
        assert!(error.starts_with("scorm.schemas: ") && error.contains(part), "{error}");
    }

    #[test]
    fn a_folder_that_is_none_of_schemas_is_refused() {
        check_refused(&["e.xsd", "2004/README.md"], "has no .xsd in a folder 1.2 or 2004");
        check_refused(&["1.2/a b.xsd"], "a b.xsd: its name must be");
        check_refused(&["2004/a/b/c/d/e.xsd"], "more than 4 folders deep");
        let many: Vec<String> = (0..=FILES_MAX).map(|n| format!("1.2/{n}.xsd")).collect();
        check_refused(&many.iter().map(String::as_str).collect::<Vec<_>>(), "at most 200 files");
        let folder = folder(&["1.2/a.xsd"]);
        fs::write(folder.path().join("1.2/b.xsd"), vec![0; BYTES_MAX]).unwrap();
        assert!(format!("{:#}", schemas(folder.path()).unwrap_err()).contains("bytes together"));
        assert!(format!("{:#}", schemas(&folder.path().join("nowhere")).unwrap_err()).starts_with("scorm.schemas: "));
    }
}
