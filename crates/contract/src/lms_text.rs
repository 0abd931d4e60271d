//! A text as an LMS gave it, which need not be a text for anybody else.
//!
//! JavaScript's strings are sequences of 16-bit units, and an LMS that cuts one after so many of them leaves half of a
//! surrogate pair. JSON can carry that as an escape, a `String` cannot.

use std::fmt;
use std::ops::Deref;

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A text as an LMS gave it, of any units. Reads as text, in which half of a pair is U+FFFD; is written as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LmsText {
    text: String,
    /// The JSON string, where the text is not the whole truth.
    json: Option<Box<str>>,
}

impl LmsText {
    /// Reads a JSON string, quotes and escapes included; none if it is not one.
    pub fn read(json: &str) -> Option<Self> {
        if let Ok(text) = serde_json::from_str(json) {
            return Some(LmsText { text, json: None });
        }
        let units = units(json.strip_prefix('"')?.strip_suffix('"')?)?;
        let written = char::decode_utf16(units.iter().copied()).map(|unit| match unit {
            Ok(char) => escaped(char),
            Err(half) => format!("\\u{:04x}", half.unpaired_surrogate()),
        });
        let json: String = ["\"".to_owned()].into_iter().chain(written).chain(["\"".to_owned()]).collect();
        Some(LmsText { text: String::from_utf16_lossy(&units), json: Some(json.into()) })
    }

    /// The JSON string. Equal texts have equal ones.
    pub fn json(&self) -> String {
        match &self.json {
            Some(json) => json.clone().into(),
            None => serde_json::to_string(&self.text).expect("texts always serialise"),
        }
    }

    /// The text, in which half of a pair is U+FFFD.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The units of what stands between the quotes, of which `serde_json` said only that some make no text.
fn units(inner: &str) -> Option<Vec<u16>> {
    let mut units = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(char) = rest.chars().next() {
        rest = &rest[char.len_utf8()..];
        match char {
            '\\' if rest.starts_with('u') => {
                let digits = rest.get(1..5).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
                units.push(u16::from_str_radix(digits, 16).ok()?);
                rest = &rest[5..];
            }
            '\\' => {
                let escape = rest.chars().next()?;
                let simple: char = serde_json::from_str(&format!("\"\\{escape}\"")).ok()?;
                units.push(simple as u16);
                rest = &rest[escape.len_utf8()..];
            }
            '"' | '\0'..='\x1f' => return None,
            char => units.extend(char.encode_utf16(&mut [0; 2]).iter()),
        }
    }
    Some(units)
}

/// As it stands within a JSON string.
fn escaped(char: char) -> String {
    let quoted = serde_json::to_string(&char).expect("a character always serialises");
    quoted[1..quoted.len() - 1].to_owned()
}

impl From<&str> for LmsText {
    fn from(text: &str) -> Self {
        LmsText { text: text.to_owned(), json: None }
    }
}

impl From<String> for LmsText {
    fn from(text: String) -> Self {
        LmsText { text, json: None }
    }
}

impl Deref for LmsText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for LmsText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq<str> for LmsText {
    fn eq(&self, other: &str) -> bool {
        self.json.is_none() && self.text == other
    }
}

impl PartialEq<&str> for LmsText {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl Serialize for LmsText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.json {
            None => serializer.serialize_str(&self.text),
            Some(json) => RawValue::from_string(json.clone().into()).map_err(S::Error::custom)?.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for LmsText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        LmsText::read(json.get()).ok_or_else(|| D::Error::custom("expected a string"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes in as JSON reads as `text` and goes out as `json`, also by way of the wire.
    #[track_caller]
    fn check(given: &str, text: &str, json: &str) {
        let read = LmsText::read(given).unwrap();
        assert_eq!((read.as_str(), read.json().as_str()), (text, json));
        assert_eq!(serde_json::from_str::<LmsText>(given).unwrap(), read);
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        assert_eq!(LmsText::read(json), Some(read), "what is written is read as the same");
    }

    #[test]
    fn a_text_stays_a_text() {
        check(r#""""#, "", r#""""#);
        check(r#""S-1001 \u00e9 é \ud83d\ude00 😀""#, "S-1001 é é 😀 😀", r#""S-1001 é é 😀 😀""#);
        check(r#""a\u0000b\n\"\\\/c""#, "a\0b\n\"\\/c", r#""a\u0000b\n\"\\/c""#);
    }

    #[test]
    fn half_of_a_pair_comes_out_as_it_went_in() {
        check(r#""\ud83d""#, "\u{fffd}", r#""\ud83d""#);
        check(r#""\uDE00x\u0000\n\"é""#, "\u{fffd}x\0\n\"é", r#""\ude00x\u0000\n\"é""#);
        check(r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀", r#""\ud83d😀""#);
        check(r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}", r#""\ude00\ud83d""#);
        assert_ne!(LmsText::read(r#""\ud83d""#), LmsText::read(r#""\ud83e""#));
        assert_ne!(LmsText::read(r#""\ud83d""#).unwrap(), *"\u{fffd}");
    }

    #[test]
    fn what_is_no_string_is_not_read() {
        for json in [
            "",
            "1",
            "null",
            "\"",
            r#""\ud83d"#,
            r#""\ud83""#,
            r#""\ud83d\x""#,
            r#""\ud83d" ""#,
            "\"\\ud83d\n\"",
            r#""\ud83d\""#,
            r#""\ud83d\u+123""#,
        ] {
            assert_eq!(LmsText::read(json), None, "{json}");
        }
        assert!(serde_json::from_str::<LmsText>("5").is_err());
    }
}
