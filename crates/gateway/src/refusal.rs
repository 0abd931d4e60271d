//! Answers that are not a success: what a handler says, and the one shape in which it reaches the client.

use std::fmt::Display;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contract::api::error::{ApiError, FieldError};
use contract::api::idempotency::IN_USE;
use domain::destination::DestinationError;
use domain::enrollment::EnrollmentError;
use domain::learning_object::LearningObjectError;
use domain::learning_object::content::ContentError;
use domain::learning_object::retirement::RetirementError;
use domain::oauth::OauthClientError;
use domain::portal::PortalError;
use domain::random::Random;
use domain::replay::ReplayError;
use domain::user_account::UserAccountError;
use domain::webhook::WebhookError;
use store::error::StoreError;

use crate::limit::Standing;

/// How many letters and digits name one refusal in the logs.
const REFERENCE_LENGTH: usize = 12;
/// What a client is told to wait when the database is away, or an earlier request is still under way, in seconds.
const SOON: HeaderValue = HeaderValue::from_static("1");

/// How a client authenticates.
const SCHEME: HeaderValue = HeaderValue::from_static("Bearer");

/// Why a request is not served.
///
/// As a response it has a status and no body yet: [`write`] adds the body, with a reference that is also in the logs.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    error_code: &'static str,
    message: String,
    field: Option<String>,
    /// How the caller stands with a limit that was reached.
    standing: Option<Standing>,
    /// For the logs alone.
    cause: Option<Arc<StoreError>>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, error_code: &'static str, message: impl Into<String>) -> Self {
        Refusal { status, error_code, message: message.into(), field: None, standing: None, cause: None }
    }

    /// 400: the request itself is at fault.
    pub(crate) fn bad_request(error_code: &'static str, message: impl Into<String>) -> Self {
        Refusal::new(StatusCode::BAD_REQUEST, error_code, message)
    }

    /// 400: one field is at fault. `message` names it.
    pub(crate) fn field(path: impl Into<String>, message: impl Display) -> Self {
        let refusal = Refusal::bad_request("invalid_parameters", message.to_string());
        Refusal { field: Some(path.into()), ..refusal }
    }

    /// 400: a field is missing.
    pub(crate) fn required(path: &str) -> Self {
        Refusal::field(path, format_args!("{path} is required"))
    }

    /// 401: no token, or one that is not good. Clients ask for a new one.
    pub(crate) fn unauthenticated() -> Self {
        Refusal::new(StatusCode::UNAUTHORIZED, "AUTH_TOKEN_INVALID", "Invalid credentials.")
    }

    /// 401 with the message that clients tell apart from the other 401. Contract, section 11.
    pub(crate) fn missing_scopes() -> Self {
        Refusal::new(StatusCode::UNAUTHORIZED, "missing_scopes", "Missing scopes")
    }

    /// 429: the caller has asked too often.
    pub(crate) fn limited(message: impl Into<String>, standing: Standing) -> Self {
        let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message);
        Refusal { standing: Some(standing), ..refusal }
    }

    /// 503: there is no room at present.
    pub(crate) fn busy() -> Self {
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "not available at present, try again")
    }

    /// 404. `what` says what there is not.
    pub(crate) fn not_found(what: impl Display) -> Self {
        Refusal::new(StatusCode::NOT_FOUND, "not_found", format!("there is no {what}"))
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong, for people.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Whether somebody else was faster, so that it is worth deciding again.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self.cause.as_deref(), Some(StoreError::Conflict))
    }

    /// Whether the verb found that another has this already.
    pub(crate) fn is_taken(&self, what: &str) -> bool {
        matches!(self.cause.as_deref(), Some(StoreError::Taken(taken)) if *taken == what)
    }

    fn log(&self, reference: &str) {
        let Some(cause) = &self.cause else { return };
        match cause.as_ref() {
            StoreError::Conflict | StoreError::Taken(_) | StoreError::LimitReached(_) => {}
            StoreError::Unavailable(_) => tracing::warn!(reference, %cause, "{reference}: cannot serve: {cause}"),
            StoreError::Internal { .. } => tracing::error!(reference, %cause, "{reference}: cannot serve: {cause}"),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let (status, error_code, message) = match &error {
            StoreError::Conflict => (StatusCode::CONFLICT, "conflict", error.to_string()),
            StoreError::Taken(_) => (StatusCode::CONFLICT, "already_exists", error.to_string()),
            StoreError::LimitReached(_) => (StatusCode::BAD_REQUEST, "limit_reached", error.to_string()),
            StoreError::Unavailable(_) => return Refusal { cause: Some(Arc::new(error)), ..Refusal::busy() },
            StoreError::Internal { .. } => {
                let message = "something is wrong here; ref names it in the logs".to_owned();
                (StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
            }
        };
        Refusal { cause: Some(Arc::new(error)), ..Refusal::new(status, error_code, message) }
    }
}

macro_rules! from_rule {
    ($($error:ty),*) => {$(
        impl From<$error> for Refusal {
            fn from(error: $error) -> Self {
                Refusal::field(error.field(), error)
            }
        }
    )*};
}

from_rule!(
    ContentError,
    DestinationError,
    EnrollmentError,
    LearningObjectError,
    OauthClientError,
    PortalError,
    ReplayError,
    RetirementError,
    UserAccountError,
    WebhookError
);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE || self.error_code == IN_USE {
            response.headers_mut().insert(header::RETRY_AFTER, SOON);
        }
        if let Some(standing) = &self.standing {
            standing.write_refused(response.headers_mut());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, SCHEME);
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives a response that is a refusal its body, and its reference to the logs. Any other stays as it is.
pub(crate) fn write(mut response: Response, random: &dyn Random) -> Response {
    let Some(refusal) = response.extensions_mut().remove::<Refusal>() else { return response };
    let reference = random.alphanumeric(REFERENCE_LENGTH);
    refusal.log(&reference);
    let error = ApiError {
        reference,
        error_code: refusal.error_code.to_owned(),
        additional_errors: refusal
            .field
            .into_iter()
            .map(|path| FieldError { message: refusal.message.clone(), path })
            .collect(),
        message: refusal.message,
    };
    let body = serde_json::to_vec(&error).expect("an error is a struct of strings");
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.body_mut() = Body::from(body);
    response
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug)]
    struct Zeros;

    impl Random for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    async fn check(refusal: impl Into<Refusal>, status: u16, retry_after: Option<&str>, expected: Value) {
        let response = write(refusal.into().into_response(), &Zeros);
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        let retry = response.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap());
        assert_eq!(retry, retry_after);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), expected);
    }

    fn body(error_code: &str, message: &str) -> Value {
        json!({"ref": "000000000000", "error_code": error_code, "message": message})
    }

    #[tokio::test]
    async fn trouble_within_is_said_without_its_inner_text() {
        let away = StoreError::Unavailable("disk /dev/sda1 is full".to_owned());
        check(away, 503, Some("1"), body("unavailable", "not available at present, try again")).await;
        let broken = StoreError::Internal { verb: "find_portal", source: "no such table: portals".into() };
        check(broken, 500, None, body("internal", "something is wrong here; ref names it in the logs")).await;
    }

    #[tokio::test]
    async fn what_a_verb_refuses_is_the_clients_to_know() {
        check(StoreError::Conflict, 409, None, body("conflict", "somebody else changed it at the same time")).await;
        check(StoreError::Taken("email"), 409, None, body("already_exists", "email is taken")).await;
        let many = body("limit_reached", "there are already 50, which is the limit");
        check(StoreError::LimitReached(50), 400, None, many).await;
    }

    #[tokio::test]
    async fn a_field_at_fault_is_named_twice() {
        let mut expected = body("invalid_parameters", "url is required");
        expected["additional_errors"] = json!([{"message": "url is required", "path": "url"}]);
        check(Refusal::required("url"), 400, None, expected).await;
    }
}
