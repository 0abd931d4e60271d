//! No module, file, folder or crate is named for having no place: what has no name is not a thing yet.

use std::fs;
use std::io;
use std::path::Path;

use super::Fault;

/// Refused alone and as the last word of a name: `common.rs`, `time_utils.rs`, `webhook-manager`.
const BANNED: &[&str] = &["util", "utils", "common", "helper", "helpers", "core", "base", "manager"];

/// Every banned name below `crates` and `xtask`.
pub(super) fn check(root: &Path) -> io::Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for folder in ["crates", "xtask"] {
        walk(root, &root.join(folder), &mut faults)?;
    }
    Ok(faults)
}

fn walk(root: &Path, folder: &Path, faults: &mut Vec<Fault>) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let place = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        let is_folder = entry.file_type()?.is_dir();
        if is_folder || is_source {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            faults.extend(check_name(&name).map(|what| Fault::new(place.clone(), what)));
        }
        if is_source {
            let text = fs::read_to_string(&path)?;
            let found = modules(&text).into_iter().filter_map(|(line, name)| Some((line, check_name(name)?)));
            faults.extend(found.map(|(line, what)| Fault::new(format!("{place}:{line}"), what)));
        }
        if is_folder {
            walk(root, &path, faults)?;
        }
    }
    Ok(())
}

fn check_name(name: &str) -> Option<String> {
    let last = name.rsplit(['_', '-']).next().unwrap_or(name);
    BANNED.contains(&last).then(|| format!("'{name}' says nothing: name it for what it is (docs/STYLE.md)"))
}

/// The modules with a body that a file declares, each with its line's number. Those without are files, met as such.
fn modules(text: &str) -> Vec<(usize, &str)> {
    text.lines().zip(1..).filter_map(|(line, number)| Some((number, module(line.trim_start())?))).collect()
}

fn module(line: &str) -> Option<&str> {
    let line = if line.starts_with("pub") { &line[line.find(" mod ")? + 1..] } else { line };
    let (name, _) = line.strip_prefix("mod ")?.split_once('{')?;
    Some(name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_thing_is_refused_alone_and_at_the_end() {
        for name in ["utils", "helper", "time_util", "webhook-manager", "core"] {
            assert!(check_name(name).is_some(), "{name}");
        }
    }

    #[test]
    fn other_names_pass_even_if_they_contain_one() {
        for name in ["base64", "base_url", "corelation", "managers_of_content", "commonmark", "lib"] {
            assert_eq!(check_name(name), None, "{name}");
        }
    }

    #[test]
    fn modules_with_a_body_are_seen_with_their_line() {
        let text = ["fn a() {}", "mod tests {", "    pub(in crate::a) mod utils {", "mod file;", "// mod common {"];
        assert_eq!(modules(&text.join("\n")), [(2, "tests"), (3, "utils")]);
    }

    #[test]
    fn files_folders_and_modules_below_crates_are_walked() {
        let root = std::env::temp_dir().join(format!("schoolbell-names-{}", std::process::id()));
        let source = root.join("crates/engine/src/common");
        fs::create_dir_all(&source).unwrap();
        fs::create_dir_all(root.join("xtask")).unwrap();
        fs::write(source.join("time_utils.rs"), ["", "mod helpers {}"].join("\n")).unwrap();
        fs::write(source.join("utils.sql"), "").unwrap();
        let places: Vec<String> = check(&root).unwrap().into_iter().map(|fault| fault.place).collect();
        fs::remove_dir_all(&root).unwrap();
        let file = "crates/engine/src/common/time_utils.rs";
        assert_eq!(places, ["crates/engine/src/common", file, &format!("{file}:2")]);
    }
}
