//! `POST /webhooks/{id}/test`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::api::delivery::Delivery;
use contract::api::webhook::TestWebhook;
use contract::event_type::EventType;
use domain::audit::{Action, Noted};
use domain::id::{EventId, WebhookId};
use store::error::StoreError;

use super::show;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::json::OptionalJsonBody;
use crate::extract::scope::WebhookWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::{again, audit, delivery};

/// Tests a webhook: a sample event is told to it, and to no other, along the way of every event. Not in the published API.
///
/// What the sample tells of does not exist (`data.id` is 404, `data.portal_id` is the portal of the webhook), and each of its
/// requests has the header `schoolbell-test: true`. While the webhook is inactive its tests are `held`, and go out when it is
/// active again. At most ten tests of a webhook may be under way.
#[utoipa::path(
    post, path = "/webhooks/{id}/test", operation_id = "test_webhook", tag = "Webhooks",
    params(("id" = String, Path, description = "12 letters and digits.")),
    request_body = Option<TestWebhook>,
    security(("oauth2" = ["webhook.write"])),
    responses(
        (status = 201, body = Delivery, description = "The test, due at once. See what comes of it at `GET /deliveries/{id}`."),
        (status = 404, description = "There is no such webhook.")
    )
)]
pub(crate) async fn test(
    State(gateway): State<Gateway>,
    caller: Caller<WebhookWrite>,
    Id(id): Id<WebhookId>,
    OptionalJsonBody(asked): OptionalJsonBody<TestWebhook>,
) -> Result<(StatusCode, Json<Delivery>), Refusal> {
    let event_type = asked.event_type.map(|text| text.parse()).transpose();
    let event_type: Option<EventType> =
        event_type.map_err(|error| Refusal::field("event_type", format_args!("event_type: {error}")))?;
    let delivery_id = again::on_conflict(|| async {
        let webhook = show::find(&gateway, caller.portal_id, &id).await?;
        let now = gateway.now();
        let test = webhook.test(event_type, EventId::draw(&*gateway.random), now);
        let test = test.map_err(|error| Refusal::field("event_type", error))?;
        let noted = Noted::done(Action::WebhookTest, webhook.portal_id, &id, now).named(webhook.name);
        let noted = noted.with("event_type", test.event_type);
        audit::by(&caller, noted, gateway.store.save_test(&id, test, now)).await.map_err(refusal)
    })
    .await?;
    Ok((StatusCode::CREATED, Json(delivery::show::read(&gateway, caller.portal_id, delivery_id).await?)))
}

fn refusal(error: StoreError) -> Refusal {
    match error {
        StoreError::LimitReached(max) => {
            let message = format!("{max} tests of the webhook are under way already: see GET /deliveries?status=open");
            Refusal::bad_request("limit_reached", message)
        }
        error => error.into(),
    }
}
