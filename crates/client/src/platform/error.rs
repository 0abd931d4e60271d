//! What a call can come to, other than its answer.

use std::time::Duration;

use contract::api::error::{ApiError, FieldError};

/// The message by which a missing scope is told from a bad token: both are 401 (contract, quirk 6).
const MISSING_SCOPES: &str = "Missing scopes";

/// Why a call has no answer, by what can be done about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The token endpoint does not accept the credentials.
    #[error("the client id or secret is not accepted: {0}")]
    Credentials(Box<Refusal>),
    /// 401, also with a new token.
    #[error("{0}")]
    Unauthorized(Box<Refusal>),
    /// 401 because the OAuth client may not do this; no new token helps.
    #[error("{0}")]
    MissingScopes(Box<Refusal>),
    /// 403: another portal's credentials are needed, or more rights.
    #[error("{0}")]
    Forbidden(Box<Refusal>),
    /// 404: there is none, or none that these credentials may know of.
    #[error("{0}")]
    NotFound(Box<Refusal>),
    /// 409: there is one already, or it has changed meanwhile.
    #[error("{0}")]
    Conflict(Box<Refusal>),
    /// Any other 4xx: the request must be changed.
    #[error("{0}")]
    Invalid(Box<Refusal>),
    /// 429, and patience ended.
    #[error("{0}")]
    RateLimited(Box<Refusal>),
    /// 5xx, and patience ended.
    #[error("{0}")]
    Unavailable(Box<Refusal>),
    /// No answer, and patience ended.
    #[error("{call}: no answer")]
    Unreachable {
        /// Method and path.
        call: String,
        /// What happened instead.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An answer that no platform of this contract gives, like a redirect.
    #[error("{0}")]
    Unexpected(Box<Refusal>),
    /// A success whose body is not of the expected type. Its text is not repeated, since it may name people.
    #[error("{call}: the answer cannot be read (line {line}, column {column})")]
    Unreadable {
        /// Method and path.
        call: String,
        /// Where in the body it went wrong.
        line: usize,
        /// Where in that line.
        column: usize,
    },
    /// An answer of more than [`ANSWER_BYTES_MAX`](super::retry::ANSWER_BYTES_MAX) bytes.
    #[error("{call}: the answer is longer than {bytes_max} bytes")]
    TooLong {
        /// Method and path.
        call: String,
        /// The limit.
        bytes_max: usize,
    },
    /// A list that cannot be walked completely.
    #[error("{call}: {problem}")]
    Walk {
        /// Method and path.
        call: String,
        /// Why not.
        problem: &'static str,
    },
    /// Something that cannot be an id and so was not sent.
    #[error("{0:?} is not an id")]
    Id(String),
}

/// An answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Method and path of the call.
    pub call: String,
    /// The HTTP status.
    pub status: u16,
    /// What the platform said.
    pub error: ApiError,
    /// When the platform wants to be asked again.
    pub retry_after: Option<Duration>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} answered {}: {}", self.call, self.status, self.error.message)
    }
}

impl Error {
    /// The answer, where there was one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Error::Credentials(refusal)
            | Error::Unauthorized(refusal)
            | Error::MissingScopes(refusal)
            | Error::Forbidden(refusal)
            | Error::NotFound(refusal)
            | Error::Conflict(refusal)
            | Error::Invalid(refusal)
            | Error::RateLimited(refusal)
            | Error::Unavailable(refusal)
            | Error::Unexpected(refusal) => Some(refusal),
            Error::Unreachable { .. }
            | Error::Unreadable { .. }
            | Error::TooLong { .. }
            | Error::Walk { .. }
            | Error::Id(_) => None,
        }
    }

    /// Whether the same call may succeed later, with nothing changed on this side.
    pub fn is_transient(&self) -> bool {
        matches!(self, Error::RateLimited(_) | Error::Unavailable(_) | Error::Unreachable { .. })
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal.status {
            401 if refusal.error.message == MISSING_SCOPES => Error::MissingScopes,
            401 => Error::Unauthorized,
            403 => Error::Forbidden,
            404 => Error::NotFound,
            409 => Error::Conflict,
            429 => Error::RateLimited,
            400..=499 => Error::Invalid,
            500..=599 => Error::Unavailable,
            _ => Error::Unexpected,
        };
        kind(Box::new(refusal))
    }
}

/// Reads the body of an answer that is not a success, in any of the published shapes (contract, sections 5.1 and 11).
/// A body that is none of them, such as a proxy's page, is not repeated.
pub(crate) fn read_error(body: &[u8]) -> ApiError {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |value: &serde_json::Value, name: &str| value[name].as_str().map(str::to_owned);
    let message = text(&body, "message").or_else(|| text(&body, "error_description"));
    let fields = body["additional_errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    ApiError {
        reference: text(&body, "ref").unwrap_or_default(),
        error_code: text(&body, "error_code").or_else(|| text(&body, "error")).unwrap_or_default(),
        message: message.unwrap_or_else(|| "the answer says no more".to_owned()),
        additional_errors: fields
            .iter()
            .map(|field| FieldError {
                message: text(field, "message").unwrap_or_default(),
                path: text(field, "path").unwrap_or_default(),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_body(body: &str, expected: [&str; 3], fields: usize) {
        let error = read_error(body.as_bytes());
        assert_eq!([&*error.reference, &*error.error_code, &*error.message], expected);
        assert_eq!(error.additional_errors.len(), fields);
    }

    #[test]
    fn every_published_shape_of_error_is_read() {
        check_body(r#"{"message":"No."}"#, ["", "", "No."], 0);
        check_body(r#"{"message":"No.","code":7}"#, ["", "", "No."], 0);
        check_body(r#"{"ref":"r","error_code":"e","message":"No."}"#, ["r", "e", "No."], 0);
        check_body(
            r#"{"message":"No.","additional_errors":[{"path":"url","message":"bad","http_code":400},7]}"#,
            ["", "", "No."],
            2,
        );
        check_body(r#"{"error":"invalid_client","message":"No.","hint":"h"}"#, ["", "invalid_client", "No."], 0);
        check_body(r#"{"error":"invalid_client","error_description":"No."}"#, ["", "invalid_client", "No."], 0);
        for strange in ["", "[]", "<html>", "\"message\"", r#"{"message":{}}"#] {
            check_body(strange, ["", "", "the answer says no more"], 0);
        }
    }

    #[track_caller]
    fn check_kind(status: u16, message: &str, expected: &str, transient: bool) {
        let error = read_error(format!(r#"{{"message":"{message}"}}"#).as_bytes());
        let error = Error::from(Refusal { call: "GET /x".into(), status, error, retry_after: None });
        assert_eq!(error.to_string(), format!("GET /x answered {status}: {message}"));
        assert_eq!(error.is_transient(), transient, "{error:?}");
        let kind = format!("{error:?}");
        assert_eq!(kind.split('(').next(), Some(expected));
    }

    #[test]
    fn a_caller_can_decide_by_the_kind() {
        check_kind(401, "Missing scopes", "MissingScopes", false);
        check_kind(401, "missing scopes", "Unauthorized", false);
        check_kind(403, "Missing scopes", "Forbidden", false);
        check_kind(404, "m", "NotFound", false);
        check_kind(409, "m", "Conflict", false);
        check_kind(400, "m", "Invalid", false);
        check_kind(413, "m", "Invalid", false);
        check_kind(429, "m", "RateLimited", true);
        check_kind(500, "m", "Unavailable", true);
        check_kind(503, "m", "Unavailable", true);
        check_kind(302, "m", "Unexpected", false);
        check_kind(199, "m", "Unexpected", false);
    }
}
