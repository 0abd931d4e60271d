//! Names and values as an LMS gave them, in the raw and read.

use std::collections::BTreeMap;

use contract::lms_text::LmsText;
use domain::learning_activity::{NAME_BYTES_MAX, NAMES_MAX, ScormVersion};
use domain::play::Names;
use serde_json::value::RawValue;

use crate::refusal::Refusal;

/// Names and values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Values {
    /// The JSON object, byte for byte.
    pub(crate) raw: String,
    /// What it says.
    pub(crate) pairs: BTreeMap<String, LmsText>,
}

impl Values {
    /// Reads a JSON object of texts. SCORM has nothing but texts; of an LMS that gives numbers or truths, their spelling counts, and
    /// nulls are nothing.
    pub(crate) fn read(raw: &RawValue) -> Result<Self, Refusal> {
        let all: BTreeMap<String, &RawValue> =
            serde_json::from_str(raw.get()).map_err(|error| Refusal::malformed(format_args!("values: {error}")))?;
        if all.len() > NAMES_MAX {
            return Err(Refusal::malformed(format_args!("values has more than {NAMES_MAX} names")));
        }
        let mut pairs = BTreeMap::new();
        for (name, value) in all {
            if name.len() > NAME_BYTES_MAX {
                return Err(Refusal::malformed(format_args!("a name in values is longer than {NAME_BYTES_MAX} bytes")));
            }
            match value.get().as_bytes() {
                b"null" => {}
                [b'[' | b'{', ..] => return Err(Refusal::malformed("values must be texts")),
                [b'"', ..] => {
                    let text = LmsText::read(value.get()).ok_or_else(|| Refusal::malformed("values must be texts"))?;
                    pairs.insert(name, text);
                }
                _ => {
                    pairs.insert(name, LmsText::from(value.get()));
                }
            }
        }
        Ok(Values { raw: raw.get().to_owned(), pairs })
    }

    /// The same, but that it does not say who learns in the word that this version has for it. The raw says all that it said.
    pub(crate) fn without_learner(mut self, version: ScormVersion) -> Self {
        self.pairs.remove(Names::of(version).learner_id);
        self
    }

    /// The same without what says who the learner is: in the place of the id stands this one, and there is no name.
    pub(crate) fn disguise(mut self, names: Names, pseudonym: &str) -> Self {
        self.pairs.remove(names.learner_name);
        if let Some(id) = self.pairs.get_mut(names.learner_id) {
            *id = LmsText::from(pseudonym);
        }
        self.raw = serde_json::to_string(&self.pairs).expect("texts always serialise");
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Values, Refusal> {
        Values::read(&RawValue::from_string(json.to_owned()).unwrap())
    }

    #[track_caller]
    fn check(json: &str, expected: &[(&str, &str)]) {
        let values = read(json).unwrap();
        assert_eq!(values.raw, json);
        let pairs: Vec<_> = values.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, expected);
    }

    #[test]
    fn values_are_texts_and_are_kept_as_they_came() {
        check("{}", &[]);
        check(r#"{ "b":"2", "a" : "\u0000é\ud83d" }"#, &[("a", "\0é\u{fffd}"), ("b", "2")]);
        check(r#"{"a":1.50,"b":true,"c":null,"":""}"#, &[("", ""), ("a", "1.50"), ("b", "true")]);
        check(r#"{"a":"1","a":"2"}"#, &[("a", "2")]);
    }

    #[test]
    fn other_things_are_refused() {
        for json in ["[]", "1", "null", r#""x""#, r#"{"a":[]}"#, r#"{"a":{}}"#, r#"{"\ud83d":"1"}"#] {
            assert!(read(json).is_err(), "{json}");
        }
        let named = |length: usize| format!("{{\"{}\":\"\"}}", "n".repeat(length));
        assert!(read(&named(NAME_BYTES_MAX)).is_ok() && read(&named(NAME_BYTES_MAX + 1)).is_err());
        let many = |count: usize| {
            let pairs: Vec<String> = (0..count).map(|n| format!("\"{n}\":\"\"")).collect();
            format!("{{{}}}", pairs.join(","))
        };
        assert!(read(&many(NAMES_MAX)).is_ok() && read(&many(NAMES_MAX + 1)).is_err());
    }

    #[test]
    fn a_pseudonym_takes_the_place_of_the_id_and_the_name_is_gone() {
        let json = r#"{"cmi.core.student_id":"ada","cmi.core.student_name":"Ada","cmi.suspend_data":"\ud83d"}"#;
        let values = read(json).unwrap().disguise(Names::of(ScormVersion::V1_2), "0f");
        assert_eq!(values.raw, r#"{"cmi.core.student_id":"0f","cmi.suspend_data":"\ud83d"}"#);
        let without = read(r#"{"a":"1"}"#).unwrap().disguise(Names::of(ScormVersion::V1_2), "0f");
        assert_eq!(without.raw, r#"{"a":"1"}"#);
    }
}
