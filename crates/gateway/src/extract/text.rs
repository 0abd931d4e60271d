//! Values of `domain` in a query, read by their own rules.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

/// A value that reads itself from text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text<T>(pub(crate) T);

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Text).map_err(|error: T::Err| {
            let (text, error) = (format!("{text:?}"), error.to_string());
            // An error that repeats what it is about is a sentence of its own.
            if error.contains(&text) {
                de::Error::custom(error)
            } else {
                de::Error::custom(format_args!("{text} is {error}"))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use contract::event_type::EventType;
    use domain::id::UserAccountId;

    use super::*;
    use crate::extract::query;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "what is read is refused")]
    struct Parameters {
        event_type: Option<Vec<Text<EventType>>>,
        user_id: Option<Text<UserAccountId>>,
    }

    #[track_caller]
    fn check(query: &str, expected: &str) {
        assert!(query::read::<Parameters>(query).unwrap_err().message().starts_with(expected), "{query}");
    }

    #[test]
    fn what_is_wrong_is_repeated_once() {
        check("event_type=a,b", r#"event_type[0]: unknown event type "a", known are: enrollment.complete,"#);
        check("user_id=x", r#"user_id: "x" is not a user account id, which is a decimal number"#);
    }
}
