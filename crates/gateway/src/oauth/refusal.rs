//! Why there is no token, in the shape that OAuth clients read. Contract, section 5.1.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contract::api::oauth::TokenError;
use store::error::StoreError;

use crate::refusal::Refusal;

/// Why there is no token.
#[derive(Debug)]
pub(crate) enum TokenRefusal {
    /// The request or who makes it is at fault.
    Oauth { error: &'static str, message: String, hint: Option<&'static str> },
    /// The same as for any other request.
    Other(Refusal),
}

impl TokenRefusal {
    pub(crate) fn invalid_request(message: impl Into<String>, hint: &'static str) -> Self {
        TokenRefusal::Oauth { error: "invalid_request", message: message.into(), hint: Some(hint) }
    }

    /// The same for a client that is not there, one that is revoked and a secret that is wrong.
    pub(crate) fn invalid_client() -> Self {
        TokenRefusal::Oauth { error: "invalid_client", message: "Client authentication failed".to_owned(), hint: None }
    }

    /// For who has shown the right secret, so that nobody else learns of it.
    pub(crate) fn blocked() -> Self {
        TokenRefusal::Oauth {
            error: "invalid_client",
            message: "Client authentication failed".to_owned(),
            hint: Some("The user account that the client acts through is blocked."),
        }
    }

    /// The same for a refresh token that never was, one that is used or expired, and one of another client.
    pub(crate) fn invalid_grant() -> Self {
        let message = "The refresh token is invalid.".to_owned();
        TokenRefusal::Oauth { error: "invalid_grant", message, hint: Some("It is good once within 90 days.") }
    }

    pub(crate) fn invalid_scope(message: String) -> Self {
        TokenRefusal::Oauth {
            error: "invalid_scope",
            message,
            hint: Some("Leave scope out for all that you may have."),
        }
    }

    pub(crate) fn unsupported_grant_type(grant_type: &str) -> Self {
        TokenRefusal::Oauth {
            error: "unsupported_grant_type",
            message: format!("The grant type {grant_type:?} is not supported."),
            hint: Some("Use client_credentials or refresh_token."),
        }
    }
}

impl From<Refusal> for TokenRefusal {
    fn from(refusal: Refusal) -> Self {
        TokenRefusal::Other(refusal)
    }
}

impl From<StoreError> for TokenRefusal {
    fn from(error: StoreError) -> Self {
        TokenRefusal::Other(error.into())
    }
}

impl IntoResponse for TokenRefusal {
    fn into_response(self) -> Response {
        match self {
            TokenRefusal::Other(refusal) if refusal.status() == StatusCode::TOO_MANY_REQUESTS => limited(refusal),
            TokenRefusal::Other(refusal) => refusal.into_response(),
            TokenRefusal::Oauth { error, message, hint } => {
                let error = TokenError {
                    error: error.to_owned(),
                    error_description: message.clone(),
                    message,
                    hint: hint.map(str::to_owned),
                };
                (StatusCode::BAD_REQUEST, Json(error)).into_response()
            }
        }
    }
}

/// 429 with the headers of every other, and the body that OAuth clients read.
fn limited(refusal: Refusal) -> Response {
    let message = refusal.message().to_owned();
    let (parts, _) = refusal.into_response().into_parts();
    let error = TokenError {
        error: "rate_limited".to_owned(),
        error_description: message.clone(),
        message,
        hint: Some("Wait as long as Retry-After says.".to_owned()),
    };
    (parts.status, parts.headers, Json(error)).into_response()
}
