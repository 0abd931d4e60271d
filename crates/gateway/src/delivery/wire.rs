//! Deliveries as they are written.

use contract::api::delivery as api;
use domain::delivery::{Attempt, Delivery, DeliveryState, Outcome};
use domain::webhook::WebhookStatus;

pub(super) fn delivery(delivery: Delivery) -> api::Delivery {
    let (status, reason, due_at, finished_at) = match delivery.state {
        DeliveryState::Pending { due_at } => ("pending", None, Some(due_at), None),
        DeliveryState::Held { reason } => ("held", Some(WebhookStatus::Inactive(reason).as_str()), None, None),
        DeliveryState::Delivered { at } => ("delivered", None, None, Some(at)),
        DeliveryState::Failed { at, reason } => ("failed", Some(reason.as_str()), None, Some(at)),
    };
    api::Delivery {
        id: delivery.id.to_string(),
        webhook_id: delivery.webhook_id.to_string(),
        event_id: delivery.event.id.to_string(),
        event_type: delivery.event.event_type.to_string(),
        data: serde_json::from_str(&delivery.event.data).unwrap_or_default(),
        status: status.to_owned(),
        reason: reason.map(str::to_owned),
        attempt_number: delivery.attempt_number,
        due_time: due_at.map(Into::into),
        finished_time: finished_at.map(Into::into),
        attempts: None,
    }
}

pub(super) fn attempt(attempt: Attempt) -> api::Attempt {
    let (answer, failure) = match attempt.outcome {
        Outcome::Answered(answer) => (Some(answer), None),
        Outcome::Failed(failure) => (None, Some(failure)),
    };
    api::Attempt {
        attempt_number: attempt.number,
        started_time: attempt.started_at.into(),
        took_ms: u64::try_from(attempt.took.as_millis()).unwrap_or(0),
        status: answer.as_ref().map(|answer| answer.status),
        body: answer.as_ref().map(|answer| String::from_utf8_lossy(&answer.body).into_owned()),
        truncated: answer.as_ref().map(|answer| answer.truncated),
        failure: failure.as_ref().map(|failure| failure.kind.as_str().to_owned()),
        detail: failure.map(|failure| failure.detail),
    }
}
