//! What the API answers, and what is expected of it.

use axum::body::Body;
use axum::http::{HeaderMap, Response};
use bytes::Bytes;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) bytes: Bytes,
}

impl Answer {
    pub(crate) async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let is_zip = parts.headers.get("content-type").is_some_and(|kind| kind == "application/zip");
        // What is no text shows none.
        let text = if is_zip { String::new() } else { String::from_utf8(bytes.to_vec()).unwrap() };
        Answer { status: parts.status.as_u16(), headers: parts.headers, text, bytes }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The body, which has this status.
    #[track_caller]
    pub(crate) fn expect<T: DeserializeOwned>(self, status: u16) -> T {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }

    /// An answer with this status and no body.
    #[track_caller]
    pub(crate) fn expect_nothing(self, status: u16) {
        assert_eq!((self.status, self.text.as_str()), (status, ""));
    }

    /// A refusal in the one shape that all have, whose message holds this text.
    #[track_caller]
    pub(crate) fn expect_refusal(self, status: u16, message: &str) -> Value {
        let refusal: Value = self.expect(status);
        let said = refusal["message"].as_str().unwrap();
        assert!(said.contains(message), "{said:?} does not say {message:?}");
        assert_eq!(refusal["ref"].as_str().unwrap().len(), 12, "{refusal}");
        assert!(refusal["error_code"].is_string(), "{refusal}");
        refusal
    }

    /// A refusal of a field, which it names.
    #[track_caller]
    pub(crate) fn expect_field(self, path: &str, message: &str) {
        let refusal = self.expect_refusal(400, message);
        assert_eq!(refusal["additional_errors"][0]["path"], path, "{refusal}");
    }
}
