//! As much of TOML as manifests use, flattened: each value with the path of keys that leads to it.
//!
//! `[dependencies] a.workspace = true`, `[dependencies.a] workspace = true` and `a = { workspace = true }` all
//! become the same pair. Arrays stay text; nothing here judges whether the file is valid, cargo does.

/// A `Cargo.toml`.
pub(super) struct Manifest {
    pairs: Vec<(Vec<String>, String)>,
}

/// A dependency of a crate, on one of ours or on a borrowed one.
#[derive(Debug, PartialEq)]
pub(super) struct Dependency {
    /// The name it is imported by.
    pub(super) alias: String,
    /// The crate it is.
    pub(super) package: String,
    pub(super) kind: Kind,
    /// Given by path, here and not in the workspace.
    pub(super) is_path: bool,
}

/// When a dependency is linked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Normal,
    Build,
    Dev,
}

impl Manifest {
    /// Reads the text of a manifest.
    pub(super) fn parse(text: &str) -> Self {
        let mut pairs = Vec::new();
        let mut table = Vec::new();
        let mut lines = text.lines().map(|line| without_comment(line).trim().to_owned());
        while let Some(line) = lines.next() {
            if line.starts_with('[') {
                table = keys(line.trim_matches(['[', ']']));
            } else if let Some((key, value)) = split_once_outside_quotes(&line, '=') {
                let mut value = value.trim().to_owned();
                while is_open(&value) {
                    let Some(next) = lines.next() else { break };
                    value.push_str(&next);
                }
                flatten([table.clone(), keys(key)].concat(), &value, &mut pairs);
            }
        }
        Self { pairs }
    }

    /// The value at this path, without quotes.
    pub(super) fn get(&self, path: &[&str]) -> Option<&str> {
        self.pairs.iter().find(|(keys, _)| keys == path).map(|(_, value)| unquoted(value))
    }

    /// All dependencies, of all kinds and for all targets, each alias once per table it stands in.
    pub(super) fn dependencies(&self) -> Vec<Dependency> {
        let mut found: Vec<(&[String], Dependency)> = Vec::new();
        for (path, value) in &self.pairs {
            let Some((kind, at)) = dependency_table(path) else { continue };
            let (entry, detail) = path.split_at(at + 2);
            if !found.iter().any(|(known, _)| *known == entry) {
                let alias = path[at + 1].clone();
                found.push((entry, Dependency { package: alias.clone(), alias, kind, is_path: false }));
            }
            let (_, dependency) = found.iter_mut().find(|(known, _)| *known == entry).expect("it was just put there");
            match detail {
                [key] if key == "package" => unquoted(value).clone_into(&mut dependency.package),
                [key] if key == "path" => dependency.is_path = true,
                _ => {}
            }
        }
        found.into_iter().map(|(_, dependency)| dependency).collect()
    }
}

/// The kind of the table of dependencies that the path leads into, and where in the path the table's name stands.
fn dependency_table(path: &[String]) -> Option<(Kind, usize)> {
    let is_top = |at: usize| at == 0 || (path[0] == "target" && at == 2) || (path[0] == "workspace" && at == 1);
    let (at, kind) = path.iter().enumerate().find_map(|(at, key)| match key.as_str() {
        "dependencies" if is_top(at) => Some((at, Kind::Normal)),
        "build-dependencies" if is_top(at) => Some((at, Kind::Build)),
        "dev-dependencies" if is_top(at) => Some((at, Kind::Dev)),
        _ => None,
    })?;
    (path.len() > at + 1).then_some((kind, at))
}

/// Puts the pairs of an inline table, or the one of any other value.
fn flatten(path: Vec<String>, value: &str, pairs: &mut Vec<(Vec<String>, String)>) {
    let Some(inside) = value.strip_prefix('{').and_then(|value| value.strip_suffix('}')) else {
        pairs.push((path, value.to_owned()));
        return;
    };
    for part in split_outside_quotes(inside, ',') {
        if let Some((key, value)) = split_once_outside_quotes(part, '=') {
            flatten([path.clone(), keys(key)].concat(), value.trim(), pairs);
        }
    }
}

/// `target.'cfg(unix)'.dependencies` as its three keys.
fn keys(dotted: &str) -> Vec<String> {
    split_outside_quotes(dotted, '.').into_iter().map(|key| unquoted(key.trim()).to_owned()).collect()
}

fn unquoted(value: &str) -> &str {
    value.trim_matches(['"', '\''])
}

fn without_comment(line: &str) -> &str {
    depths(line).find(|&(_, c, _)| c == '#').map_or(line, |(at, _, _)| &line[..at])
}

/// Whether brackets are still to be closed.
fn is_open(value: &str) -> bool {
    depths(value).last().is_some_and(|(_, _, depth)| depth > 0)
}

fn split_once_outside_quotes(text: &str, separator: char) -> Option<(&str, &str)> {
    let (at, found, _) = depths(text).find(|&(_, c, depth)| c == separator && depth == 0)?;
    Some((&text[..at], &text[at + found.len_utf8()..]))
}

fn split_outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((part, after)) = split_once_outside_quotes(rest, separator) {
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

/// The characters that stand outside quotes, with their place and how many brackets are open after them.
fn depths(text: &str) -> impl Iterator<Item = (usize, char, usize)> {
    let mut quote = None;
    let mut depth = 0_usize;
    text.char_indices().filter_map(move |(at, c)| {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            (None, _) => return Some((at, c, depth)),
        }
        (quote.is_none()).then_some((at, c, depth))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, Kind)]) {
        let found = Manifest::parse(text).dependencies();
        let found: Vec<(&str, Kind)> = found.iter().map(|found| (found.package.as_str(), found.kind)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_dependency_is_seen_however_it_is_spelled() {
        let expected = [("store", Kind::Normal)];
        check("[dependencies]\nstore.workspace = true", &expected);
        check("[dependencies]\nstore = { workspace = true, features = [\"a\", \"b\"] }", &expected);
        check("[dependencies]\n\"store\" = { workspace = true } # why = not", &expected);
        check("[dependencies.store]\nworkspace = true\nfeatures = [ # that's one\n  \"a=b\", # [two\n]", &expected);
        check("dependencies.store.workspace = true", &expected);
        check("[dependencies]\nstore = \"1\"", &expected);
        check("[dependencies]\nother = { package = \"store\", version = \"1\" }", &expected);
        check("[dependencies.other]\npath = \"../store\"\npackage = \"store\"", &expected);
        check("[target.'cfg(target_os = \"linux\")'.dependencies]\nstore.workspace = true", &expected);
    }

    #[test]
    fn the_table_says_the_kind() {
        check(
            "[dev-dependencies]\na = \"1\"\n[build-dependencies]\nb = \"1\"",
            &[("a", Kind::Dev), ("b", Kind::Build)],
        );
        check("[target.'cfg(unix)'.dev-dependencies]\na = \"1\"", &[("a", Kind::Dev)]);
        check("[dependencies]\na = \"1\"\n[dev-dependencies]\na = \"1\"", &[("a", Kind::Normal), ("a", Kind::Dev)]);
    }

    #[test]
    fn other_tables_hold_no_dependencies() {
        check("[package]\nname = \"dependencies\"\n[features]\ndependencies = [\"a\"]\n[[bin]]\nname = \"a\"", &[]);
        check("[package.metadata.x.dependencies]\na = \"1\"", &[]);
        check("[dependencies]\n# a = \"1\"", &[]);
    }

    #[test]
    fn a_value_is_found_by_its_path() {
        let manifest = Manifest::parse("[package]\nname = \"a#b\" # c\n[lints]\nworkspace = true");
        assert_eq!(manifest.get(&["package", "name"]), Some("a#b"));
        assert_eq!(manifest.get(&["lints", "workspace"]), Some("true"));
        assert_eq!(manifest.get(&["lints"]), None);
    }
}
