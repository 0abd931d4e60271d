//! Text as XML carries it.

use std::borrow::Cow;

/// Whether XML 1.0 takes a character, and a reader sees something of it.
pub(crate) fn is_plain(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// The text in one line of at most `chars_max` characters: white space is a space, what XML cannot carry is left out, and a text that is
/// too long ends with an ellipsis.
pub(crate) fn line(text: &str, chars_max: usize) -> String {
    let spaced = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let plain: String = spaced.filter(|c| is_plain(*c)).collect();
    let plain = plain.trim();
    match plain.char_indices().nth(chars_max) {
        None => plain.to_owned(),
        Some(_) => plain.chars().take(chars_max - 1).chain(['…']).collect(),
    }
}

/// The text with what XML gives a meaning written otherwise.
pub(crate) fn escape(text: &str) -> String {
    Cow::into_owned(quick_xml::escape::escape(text))
}
