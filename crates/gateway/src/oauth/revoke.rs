//! `POST /oauth/revoke`

use axum::extract::{Request, State};
use axum::http::StatusCode;
use contract::api::oauth::{RevokeRequest, TokenError};
use store::keyring::{ACCESS_TOKEN, REFRESH_TOKEN};

use super::form;
use super::refusal::TokenRefusal;
use crate::extract::caller::token_text;
use crate::gateway::Gateway;

/// Ends a token, access or refresh: whoever has it may end it. What is no token is ended already.
#[utoipa::path(
    post, path = "/oauth/revoke", operation_id = "revoke_token", tag = "OAuth",
    request_body(content(
        (RevokeRequest = "application/x-www-form-urlencoded"),
        (RevokeRequest = "multipart/form-data"),
        (RevokeRequest = "application/json"),
    )),
    responses((status = 204, description = "It is ended."), (status = 400, body = TokenError))
)]
pub(crate) async fn revoke(State(gateway): State<Gateway>, request: Request) -> Result<StatusCode, TokenRefusal> {
    let of_header = token_text(request.headers()).map(str::to_owned);
    let asked: RevokeRequest = form::read(&gateway, request).await?;
    let text = asked.token.or(of_header).ok_or_else(|| {
        let hint = "Send it in the field token, or in the Authorization header.";
        TokenRefusal::invalid_request("There is no token to revoke.", hint)
    })?;
    for purpose in [ACCESS_TOKEN, REFRESH_TOKEN] {
        let digest = gateway.keyring.digest(purpose, &text);
        gateway.store.expire_token(&digest, gateway.now()).await?;
        gateway.tokens.forget(&digest);
    }
    Ok(StatusCode::NO_CONTENT)
}
