//! `POST /hub/{portal_id}/webhooks/{id}/test`: a sample event, whose outcome the page of the webhook shows.

use axum::extract::State;
use axum::response::Response;
use contract::event_type::EventType;
use domain::audit::{Action, Noted};
use domain::id::{EventId, WebhookId};
use store::error::StoreError;

use super::{find, show};
use crate::extract::{Act, Param};
use crate::hub::Hub;
use crate::page;
use crate::refusal::Refusal;

/// Sends it, and goes to where its outcome is.
pub(crate) async fn test(
    State(hub): State<Hub>,
    Param(id): Param<WebhookId>,
    Act { view, form }: Act,
) -> Result<Response, Refusal> {
    let webhook = find(&hub, &view, &id).await?;
    let event_type = form.given("event_type").map(str::parse::<EventType>).transpose();
    let event_type = event_type.map_err(|_| Refusal::Form("there is no such event type"))?;
    let now = hub.now();
    let test = webhook.test(event_type, EventId::draw(&*hub.random), now);
    let test = test.map_err(|_| Refusal::Form("the webhook is not told of that event type"))?;
    let noted = Noted::done(Action::WebhookTest, webhook.portal_id, &id, now).named(webhook.name);
    match view.by(noted, hub.store.save_test(&id, test, now)).await {
        Ok(delivery_id) => {
            let path = view.path(format_args!("webhooks/{id}?test={delivery_id}#test"));
            Ok(view.note(page::see_other(&path)))
        }
        Err(StoreError::LimitReached(max)) => {
            let text = format!("{max} tests of this webhook are under way already. Wait until some of them are over.");
            show::page(&hub, &view, &id, show::Besides { test_error: text, ..Default::default() }).await
        }
        Err(error) => Err(error.into()),
    }
}
