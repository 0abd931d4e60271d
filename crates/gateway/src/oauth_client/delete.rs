//! `DELETE /client/{id}`

use axum::extract::State;
use axum::http::StatusCode;
use domain::audit::{Action, Noted};
use domain::id::ClientId;

use crate::audit;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::scope::AppWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// Revokes an OAuth client of the caller's portal, and with it all its tokens.
#[utoipa::path(
    delete, path = "/client/{id}", operation_id = "delete_oauth_client", tag = "OAuth",
    params(("id" = String, Path, description = "The client_id.")),
    security(("oauth2" = ["app.write"])),
    responses((status = 204, description = "It is revoked."), (status = 404, description = "There is no such client."))
)]
pub(crate) async fn delete(
    State(gateway): State<Gateway>,
    caller: Caller<AppWrite>,
    Id(id): Id<ClientId>,
) -> Result<StatusCode, Refusal> {
    let now = gateway.now();
    let name = gateway.store.find_oauth_client(&id).await?.map(|client| client.name);
    let noted = Noted::done(Action::OauthClientRevoke, caller.portal_id, &id, now).named(name);
    let revoked = audit::by(&caller, noted, gateway.store.expire_oauth_client(caller.portal_id, &id, now)).await?;
    if revoked { Ok(StatusCode::NO_CONTENT) } else { Err(Refusal::not_found(format_args!("OAuth client {id}"))) }
}
