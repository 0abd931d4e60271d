//! `POST /client`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::api::oauth::{self as api, CreateOauthClient};
use domain::audit::{Action, Noted};
use domain::id::{ClientId, UserAccountId};
use domain::oauth::{CLIENT_SECRET_LENGTH, OauthClient, Token};
use domain::portal::Portal;
use store::keyring::CLIENT_SECRET;
use store::page::PageRequest;
use store::user_account::UserAccountFilter;

use super::wire;
use crate::extract::caller::Caller;
use crate::extract::json::JsonBody;
use crate::extract::scope::AppWrite;
use crate::gateway::Gateway;
use crate::portal::access;
use crate::refusal::Refusal;
use crate::{audit, idempotency};

/// Among how many of a portal's first accounts an administrator is looked for.
const FIRST_ACCOUNTS: PageRequest = PageRequest { limit: 50, offset: 0 };

/// Makes an OAuth client of the caller's portal, or of one of its customers. It may do what the caller may do. The secret
/// is shown in this answer and never again.
#[utoipa::path(
    post, path = "/client", operation_id = "create_oauth_client", tag = "OAuth",
    request_body = CreateOauthClient,
    security(("oauth2" = ["app.write"])),
    responses((status = 201, body = api::OauthClient), (status = 404, description = "There is no such portal."))
)]
pub(crate) async fn create(
    State(gateway): State<Gateway>,
    caller: Caller<AppWrite>,
    JsonBody(asked): JsonBody<CreateOauthClient>,
) -> Result<(StatusCode, Json<api::OauthClient>), Refusal> {
    let portal = match &asked.portal_id {
        None => access::find_own(&gateway, &caller).await?,
        Some(id) => access::find_visible(&gateway, &caller, id.parse().map_err(|_| access::not_found(id))?).await?,
    };
    let secret = gateway.random.hex(CLIENT_SECRET_LENGTH);
    let client = OauthClient {
        id: ClientId::draw(&*gateway.random),
        portal_id: portal.id,
        user_account_id: acting(&gateway, &caller, &portal).await?,
        name: asked.client_name.ok_or_else(|| Refusal::required("client_name"))?,
        redirect_uri: asked.redirect_uri,
        secret_digest: gateway.keyring.digest(CLIENT_SECRET, &secret),
        scopes: caller.scopes,
        created_at: gateway.now(),
        revoked_at: None,
    };
    let client = client.create()?;
    let written = wire::client(client.clone(), &portal, Some(secret));
    idempotency::foretell(StatusCode::CREATED, &written);
    let noted = Noted::created(Action::OauthClientCreate, &client, client.created_at);
    audit::by(&caller, noted, gateway.store.save_oauth_client(client)).await?;
    Ok((StatusCode::CREATED, Json(written)))
}

/// The account through which the client will act: the caller's in its own portal, the first administrator elsewhere.
async fn acting(gateway: &Gateway, caller: &Token, portal: &Portal) -> Result<UserAccountId, Refusal> {
    if portal.id == caller.portal_id {
        return Ok(caller.user_account_id);
    }
    let accounts = gateway.store.list_user_accounts(portal.id, &UserAccountFilter::default(), FIRST_ACCOUNTS).await?;
    let administrator = accounts.items.into_iter().find(|account| account.administers());
    administrator.map(|account| account.id).ok_or_else(|| {
        Refusal::field("portal_id", format_args!("portal_id: portal {} has no administrator to act for it", portal.id))
    })
}
