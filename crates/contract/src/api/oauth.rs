//! The token endpoint and the clients that may use it. Contract, section 5.

use serde::{Deserialize, Serialize};

/// A request for a token, in whichever encoding it arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct TokenRequest {
    /// `client_credentials` or `refresh_token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// Also accepted as the user name of Basic authentication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Also accepted as the password of Basic authentication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// Space-separated; all that the client may have when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// With `refresh_token`: the token to be exchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

/// A token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenResponse {
    /// `Bearer`.
    pub token_type: String,
    /// Seconds for which the token is good: 43,200.
    pub expires_in: u64,
    /// Opaque; goes into the `Authorization` header.
    pub access_token: String,
    /// Good once within 90 days, for another pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

/// Ends a token, in whichever encoding the request arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct RevokeRequest {
    /// The token, of either kind; the one in the `Authorization` header when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// Why there is no token. `message` and `hint` as published, `error_description` as RFC 6749 has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenError {
    /// `invalid_request`, `invalid_client`, `invalid_grant`, `invalid_scope`, `unsupported_grant_type`; with 429 `rate_limited`.
    pub error: String,
    /// What is wrong, for people.
    pub message: String,
    /// The same text under its standard name.
    pub error_description: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What a token is good for: the answer of `GET /oauth/validate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TokenInfo {
    /// The client that asked for it.
    pub client_id: String,
    /// The user account that acts with it.
    pub user_id: String,
    /// What it may do.
    pub scopes: Vec<String>,
}

/// An OAuth client of a portal. Contract, section 5.3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OauthClient {
    /// 40 hex digits.
    pub client_id: String,
    /// 40 hex digits; shown once, when it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// What people call it.
    pub client_name: String,
    /// Where the authorization page would return to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// The portal whose credentials these are.
    pub portal_id: String,
    /// What people call that portal.
    pub portal_name: String,
}

/// Asks for a new OAuth client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct CreateOauthClient {
    /// What people call it. Required.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = String, min_length = 1, max_length = 255))]
    pub client_name: Option<String>,
    /// Where the authorization page would return to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// A customer portal of the caller's; the caller's own portal when absent. Ours.
    #[serde(deserialize_with = "super::id_text", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<super::Id>))]
    pub portal_id: Option<String>,
}
