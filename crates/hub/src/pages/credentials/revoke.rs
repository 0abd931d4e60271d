//! `GET` and `POST /hub/{portal_id}/credentials/{id}/revoke`

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::audit::{Action, Noted};
use domain::id::ClientId;
use domain::oauth::OauthClient;

use super::ClientRow;
use crate::extract::{Act, Editor, Param, View};
use crate::flash::Flash;
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

#[derive(Template)]
#[template(path = "credentials/revoke.html")]
struct Revoke {
    shell: Shell,
    client: ClientRow,
}

/// A client of the portal that is in use.
async fn find(hub: &Hub, view: &View, id: &ClientId) -> Result<OauthClient, Refusal> {
    let found = hub.store.find_oauth_client(id).await?;
    let own = found.filter(|client| client.portal_id == view.portal.id && client.revoked_at.is_none());
    own.ok_or(Refusal::NotFound)
}

/// Asks once more.
pub(crate) async fn form(
    State(hub): State<Hub>,
    Editor(view): Editor,
    Param(id): Param<ClientId>,
) -> Result<Response, Refusal> {
    let client = find(&hub, &view, &id).await?;
    let shell = view.shell(Area::Credentials, format!("Revoke {}", client.name));
    Ok(view.page(&Revoke { shell, client: ClientRow::new(&view, &client) }))
}

/// Revokes it, and with it all its tokens.
pub(crate) async fn revoke(
    State(hub): State<Hub>,
    Param(id): Param<ClientId>,
    Act { view, .. }: Act,
) -> Result<Response, Refusal> {
    let (client, now) = (find(&hub, &view, &id).await?, hub.now());
    let noted = Noted::done(Action::OauthClientRevoke, view.portal.id, &id, now).named(Some(&client.name));
    let revoked = view.by(noted, hub.store.expire_oauth_client(view.portal.id, &id, now)).await?;
    let said = format!("{} is revoked: it and all its tokens are refused from now on.", client.name);
    if revoked { Ok(view.done(&hub, &view.path("credentials"), Flash::good(said))) } else { Err(Refusal::NotFound) }
}
