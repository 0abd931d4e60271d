//! JSON bodies. What is wrong is said with line and column, or with the name of the field.

use std::borrow::Cow;

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Path;

use super::{body, trailing_comma};
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// An object in the body, whatever the `Content-Type` says: `curl -d` says that it is a form.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Gateway> for JsonBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, gateway: &Gateway) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let bytes = body::read(body, gateway.settings.body_bytes_max).await?;
        gateway.door.enter(&parts.extensions).await?;
        read(&bytes).map(JsonBody)
    }
}

/// Like [`JsonBody`], where an empty body, or null, asks for nothing in particular.
pub(crate) struct OptionalJsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned + Default> FromRequest<Gateway> for OptionalJsonBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, gateway: &Gateway) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let bytes = body::read(body, gateway.settings.body_bytes_max).await?;
        gateway.door.enter(&parts.extensions).await?;
        let is_nothing = matches!(bytes.trim_ascii(), b"" | b"null");
        if is_nothing { Ok(OptionalJsonBody(T::default())) } else { read(&bytes).map(OptionalJsonBody) }
    }
}

/// Reads an object, forgiving a trailing comma (contract, section 12.2).
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    // An array would be read as the fields of a struct in their order, which nobody means.
    let before = bytes.len() - bytes.trim_ascii_start().len();
    if bytes.get(before) != Some(&b'{') {
        let (line, column) = position(&bytes[..before]);
        let message = format!("the body must be a JSON object, which begins with {{ at line {line} column {column}");
        return Err(Refusal::bad_request("malformed_json", message));
    }
    read_strict(bytes).or_else(|error| match trailing_comma::without(bytes) {
        Cow::Owned(forgiven) if is_malformed(&error) => read_strict(&forgiven).map_err(refusal),
        Cow::Owned(_) | Cow::Borrowed(_) => Err(refusal(error)),
    })
}

/// Some programs begin every text with it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Where one stands after `bytes`, counted from 1.
fn position(bytes: &[u8]) -> (usize, usize) {
    let last_line = bytes.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    (1 + bytes.iter().filter(|&&byte| byte == b'\n').count(), 1 + last_line.len())
}

type Error = serde_path_to_error::Error<serde_json::Error>;

fn read_strict<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let mut track = serde_path_to_error::Track::new();
    let read = T::deserialize(serde_path_to_error::Deserializer::new(&mut deserializer, &mut track));
    let end = |value| deserializer.end().map(|()| value);
    read.and_then(end).map_err(|error| Error::new(track.path(), error))
}

fn is_malformed(error: &Error) -> bool {
    match error.inner().classify() {
        Category::Syntax | Category::Eof | Category::Io => true,
        Category::Data => false,
    }
}

fn refusal(error: Error) -> Refusal {
    if is_malformed(&error) {
        return Refusal::bad_request("malformed_json", format!("the body is malformed JSON: {}", error.inner()));
    }
    let (path, said) = (error.path(), error.inner().to_string());
    if let Some(name) = named(&said, "missing field `") {
        return Refusal::required(&within(path, name));
    }
    if let Some(name) = named(&said, "duplicate field `") {
        let path = within(path, name);
        return Refusal::field(path.clone(), format_args!("{path} is given twice"));
    }
    let path = if path.iter().len() == 0 { "body".to_owned() } else { path.to_string() };
    Refusal::field(path.clone(), format_args!("{path}: {}", in_plain_words(&said)))
}

/// The field that is missing or doubled: its parent is where it was noticed.
fn named<'s>(said: &'s str, what: &str) -> Option<&'s str> {
    said.strip_prefix(what)?.split_once('`').map(|(name, _)| name)
}

fn within(parent: &Path, name: &str) -> String {
    if parent.iter().len() == 0 { name.to_owned() } else { format!("{parent}.{name}") }
}

/// Says what was expected as JSON calls it, and not as a program that reads it does.
fn in_plain_words(said: &str) -> String {
    const EXPECTED: &str = ", expected ";
    let Some((before, expected)) = said.rsplit_once(EXPECTED) else { return said.to_owned() };
    let (kind, place) = expected.split_once(" at line ").unwrap_or((expected, ""));
    let kind = match kind {
        "a map" => "an object",
        "a sequence" => "a list",
        "u8" | "u16" | "u32" | "u64" => "a whole number from 0 on",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        kind if kind.starts_with("struct ") => "an object",
        kind => kind,
    };
    let place = if place.is_empty() { String::new() } else { format!(" at line {place}") };
    format!("{before}{EXPECTED}{kind}{place}")
}

#[cfg(test)]
mod tests {
    use contract::api::webhook::CreateWebhook;

    use super::*;

    #[track_caller]
    fn check(json: &str, expected: &str) {
        let refusal = read::<CreateWebhook>(json.as_bytes()).unwrap_err();
        assert!(format!("{refusal:?}").contains(expected), "{refusal:?}");
    }

    #[test]
    fn malformed_json_is_refused_with_line_and_column() {
        check("{\"url\": \"x\"\n \"name\"}", "expected `,` or `}` at line 2 column 2");
        check("{\"url\": \"x\",\n", "EOF while parsing");
        check("{} {}", "trailing characters at line 1 column 4");
        check("{\"url\": NaN}", "line 1 column 9");
        check("{\"url\": \"x\",,}", "line 1 column 13");
        check("{\"url\": \"\u{1}\"}", "line 1 column");
        check(&format!("{{\"x\": {}", "[".repeat(100_000)), "EOF while parsing");
    }

    #[test]
    fn a_wrong_type_is_refused_with_the_name_of_the_field() {
        check(r#"{"url": 1}"#, "url: invalid type: integer `1`, expected a string");
        check(r#"{"event_types": ["a", 2]}"#, "event_types[1]: invalid type");
        check(r#"{"oauth2": {"client_id": "x"}}"#, "oauth2.client_secret is required");
        check(r#"{"url": "a", "url": "b"}"#, r#"message: "url is given twice", field: Some("url")"#);
        check(r#"{"url": 1,}"#, "url: invalid type");
    }

    #[test]
    fn what_was_expected_is_said_as_json_calls_it() {
        check(r#"{"rate_limit": "x"}"#, "expected a whole number from 0 on at line 1 column");
        check(r#"{"rate_limit": -1}"#, "expected a whole number from 0 on at line 1 column");
        check(r#"{"oauth2": 1}"#, "oauth2: invalid type: integer `1`, expected an object at line 1 column");
        check(r#"{"event_types": 1}"#, "event_types: invalid type: integer `1`, expected a list at line 1 column");
        check(r#"{"headers": 1}"#, "headers: invalid type: integer `1`, expected an object of names and values");
    }

    #[test]
    fn only_an_object_will_do() {
        for json in ["", "[]", "null", "\"x\"", "1", "\u{feff}nope"] {
            check(json, "the body must be a JSON object, which begins with { at line 1 column 1");
        }
        check("\n\n  nope", "line 3 column 3");
        check("\u{feff}{\"url\": 1}", "url: invalid type");
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        assert!(read::<CreateWebhook>(b"{\"url\": \"\xff\"}").is_err());
    }

    #[test]
    fn a_trailing_comma_is_forgiven() {
        let create: CreateWebhook = read(b"{\"event_types\": [\"a,]\",],\n}").unwrap();
        assert_eq!(create.event_types.unwrap(), ["a,]"]);
    }
}
