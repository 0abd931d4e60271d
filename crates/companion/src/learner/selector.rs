//! Which of the fields that an LMS passed carries the integrator's own id of the learner (contract, section 8).
//!
//! `cmi.core.student_id` is that field; `cmi.launch_data:ref` is the value of `ref` in `lo=741712;portal=11861197;ref=HR-42`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use contract::lms_text::LmsText;
use serde::{Deserialize, Serialize};

/// The longest selector, in characters.
const SELECTOR_CHARS_MAX: usize = 255;
/// The longest id, in characters: what SCORM 2004 allows. A longer one is none.
pub(crate) const EXTERNAL_ID_CHARS_MAX: usize = 4000;
/// The field that is meant if nobody says otherwise.
const DEFAULT: &str = "cmi.core.student_id";
/// The same field as SCORM 1.2 and as SCORM 2004 spell it. What is in neither column is spelled alike in both, or is the LMS's own.
const SPELLINGS: [[&str; 2]; 3] =
    [[DEFAULT, "cmi.learner_id"], NAMES, ["cmi.comments_from_lms", "cmi.comments_from_lms.0.comment"]];
/// What people are called.
const NAMES: [&str; 2] = ["cmi.core.student_name", "cmi.learner_name"];

/// Which field, and which part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Selector {
    /// In either spelling.
    field: String,
    /// The part named so, where the field holds several: `key=value;key=value`.
    key: Option<String>,
}

/// Why a text selects nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SelectorError(String);

impl Selector {
    /// The id in what an LMS passed, white space around it aside; `None` when there is none, or one that is too long.
    pub(crate) fn select(&self, payload: &BTreeMap<String, LmsText>) -> Option<String> {
        spellings(&self.field).find_map(|name| {
            // What was cut within a character cannot be told from others that were.
            let value = payload.get(name).filter(|value| **value == *value.as_str())?;
            let value = match &self.key {
                None => value.trim().to_owned(),
                Some(key) => part(value, key)?,
            };
            (!value.is_empty() && value.chars().count() <= EXTERNAL_ID_CHARS_MAX).then_some(value)
        })
    }
}

/// What the LMS calls the learner: for whoever has to find out who it is, not for matching.
pub(crate) fn name(payload: &BTreeMap<String, LmsText>) -> Option<&str> {
    NAMES.iter().find_map(|name| payload.get(*name)).map(|name| name.as_str().trim()).filter(|name| !name.is_empty())
}

/// As it was asked for, then as the other edition spells it.
fn spellings(field: &str) -> impl Iterator<Item = &str> {
    let pair = SPELLINGS.iter().find(|pair| pair.contains(&field));
    let other = pair.and_then(|pair| pair.iter().find(|other| **other != field)).copied();
    std::iter::once(field).chain(other)
}

/// The value of `key` in `key=value;key=value`, white space around it aside.
fn part(text: &str, key: &str) -> Option<String> {
    let mut parts = text.split(';').filter_map(|part| part.split_once('='));
    parts.find(|(name, _)| name.trim() == key).map(|(_, value)| decoded(value.trim()).trim().to_owned())
}

/// With `%3B` for `;` and so on. What is not encoded like that is taken as it stands.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| byte == b'%').and_then(|hex| str::from_utf8(hex).ok());
        let hex = hex.filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(encoded) => {
                bytes.push(encoded);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

impl Default for Selector {
    fn default() -> Self {
        Selector { field: DEFAULT.to_owned(), key: None }
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |problem: &str| Err(SelectorError(format!("{text:?} {problem}")));
        if text.chars().count() > SELECTOR_CHARS_MAX {
            return Err(SelectorError(format!("it is longer than {SELECTOR_CHARS_MAX} characters")));
        }
        let (field, key) = text.split_once(':').map_or((text, None), |(field, key)| (field, Some(key)));
        if field.is_empty() {
            return refuse(
                "names no field: it must be like cmi.core.student_id, or cmi.launch_data:ref for a part of one",
            );
        }
        if let Some(strange) = text.chars().find(|c| !c.is_ascii_graphic()) {
            return refuse(&format!("has {strange:?} in it, which no field has"));
        }
        if key.is_some_and(|key| key.is_empty() || key.contains([':', ';', '='])) {
            return refuse("must have one key after the colon, without ':', ';' and '=', as in cmi.launch_data:ref");
        }
        if key.is_none() && NAMES.contains(&field) {
            return refuse("is a name, and nobody is known by a name alone");
        }
        Ok(Selector { field: field.to_owned(), key: key.map(str::to_owned) })
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.field)?;
        self.key.as_ref().map_or(Ok(()), |key| write!(f, ":{key}"))
    }
}

impl TryFrom<String> for Selector {
    type Error = SelectorError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Selector> for String {
    fn from(selector: Selector) -> Self {
        selector.to_string()
    }
}

#[cfg(test)]
mod tests;
