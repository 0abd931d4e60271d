//! From the bytes of an XML file to its text.

use std::borrow::Cow;

/// How far into a file its encoding is looked for, in bytes.
const DECLARATION_BYTES_MAX: usize = 200;

/// The text, if it is in UTF-8, in UTF-16 with a mark of its order, or says that it is in ISO-8859-1 or its part ASCII.
pub(super) fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    match bytes {
        [0xef, 0xbb, 0xbf, text @ ..] => std::str::from_utf8(text).ok().map(Cow::Borrowed),
        [0xff, 0xfe, text @ ..] => utf_16(text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => utf_16(text, u16::from_be_bytes),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => Some(Cow::Borrowed(text)),
            Err(_) if says_latin_1(bytes) => {
                Some(bytes.iter().map(|&byte| char::from(byte)).collect::<String>().into())
            }
            Err(_) => None,
        },
    }
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Cow<'_, str>> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16(&units).ok().filter(|_| rest.is_empty()).map(Cow::Owned)
}

fn says_latin_1(bytes: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(DECLARATION_BYTES_MAX)]).to_ascii_lowercase();
    let declaration = start.split("?>").next().unwrap_or_default();
    let named = |name| declaration.contains(&format!("\"{name}\"")) || declaration.contains(&format!("'{name}'"));
    declaration.starts_with("<?xml") && (named("iso-8859-1") || named("latin1"))
}
