//! What a webhook's owner adds to every request: names and values of headers. Ours.
//!
//! Values may be credentials, so they are treated as secrets.

use std::fmt;

use super::Secret;

/// How many there may be.
pub const COUNT_MAX: usize = 20;
/// The longest name, in characters.
pub const NAME_CHARS_MAX: usize = 64;
/// The longest value, in characters.
pub const VALUE_CHARS_MAX: usize = 1_024;

/// Names that are HTTP's own, or say what the platform says.
const RESERVED: [&str; 15] = [
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "te",
    "trailer",
    "upgrade",
    "keep-alive",
    "expect",
    "user-agent",
    "go1-signature",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
];
/// How such names begin.
const RESERVED_PREFIXES: [&str; 2] = ["proxy-", "schoolbell-"];

/// Headers in the order given, no name twice. `Debug` shows their names.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, Secret)>);

/// Why headers cannot be as they are asked to be. Says nothing of a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHeaders {
    /// More than [`COUNT_MAX`].
    #[error("headers must be at most {COUNT_MAX}")]
    TooMany,
    /// Not a name.
    #[error("headers: {0:?} is not a name, which has 1 to {NAME_CHARS_MAX} letters, digits or any of !#$%&'*+-.^_`|~")]
    Name(String),
    /// A name that others have a use for.
    #[error("headers: {0} is set by the platform or by HTTP itself")]
    Reserved(String),
    /// Two names that differ in case at most.
    #[error("headers: {0} is there twice, since names have no case")]
    Twice(String),
    /// Not a value.
    #[error(
        "headers: the value of {0} must have 1 to {VALUE_CHARS_MAX} characters of visible ASCII, with spaces only between them"
    )]
    Value(String),
}

impl Headers {
    /// Takes names and values that may be sent beside what the platform sends.
    pub fn parse(headers: impl IntoIterator<Item = (String, String)>) -> Result<Self, BadHeaders> {
        let mut taken = Headers::default();
        for (name, value) in headers {
            if taken.0.len() == COUNT_MAX {
                return Err(BadHeaders::TooMany);
            }
            if !is_name(&name) {
                return Err(BadHeaders::Name(name.chars().take(NAME_CHARS_MAX).collect()));
            }
            if is_reserved(&name) {
                return Err(BadHeaders::Reserved(name));
            }
            if taken.has(&name) {
                return Err(BadHeaders::Twice(name));
            }
            if !is_value(&value) {
                return Err(BadHeaders::Value(name));
            }
            taken.0.push((name, Secret(value)));
        }
        Ok(taken)
    }

    /// Takes headers that were accepted before.
    pub fn restore(headers: impl IntoIterator<Item = (String, String)>) -> Self {
        Headers(headers.into_iter().map(|(name, value)| (name, Secret::restore(value))).collect())
    }

    /// Whether there is one of this name, in any case.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(there, _)| there.eq_ignore_ascii_case(name))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Each of them: its name as the owner wrote it, and its value.
    pub fn expose(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.expose()))
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

fn is_name(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(is_token)
}

fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    RESERVED.contains(&name.as_str()) || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn is_value(value: &str) -> bool {
    let is_visible = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    (1..=VALUE_CHARS_MAX).contains(&value.len()) && value.bytes().all(is_visible) && value.trim() == value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(headers: &[(&str, &str)]) -> Result<Headers, BadHeaders> {
        Headers::parse(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    /// Whether a header of this name and value will do, and if not, what is said.
    #[track_caller]
    fn check(name: &str, value: &str, expected: Result<(), &str>) {
        let parsed = parse(&[(name, value)]);
        match expected {
            Ok(()) => assert_eq!(parsed.unwrap().expose().collect::<Vec<_>>(), [(name, value)]),
            Err(part) => {
                let said = parsed.unwrap_err().to_string();
                assert!(said.contains(part), "{name:?}: {said}");
                assert!(value.is_empty() || !said.contains(value), "{said}");
            }
        }
    }

    #[test]
    fn a_name_is_a_token_of_http() {
        for name in ["X-Api-Key", "x", "!#$%&'*+-.^_`|~0aZ", &"x".repeat(64), "Authorization", "proxy", "schoolbell"] {
            check(name, "value!", Ok(()));
        }
        for name in ["", &"x".repeat(65), "a b", "a:", "a\r\nb", "é", "a/b", "(a)"] {
            check(name, "value!", Err("is not a name"));
        }
    }

    #[test]
    fn what_is_ours_or_of_http_is_refused_in_any_case() {
        let begun = ["Proxy-Authorization", "proxy-connection", "Schoolbell-Test", "schoolbell-anything"];
        for name in RESERVED.into_iter().chain(begun).chain(["Go1-Signature", "HOST"]) {
            check(name, "value!", Err("set by the platform"));
        }
    }

    #[test]
    fn a_value_is_visible_ascii() {
        for value in ["x", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", &"x".repeat(1_024)] {
            check("X-Key", value, Ok(()));
        }
        for value in ["", &"x".repeat(1_025), "a\r\nX-Other: b", "a\tb", " a", "a ", "é", "\u{7f}"] {
            check("X-Key", value, Err("visible ASCII"));
        }
    }

    #[test]
    fn names_have_no_case_and_stand_once() {
        assert_eq!(parse(&[("X-Key", "a"), ("x-kEY", "b")]), Err(BadHeaders::Twice("x-kEY".to_owned())));
        let headers = parse(&[("X-Key", "a"), ("X-Other", "b")]).unwrap();
        assert!(headers.has("x-key") && !headers.has("x-ke") && headers.len() == 2);
    }

    #[test]
    fn there_are_at_most_twenty() {
        let many = |count| Headers::parse((0..count).map(|n| (format!("x-{n}"), "value".to_owned())));
        assert_eq!(many(20).unwrap().len(), 20);
        assert_eq!(many(21), Err(BadHeaders::TooMany));
    }

    #[test]
    fn values_are_not_shown() {
        assert_eq!(format!("{:?}", parse(&[("X-Key", "s3cret")]).unwrap()), r#"["X-Key"]"#);
    }
}
