//! The one mistake in JSON that is forgiven: the comma behind the last item, which the published samples have.

use std::borrow::Cow;

/// Puts a space in place of every comma that stands between an item and a closing `]` or `}`. Nothing else changes, least
/// of all what is inside strings, so lines and columns stay what they are.
pub(crate) fn without(json: &[u8]) -> Cow<'_, [u8]> {
    let mut forgiven = Cow::Borrowed(json);
    let mut in_string = false;
    let mut escaped = false;
    // The last byte that is neither white space nor inside a string, and where it stands; a string counts as its quote.
    let mut last = (0, b'[');
    // The comma before this byte, if an item stands before the comma.
    let mut comma = None;
    for (i, &byte) in json.iter().enumerate() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        if byte.is_ascii_whitespace() {
            continue;
        }
        match (byte, comma.take()) {
            (b']' | b'}', Some(comma)) => forgiven.to_mut()[comma] = b' ',
            (b',', None) if !matches!(last.1, b'[' | b'{' | b',' | b':') => comma = Some(i),
            (b'"', _) => in_string = true,
            _ => {}
        }
        last = (i, byte);
    }
    forgiven
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: &str) {
        assert_eq!(std::str::from_utf8(&without(json.as_bytes())).unwrap(), expected);
    }

    #[track_caller]
    fn check_same(json: &str) {
        assert!(matches!(without(json.as_bytes()), Cow::Borrowed(_)), "{json}");
    }

    #[test]
    fn a_comma_behind_the_last_item_goes() {
        check(r#"{"a":1,}"#, r#"{"a":1 }"#);
        check("[1, 2 ,\n ]", "[1, 2  \n ]");
        check(r#"{"a":["b",],"c":{"d":"e",},}"#, r#"{"a":["b" ],"c":{"d":"e" } }"#);
    }

    #[test]
    fn strings_stay_as_they_are() {
        check_same(r#"{"a":",]","b":",}"}"#);
        check_same(r#"{"a":"\",]"}"#);
        check_same(r#"{"a":"\\","b":",}"}"#);
        check(r#"{"a":"\\",}"#, r#"{"a":"\\" }"#);
        check(r#"{"a":"x\",]",}"#, r#"{"a":"x\",]" }"#);
    }

    #[test]
    fn what_is_wrong_in_another_way_stays_wrong() {
        for json in ["[,]", "{,}", "[1,,]", "[1,2]", ",", ",]", "", r#"{"a":,}"#, r#""unclosed,]"#] {
            check_same(json);
        }
    }
}
