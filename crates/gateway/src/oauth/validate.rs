//! `GET /oauth/validate`

use axum::Json;
use axum::http::StatusCode;
use contract::api::oauth::TokenInfo;

use crate::extract::caller::Caller;
use crate::refusal::Refusal;

/// Says what the token in the `Authorization` header is good for; 403 if it is not good.
#[utoipa::path(
    get, path = "/oauth/validate", operation_id = "validate_token", tag = "OAuth",
    security(("oauth2" = [])),
    responses((status = 200, body = TokenInfo), (status = 403, description = "It is not good."))
)]
pub(crate) async fn validate(caller: Result<Caller, Refusal>) -> Result<Json<TokenInfo>, Refusal> {
    let caller = caller.map_err(|refusal| match refusal.status() {
        StatusCode::UNAUTHORIZED => Refusal::new(StatusCode::FORBIDDEN, "AUTH_TOKEN_INVALID", "Invalid credentials."),
        _ => refusal,
    })?;
    Ok(Json(TokenInfo {
        client_id: caller.client_id.to_string(),
        user_id: caller.user_account_id.to_string(),
        scopes: caller.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
    }))
}
