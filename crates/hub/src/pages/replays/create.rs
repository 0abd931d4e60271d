//! `GET` and `POST /hub/{portal_id}/webhooks/{id}/replays`: what a webhook is told again, asked for in two steps: what it would come
//! to, and then to do it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::audit::{Action, Noted};
use domain::id::{ReplayId, WebhookId};
use domain::replay::{Replay, ReplayScope};
use domain::webhook::{Webhook, WebhookStatus};
use jiff::{SignedDuration, Timestamp};
use store::error::StoreError;

use super::preview::{Preview, preview};
use super::row::ReplayRow;
use crate::extract::{Act, Param, Query, View};
use crate::flash::Flash;
use crate::form::{Errors, Form};
use crate::hub::Hub;
use crate::moment::{Moment, minute};
use crate::pages::webhooks::row;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

/// How many earlier replays are shown.
const SHOWN: u32 = 10;
/// How far back the form begins, where nothing else is known.
const USUALLY: SignedDuration = SignedDuration::from_hours(24);

#[derive(Template)]
#[template(path = "replays/create.html")]
struct Create {
    shell: Shell,
    title: String,
    webhook_path: String,
    path: String,
    form: Form,
    errors: Errors,
    preview: Option<Preview>,
    is_inactive: bool,
    replays: Vec<ReplayRow>,
}

impl Create {
    async fn of(hub: &Hub, view: &View, webhook: &Webhook, form: Form, errors: Errors) -> Result<Self, Refusal> {
        let replays = hub.store.list_replays(view.portal.id, &webhook.id, SHOWN).await?;
        let title = row::title(webhook);
        Ok(Create {
            shell: view.shell(Area::Webhooks, format!("Replay for {title}")),
            title,
            webhook_path: view.path(format_args!("webhooks/{}", webhook.id)),
            path: view.path(format_args!("webhooks/{}/replays", webhook.id)),
            form,
            errors,
            preview: None,
            is_inactive: webhook.status != WebhookStatus::Active,
            replays: replays.iter().map(|replay| ReplayRow::new(view, replay)).collect(),
        })
    }
}

/// The form, and what the query would come to.
pub(crate) async fn form(
    State(hub): State<Hub>,
    view: View,
    Param(id): Param<WebhookId>,
    Query(query): Query,
) -> Result<Response, Refusal> {
    let webhook = hub.store.find_webhook(view.portal.id, &id).await?.ok_or(Refusal::NotFound)?;
    if query.given("since").is_none() || !view.may_change() {
        let since = begin(&hub, &view, &webhook).await?;
        let form = Form::of([("scope", ReplayScope::Failed.as_str()), ("since", &minute(since))]);
        return Ok(view.page(&Create::of(&hub, &view, &webhook, form, Errors::default()).await?));
    }
    let mut errors = Errors::default();
    let asked = read(&query, &mut errors).filter(|(_, since)| {
        let is_past = *since <= hub.now();
        if !is_past {
            errors.add("since", "this is in the future: enter a time from which on something happened");
        }
        is_past
    });
    let mut page = Create::of(&hub, &view, &webhook, query, errors).await?;
    if let Some((scope, since)) = asked {
        page.preview = Some(preview(&hub, &view, &webhook, scope, since).await?);
        return Ok(view.page(&page));
    }
    Ok(view.page_with_errors(&page))
}

/// Asks for the replay, and goes to where its progress is.
pub(crate) async fn create(
    State(hub): State<Hub>,
    Param(id): Param<WebhookId>,
    Act { view, form }: Act,
) -> Result<Response, Refusal> {
    let webhook = hub.store.find_webhook(view.portal.id, &id).await?.ok_or(Refusal::NotFound)?;
    let mut errors = Errors::default();
    let replay = read(&form, &mut errors).and_then(|(scope, since)| {
        let replay = Replay {
            id: ReplayId::draw(&*hub.random),
            portal_id: view.portal.id,
            webhook_id: webhook.id.clone(),
            scope,
            since,
            deliveries: 0,
            finished_at: None,
            created_by: view.visitor.account.id,
            created_at: hub.now(),
        };
        errors.take(
            "since",
            replay.create().map_err(|_| "this is in the future: enter a time from which on something happened"),
        )
    });
    let Some(replay) = replay else {
        return Ok(view.page_with_errors(&Create::of(&hub, &view, &webhook, form, errors).await?));
    };
    let noted = Noted::created(Action::ReplayCreate, &replay, replay.created_at);
    let path = view.path(format_args!("replays/{}", replay.id));
    match view.by(noted, hub.store.save_replay(replay)).await {
        Ok(()) => Ok(view.done(
            &hub,
            &path,
            Flash::good("The replay has begun. It goes on by itself, also when you leave this page."),
        )),
        Err(StoreError::Taken("replay")) => {
            let errors = Errors::one("form", "another replay of this webhook is under way: wait until it is finished");
            Ok(view.page_with_errors(&Create::of(&hub, &view, &webhook, form, errors).await?))
        }
        Err(error) => Err(error.into()),
    }
}

fn read(form: &Form, errors: &mut Errors) -> Option<(ReplayScope, Timestamp)> {
    let scope = ReplayScope::read(form.text("scope")).ok_or("choose what is told again");
    let scope = errors.take("scope", scope);
    let since = errors.take("since", Moment::read(form.text("since").trim()));
    Some((scope?, since?.first))
}

/// From when on the form begins: since the webhook has failed, or else a day ago.
async fn begin(hub: &Hub, view: &View, webhook: &Webhook) -> Result<Timestamp, Refusal> {
    let now = hub.now();
    let healths = hub.store.list_webhook_health(view.portal.id, now).await?;
    let failing_since =
        healths.into_iter().find(|health| health.webhook_id == webhook.id).and_then(|health| health.failing_since);
    Ok(failing_since.unwrap_or_else(|| now.saturating_sub(USUALLY).unwrap_or(now)))
}
