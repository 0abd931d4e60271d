//! Names of files in an archive: which of them mean the same thing, and nothing else, on every system and in every address.

/// How deep a file may lie: its name and those of the folders above it.
pub const DEPTH_MAX: usize = 64;
/// The longest name of a file or a folder, in bytes, as file systems have it.
pub const NAME_BYTES_MAX: usize = 255;
/// The longest path, in bytes.
pub const PATH_BYTES_MAX: usize = 1_024;

/// Names that are devices on some systems, whatever follows behind a dot.
const DEVICES: [&str; 8] = ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$", "config$"];
/// The same with a digit behind them.
const NUMBERED_DEVICES: [&str; 2] = ["com", "lpt"];

/// Why a name will not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// It begins at the root of a file system.
    #[error("has an absolute path")]
    Absolute,
    /// It begins with the letter of a drive.
    #[error("has the letter of a drive in its path")]
    Drive,
    /// It leads up, or nowhere.
    #[error("has a path with '..', '.' or nothing between two slashes")]
    Dots,
    /// It has a backslash, which is a separator to some and a letter to others.
    #[error("has a backslash in its path: pack it with forward slashes, as the zip format wants them")]
    Backslash,
    /// It has a control character.
    #[error("has a control character in its name")]
    Control,
    /// It is a device on some systems.
    #[error("has the name of a device on some systems")]
    Device,
    /// It is longer than [`NAME_BYTES_MAX`] or [`PATH_BYTES_MAX`], or there is none.
    #[error("has a name of more than {NAME_BYTES_MAX} or a path of more than {PATH_BYTES_MAX} bytes, or none")]
    Length,
    /// It lies deeper than [`DEPTH_MAX`].
    #[error("lies more than {DEPTH_MAX} folders deep")]
    Depth,
}

/// Judges a path, and gives what all paths have in common that are the same file on a system that is least particular about it.
pub(super) fn judge(path: &str) -> Result<String, BadName> {
    if path.is_empty() || path.len() > PATH_BYTES_MAX {
        return Err(BadName::Length);
    }
    if path.chars().any(char::is_control) {
        return Err(BadName::Control);
    }
    if path.contains('\\') {
        return Err(BadName::Backslash);
    }
    if path.starts_with('/') {
        return Err(BadName::Absolute);
    }
    if matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic()) {
        return Err(BadName::Drive);
    }
    if path.split('/').count() > DEPTH_MAX {
        return Err(BadName::Depth);
    }
    let folded: Result<Vec<String>, BadName> = path.split('/').map(judge_part).collect();
    Ok(folded?.join("/"))
}

fn judge_part(part: &str) -> Result<String, BadName> {
    if part.len() > NAME_BYTES_MAX {
        return Err(BadName::Length);
    }
    // Some systems leave these out at the end of a name, and then a name of nothing else leads up, or nowhere.
    let folded = part.trim_end_matches(['.', ' ']).to_lowercase();
    if folded.is_empty() {
        return Err(BadName::Dots);
    }
    let stem = folded.split(['.', ':']).next().unwrap_or_default().trim_end();
    let is_numbered = |device: &str| {
        let digit = stem.strip_prefix(device).unwrap_or_default();
        digit.chars().count() == 1 && digit.chars().all(|c| c.is_ascii_digit() || matches!(c, '¹' | '²' | '³'))
    };
    if DEVICES.contains(&stem) || NUMBERED_DEVICES.into_iter().any(is_numbered) {
        return Err(BadName::Device);
    }
    Ok(folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Result<&str, BadName>) {
        assert_eq!(judge(path).as_deref().map_err(|error| *error), expected, "{path:?}");
    }

    #[test]
    fn what_leads_out_of_the_folder_is_refused() {
        for dots in
            ["..", "../a", "a/../b", "a/..", "./a", "a/./b", "a//b", "a/", "...", "a/ /b", "a/.. /b", ". ./a", "a/..."]
        {
            check(dots, Err(BadName::Dots));
        }
        for absolute in ["/a", "//a", "/etc/passwd"] {
            check(absolute, Err(BadName::Absolute));
        }
        for drive in ["C:/a", "c:a", "Z:"] {
            check(drive, Err(BadName::Drive));
        }
        for backslash in ["..\\a", "a\\b", "\\\\server\\share", "C:\\a"] {
            check(backslash, Err(BadName::Backslash));
        }
        check("a\0.html", Err(BadName::Control));
        check("a\n", Err(BadName::Control));
        check("a\u{85}b", Err(BadName::Control));
    }

    #[test]
    fn devices_are_no_files() {
        for device in
            ["con", "CON", "a/Nul.txt", "aux.tar.gz", "com1", "LPT9.html", "COM¹", "nul .txt", "NUL:", "prn./a"]
        {
            check(device, Err(BadName::Device));
        }
        for file in ["console.js", "comma.css", "com10", "lpt", "null.html", "icon"] {
            check(file, Ok(file));
        }
    }

    #[test]
    fn lengths_have_limits() {
        let long = "a".repeat(NAME_BYTES_MAX);
        check(&long, Ok(&long));
        check(&format!("{long}a"), Err(BadName::Length));
        check("", Err(BadName::Length));
        let deep = vec!["a"; DEPTH_MAX].join("/");
        check(&deep, Ok(&deep));
        check(&format!("{deep}/a"), Err(BadName::Depth));
        let path = |bytes: usize| {
            let folders = format!("{long}/{long}/{long}/b/");
            format!("{folders}{}", "c".repeat(bytes - folders.len()))
        };
        check(&path(PATH_BYTES_MAX), Ok(&path(PATH_BYTES_MAX)));
        check(&path(PATH_BYTES_MAX + 1), Err(BadName::Length));
    }

    #[test]
    fn names_that_are_one_file_somewhere_are_folded_into_one() {
        check("Scripts/API.js", Ok("scripts/api.js"));
        check("Ünïts/a. ", Ok("ünïts/a"));
        check("Lesson 1: fire.html", Ok("lesson 1: fire.html"));
        check(".htaccess", Ok(".htaccess"));
        check("a/日本語.html", Ok("a/日本語.html"));
    }
}
