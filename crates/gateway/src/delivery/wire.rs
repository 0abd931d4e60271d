//! Deliveries as they are written.

use contract::api::delivery as api;
use domain::delivery::{Attempt, Delivery, DeliveryState, Outcome};
use domain::webhook::WebhookStatus;
use jiff::Timestamp;

/// Where a delivery stands, as it is written.
#[derive(Default)]
pub(crate) struct Stands {
    pub(crate) status: &'static str,
    pub(crate) reason: Option<&'static str>,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
}

pub(crate) fn stands(state: DeliveryState) -> Stands {
    match state {
        DeliveryState::Pending { due_at } => Stands { status: "pending", due_at: Some(due_at), ..Stands::default() },
        DeliveryState::Held { reason } => {
            let reason = Some(WebhookStatus::Inactive(reason).as_str());
            Stands { status: "held", reason, ..Stands::default() }
        }
        DeliveryState::Delivered { at } => Stands { status: "delivered", finished_at: Some(at), ..Stands::default() },
        DeliveryState::Failed { at, reason } => {
            let reason = Some(reason.as_str());
            Stands { status: "failed", reason, finished_at: Some(at), ..Stands::default() }
        }
    }
}

pub(super) fn delivery(delivery: Delivery) -> api::Delivery {
    let Stands { status, reason, due_at, finished_at } = stands(delivery.state);
    api::Delivery {
        id: delivery.id.to_string(),
        webhook_id: delivery.webhook_id.to_string(),
        event_id: delivery.event.id.to_string(),
        event_type: delivery.event.event_type.to_string(),
        data: serde_json::from_str(&delivery.event.data).unwrap_or_default(),
        test: delivery.event.is_test,
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
        headers: answer.map(|answer| answer.headers).filter(|headers| !headers.is_empty()),
        failure: failure.as_ref().map(|failure| failure.kind.as_str().to_owned()),
        detail: failure.map(|failure| failure.detail),
    }
}
