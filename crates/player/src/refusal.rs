//! Answers that are not a success. What they say is read by learners: what it is, and what to do.

use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::destination::LaunchRefusal;
use serde::Serialize;
use store::error::StoreError;

/// Why a request is not served.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    error_code: &'static str,
    message: String,
    retry_after_s: Option<u64>,
    /// For the logs alone.
    cause: Option<Arc<StoreError>>,
}

#[derive(Serialize)]
struct Written<'a> {
    error_code: &'a str,
    message: &'a str,
}

impl Refusal {
    fn new(status: StatusCode, error_code: &'static str, message: impl Into<String>) -> Self {
        Refusal { status, error_code, message: message.into(), retry_after_s: None, cause: None }
    }

    /// 400: the program that sent it is at fault.
    pub(crate) fn malformed(what: impl std::fmt::Display) -> Self {
        let message = format!("The course sent something that cannot be read: {what}.");
        Refusal::new(StatusCode::BAD_REQUEST, "malformed", message)
    }

    /// 413.
    pub(crate) fn too_large(bytes_max: usize) -> Self {
        let message = format!("The course sent too much at once: at most {bytes_max} bytes can be kept.");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// 400: the LMS did not say who learns.
    pub(crate) fn nobody() -> Self {
        let message = "Your learning system did not say who you are, so nothing could be kept for you. Sign in there and open \
                       the course again.";
        Refusal::new(StatusCode::BAD_REQUEST, "malformed", message)
    }

    /// 401: there is no destination with that token.
    pub(crate) fn unknown_token() -> Self {
        let message = "This course package is not known any more. Ask whoever looks after your courses for a new one.";
        Refusal::new(StatusCode::UNAUTHORIZED, "unknown_token", message)
    }

    /// 401: the link was used, or its time is over.
    pub(crate) fn link_spent() -> Self {
        let message = "This link was used before, or has expired. Open the course again from where you found it.";
        Refusal::new(StatusCode::UNAUTHORIZED, "link_spent", message)
    }

    /// 401: the session is over.
    pub(crate) fn session_over() -> Self {
        let message = "You had this course open for too long. Close it and open it again: what was saved is kept.";
        Refusal::new(StatusCode::UNAUTHORIZED, "session_over", message)
    }

    /// 403: somebody blocked the account.
    pub(crate) fn blocked() -> Self {
        let message = "Your account is blocked. Ask whoever looks after your courses.";
        Refusal::new(StatusCode::FORBIDDEN, "account_blocked", message)
    }

    /// 403: a page asked that is not the LMS's.
    pub(crate) fn service_worker() -> Self {
        Refusal::new(StatusCode::FORBIDDEN, "no_service_worker", "A course cannot install a service worker.")
    }

    /// 400: there is nobody new after its retirement.
    pub(crate) fn retired() -> Self {
        let message = "This course is being retired, and only those who have begun it can go on.";
        Refusal::new(StatusCode::BAD_REQUEST, "retired", message)
    }

    /// 400: it is not shown yet.
    pub(crate) fn draft() -> Self {
        Refusal::new(StatusCode::BAD_REQUEST, "not_published", "This course is not published yet.")
    }

    /// 410: content that is gone.
    pub(crate) fn removed() -> Self {
        let message = "This course is no longer available. What you completed in it is kept.";
        Refusal::new(StatusCode::GONE, "removed", message)
    }

    /// 410: the enrollment was deleted.
    pub(crate) fn enrollment_gone() -> Self {
        let message = "You are not enrolled in this course any more. Open it again if you want to go on.";
        Refusal::new(StatusCode::GONE, "enrollment_gone", message)
    }

    /// 409: a later attempt took its place.
    pub(crate) fn superseded() -> Self {
        let message =
            "You began this course anew elsewhere, so nothing is kept from this page any more. You can close it.";
        Refusal::new(StatusCode::CONFLICT, "superseded", message)
    }

    /// 404.
    pub(crate) fn not_found() -> Self {
        Refusal::new(StatusCode::NOT_FOUND, "not_found", "There is nothing here.")
    }

    /// 405.
    pub(crate) fn unknown_method() -> Self {
        Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This is not how to ask for it.")
    }

    /// 409: so much is kept and no more.
    pub(crate) fn too_much() -> Self {
        let message = "This course sent more than can be kept for one visit. Close it and open it again.";
        Refusal::new(StatusCode::CONFLICT, "too_much", message)
    }

    /// 429: later.
    pub(crate) fn limited(seconds: i128) -> Self {
        let message = "Too much is being asked at once. It goes on by itself in a moment.";
        let retry_after_s = Some(u64::try_from(seconds).unwrap_or(1));
        Refusal { retry_after_s, ..Refusal::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message) }
    }

    /// 503: there is no room at present.
    pub(crate) fn busy() -> Self {
        let message = "The course cannot be reached at present. It goes on by itself in a moment.";
        Refusal { retry_after_s: Some(1), ..Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message) }
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

    /// Writes to the log what is for nobody else.
    pub(crate) fn log(&self) {
        let Some(cause) = &self.cause else { return };
        match cause.as_ref() {
            StoreError::Conflict | StoreError::Taken(_) | StoreError::LimitReached(_) => {}
            StoreError::Unavailable(_) => tracing::warn!(%cause, "the player cannot serve: {cause}"),
            StoreError::Internal { .. } => tracing::error!(%cause, "the player cannot serve: {cause}"),
        }
    }
}

impl From<LaunchRefusal> for Refusal {
    fn from(refusal: LaunchRefusal) -> Self {
        let (error_code, message) = match refusal {
            LaunchRefusal::Revoked => (
                "destination_revoked",
                "This course package was withdrawn. Ask whoever looks after your courses for a new one.",
            ),
            LaunchRefusal::Expired => (
                "destination_expired",
                "The time for which your organisation has this course is over. Ask whoever looks after your courses.",
            ),
            LaunchRefusal::Origin => (
                "origin_refused",
                "This course package is not meant for this learning system. Ask whoever looks after your courses.",
            ),
            LaunchRefusal::Seats => (
                "seats_taken",
                "All seats that your organisation has in this course are taken. Ask whoever looks after your courses.",
            ),
        };
        Refusal::new(StatusCode::FORBIDDEN, error_code, message)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let refusal = match &error {
            StoreError::Conflict | StoreError::Taken(_) | StoreError::LimitReached(_) | StoreError::Unavailable(_) => {
                Refusal::busy()
            }
            StoreError::Internal { .. } => {
                let message = "Something is wrong here, and not with you. Please try again later.";
                Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
            }
        };
        Refusal { cause: Some(Arc::new(error)), ..refusal }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.log();
        let written = Written { error_code: self.error_code, message: &self.message };
        let mut response = (self.status, Json(written)).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
