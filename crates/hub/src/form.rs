//! Forms as they were filled in, and what is wrong with them.

use axum::body::Body;
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, Limited};
use url::form_urlencoded;

use crate::refusal::Refusal;

/// The longest form, in bytes.
const BYTES_MAX: usize = 256 * 1024;
/// How many fields a form may have.
const FIELDS_MAX: usize = 500;
const URLENCODED: &str = "application/x-www-form-urlencoded";

/// A form as it was filled in, or the query of an address: what was typed stays as it is, so that it can be shown again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// What a form holds before anybody has filled it in.
    pub(crate) fn of<const N: usize>(fields: [(&str, &str); N]) -> Self {
        Form(fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// Reads text such as `a=1&b=2`; none if it has too many fields.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let fields: Vec<_> = form_urlencoded::parse(text).take(FIELDS_MAX + 1).collect();
        (fields.len() <= FIELDS_MAX)
            .then(|| Form(fields.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()))
    }

    /// Reads the body of a request.
    pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Refusal> {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case(URLENCODED) {
            return Err(Refusal::Form("it was not sent as a form"));
        }
        let body = Limited::new(body, BYTES_MAX).collect().await.map_err(|_| Refusal::Form("it is too long"))?;
        Form::parse(&body.to_bytes()).ok_or(Refusal::Form("it has too many fields"))
    }

    /// Adds a field.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.push((name.to_owned(), value.into()));
        self
    }

    /// The field of this name; empty if there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(there, _)| there == name).map_or("", |(_, value)| value)
    }

    /// The field of this name without white space around it, if there is anything in it.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name).trim()).filter(|text| !text.is_empty())
    }

    /// All fields of this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(there, _)| there == name).map(|(_, value)| value.as_str())
    }

    /// Whether a field has this value, as boxes that are ticked have.
    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|there| there == value)
    }
}

/// What is wrong with a form, in plain words beside the field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Errors(Vec<(String, String)>);

impl Errors {
    /// One error.
    pub(crate) fn one(field: &str, text: impl ToString) -> Self {
        let mut errors = Errors::default();
        errors.add(field, text);
        errors
    }

    /// Something is wrong with a field.
    pub(crate) fn add(&mut self, field: &str, text: impl ToString) {
        self.0.push((field.to_owned(), sentence(&text.to_string())));
    }

    /// The value, or a note of what is wrong with it.
    pub(crate) fn take<T, E: ToString>(&mut self, field: &str, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.add(field, error)).ok()
    }

    /// What is wrong with a field; empty if nothing is.
    pub(crate) fn of(&self, field: &str) -> &str {
        self.0.iter().find(|(there, _)| there == field).map_or("", |(_, text)| text)
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Messages of rules begin in lower case and have no full stop.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase).into_iter().flatten();
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{}{}{stop}", first.collect::<String>(), chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_stays() {
        let form = Form::parse(b"name=+Zo%C3%AB+&event_types=a&event_types=b&empty=").unwrap();
        assert_eq!((form.text("name"), form.given("name")), (" Zoë ", Some("Zoë")));
        assert_eq!((form.text("empty"), form.given("empty"), form.text("none")), ("", None, ""));
        assert_eq!(form.all("event_types").collect::<Vec<_>>(), ["a", "b"]);
        assert!(form.has("event_types", "b") && !form.has("event_types", "c"));
    }

    #[test]
    fn a_form_has_an_end() {
        let fields = |count: usize| vec!["a=1"; count].join("&");
        assert!(Form::parse(fields(FIELDS_MAX).as_bytes()).is_some());
        assert!(Form::parse(fields(FIELDS_MAX + 1).as_bytes()).is_none());
    }

    #[test]
    fn errors_are_sentences() {
        let mut errors = Errors::one("url", "url must begin with https://");
        assert_eq!(errors.take("name", "12".parse::<u8>()), Some(12));
        assert_eq!((errors.of("url"), errors.of("name")), ("Url must begin with https://.", ""));
    }
}
