//! `GET /hub/{portal_id}/replays/{id}`: a replay, as far as it has come.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::id::ReplayId;
use domain::replay::ReplayScope;

use super::row::ReplayRow;
use crate::extract::{Param, View};
use crate::hub::Hub;
use crate::moment::minute;
use crate::pages::webhooks::row as webhook_row;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};
use crate::when::When;

#[derive(Template)]
#[template(path = "replays/show.html")]
struct Show {
    shell: Shell,
    row: ReplayRow,
    is_all: bool,
    webhook: String,
    webhook_path: Option<String>,
    deliveries_path: String,
    created_by: String,
    kept_from: Option<When>,
}

/// The replay; live.
pub(crate) async fn show(State(hub): State<Hub>, view: View, Param(id): Param<ReplayId>) -> Result<Response, Refusal> {
    let replay = hub.store.find_replay(view.portal.id, &id).await?.ok_or(Refusal::NotFound)?;
    let webhook = hub.store.find_webhook(view.portal.id, &replay.webhook_id).await?;
    let account = hub.store.find_user_account(view.portal.id, replay.created_by).await?;
    let since = minute(replay.since);
    let kept_from = hub.store.find_events_from().await?;
    let show = Show {
        shell: view.shell(Area::Webhooks, "Replay"),
        row: ReplayRow::new(&view, &replay),
        is_all: replay.scope == ReplayScope::All,
        webhook: webhook.as_ref().map_or_else(|| replay.webhook_id.to_string(), webhook_row::title),
        webhook_path: webhook.map(|webhook| view.path(format_args!("webhooks/{}", webhook.id))),
        deliveries_path: view.path(format_args!("deliveries?webhook={}&since={since}", replay.webhook_id)),
        created_by: account
            .map_or_else(|| format!("User {}", replay.created_by), |account| account.email.as_str().to_owned()),
        kept_from: kept_from.filter(|kept_from| replay.since < *kept_from).map(When),
    };
    Ok(view.page(&show))
}
