//! References from a manifest to a file of its package.

/// A file of a package, and how it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its path, with forward slashes, not encoded.
    pub path: String,
    /// What stands behind it in the address: a query, a fragment, both or nothing.
    pub suffix: String,
}

/// Why a reference leads to no file of its package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadReference {
    /// It leads to another place.
    #[error("leads to another server: content that lies elsewhere is a link, not a package")]
    Elsewhere,
    /// It begins at the root of a server, or leads above that of the package.
    #[error("leads out of the package")]
    Outside,
    /// It is empty, or has a character that none may have.
    #[error("is no reference to a file")]
    Unreadable,
}

/// Resolves `href` against `bases`, the outermost first, and puts what an item hands over behind it.
pub(super) fn resolve(bases: &[&str], href: &str, parameters: &str) -> Result<Reference, BadReference> {
    let (path, suffix) = href.split_at(href.find(['?', '#']).unwrap_or(href.len()));
    let mut folder: Vec<String> = Vec::new();
    for base in bases {
        let base = base.split(['?', '#']).next().unwrap_or_default();
        follow(&mut folder, base)?;
        // What stands behind the last slash is a file, beside which the next one lies.
        folder.pop();
    }
    follow(&mut folder, path)?;
    if folder.last().is_none_or(String::is_empty) {
        return Err(BadReference::Unreadable);
    }
    let suffix = with_parameters(suffix, parameters.trim());
    if suffix.chars().any(char::is_control) {
        return Err(BadReference::Unreadable);
    }
    Ok(Reference { path: folder.join("/"), suffix })
}

/// Goes from a folder along a relative path; the last of its names, which may be empty, is pushed as it is.
fn follow(folder: &mut Vec<String>, path: &str) -> Result<(), BadReference> {
    let is_scheme = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    if path.starts_with("//") || path.split_once(':').is_some_and(|(before, _)| is_scheme(before)) {
        return Err(BadReference::Elsewhere);
    }
    if path.starts_with('/') {
        return Err(BadReference::Outside);
    }
    let mut names = path.split('/').peekable();
    while let Some(name) = names.next() {
        let is_last = names.peek().is_none();
        match decode(name).ok_or(BadReference::Unreadable)?.as_str() {
            ".." => {
                folder.pop().ok_or(BadReference::Outside)?;
            }
            "." => {}
            "" if !is_last => {}
            name if name.contains(['/', '\\']) || name.chars().any(char::is_control) => {
                return Err(BadReference::Unreadable);
            }
            name => {
                folder.push(name.to_owned());
                continue;
            }
        }
        if is_last {
            folder.push(String::new());
        }
    }
    Ok(())
}

/// A name without percent-encoding. A percent sign that begins no such thing is one.
fn decode(name: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let [first, after @ ..] = rest {
        let pair = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok()).filter(|_| *first == b'%');
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                rest = &after[2..];
            }
            None => {
                decoded.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(decoded).ok()
}

/// The standard's way of putting an item's parameters behind the address of its resource.
fn with_parameters(suffix: &str, parameters: &str) -> String {
    let parameters = parameters.trim_start_matches(['?', '&']);
    if parameters.is_empty() || parameters.starts_with('#') && suffix.contains('#') {
        return suffix.to_owned();
    }
    if parameters.starts_with('#') {
        return format!("{suffix}{parameters}");
    }
    let (query, fragment) = suffix.split_at(suffix.find('#').unwrap_or(suffix.len()));
    let joint = if query.is_empty() { "?" } else { "&" };
    format!("{query}{joint}{parameters}{fragment}")
}

impl Reference {
    /// The reference as it stands in an address: whatever a path cannot have there is percent-encoded.
    pub fn href(&self) -> String {
        let mut href = String::with_capacity(self.path.len() + self.suffix.len());
        for byte in self.path.bytes() {
            let is_plain = byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=@/".contains(&byte);
            if is_plain { href.push(char::from(byte)) } else { href.push_str(&format!("%{byte:02X}")) }
        }
        for c in self.suffix.chars() {
            match c {
                ' ' => href.push_str("%20"),
                '"' => href.push_str("%22"),
                '<' => href.push_str("%3C"),
                '>' => href.push_str("%3E"),
                c => href.push(c),
            }
        }
        href
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bases: &[&str], href: &str, parameters: &str, expected: Result<&str, BadReference>) {
        let resolved = resolve(bases, href, parameters).map(|reference| reference.href());
        assert_eq!(resolved.as_deref().map_err(|error| *error), expected, "{bases:?} {href:?} {parameters:?}");
    }

    #[test]
    fn files_are_found_from_their_bases() {
        check(&[], "index.html", "", Ok("index.html"));
        check(&[], "a/b/index.html", "", Ok("a/b/index.html"));
        check(&["course/"], "index.html", "", Ok("course/index.html"));
        check(&["course/", "", "lesson/"], "index.html", "", Ok("course/lesson/index.html"));
        check(&["course/toc.xml"], "index.html", "", Ok("course/index.html"));
        check(&["a/", "b/"], "../c/./index.html", "", Ok("a/c/index.html"));
        check(&["./"], "./index.html", "", Ok("index.html"));
        check(&[], "a//index.html", "", Ok("a/index.html"));
    }

    #[test]
    fn names_are_encoded_once() {
        check(&[], "my%20course/f%C3%BCr.html", "", Ok("my%20course/f%C3%BCr.html"));
        check(&[], "my course/für.html", "", Ok("my%20course/f%C3%BCr.html"));
        check(&[], "100%.html", "", Ok("100%25.html"));
        check(&[], "a%3Fb.html?c", "", Ok("a%3Fb.html?c"));
        check(&[], "%ff.html", "", Err(BadReference::Unreadable));
    }

    #[test]
    fn what_is_handed_over_stands_behind() {
        check(&[], "a.html?x=1#top", "", Ok("a.html?x=1#top"));
        check(&[], "a.html", "?x=1", Ok("a.html?x=1"));
        check(&[], "a.html", "x=1", Ok("a.html?x=1"));
        check(&[], "a.html?x=1", "&y=2", Ok("a.html?x=1&y=2"));
        check(&[], "a.html#top", "y=2", Ok("a.html?y=2#top"));
        check(&[], "a.html", "#end", Ok("a.html#end"));
        check(&[], "a.html#top", "#end", Ok("a.html#top"));
        check(&[], "a.html?q=a b\"<c>", "", Ok("a.html?q=a%20b%22%3Cc%3E"));
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        for elsewhere in
            ["https://example.com/a", "//example.com/a", "javascript:alert(1)", "data:text/html,x", "C:/a.html"]
        {
            check(&[], elsewhere, "", Err(BadReference::Elsewhere));
            check(&[elsewhere], "a.html", "", Err(BadReference::Elsewhere));
        }
        for outside in ["/a.html", "../a.html", "a/../../b.html", "%2e%2e/a.html"] {
            check(&[], outside, "", Err(BadReference::Outside));
        }
        for unreadable in ["", "?x=1", "#top", "a/", ".", "a/..", "a%2fb", "a%5Cb", "a%00b", "a\\b", "a.html?\n"] {
            check(&[], unreadable, "", Err(BadReference::Unreadable));
        }
    }
}
