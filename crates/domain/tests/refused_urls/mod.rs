//! The addresses that no delivery may be sent to (S1), one table for the tests of three crates.

/// Why an address in the table is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// It leads to an address that is not public.
    Address,
    /// It is written in a way that will not do, wherever it leads.
    Text,
    /// It is fine when it is set, and its name turns out to lead to an address that is not public.
    Name,
}

/// The whole table.
pub(crate) fn all() -> Vec<(Class, String)> {
    let lines = include_str!("urls.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(read).collect()
}

fn read(line: &str) -> (Class, String) {
    let (class, url) = line.split_once(' ').expect("a class and an address");
    let class = match class {
        "address" => Class::Address,
        "text" => Class::Text,
        "name" => Class::Name,
        other => panic!("{other} is no class"),
    };
    // Control characters stand in the table as their pictures.
    let pictures = [('␀', "\0"), ('␉', "\t"), ('␊', "\n"), ('␍', "\r"), ('␠', " ")];
    (class, pictures.into_iter().fold(url.to_owned(), |url, (picture, real)| url.replace(picture, real)))
}
