//! A webhook at a glance.

use domain::webhook::{InactiveReason, Webhook, WebhookStatus};
use jiff::SignedDuration;
use store::webhook_health::{WAITING_COUNTED_MAX, WebhookHealth};

use super::fields::event_type_name;
use crate::extract::View;
use crate::hub::Hub;
use crate::pages::overview::rate;
use crate::refusal::Refusal;
use crate::spark::Spark;
use crate::when::{count, number, span};

/// How many event types of a webhook are named where there is little room.
const EVENT_TYPES_NAMED: usize = 4;
/// From which lag on a webhook is late.
const LATE: SignedDuration = SignedDuration::from_secs(60);

/// A webhook and how it fares.
pub(crate) struct WebhookRow {
    pub(crate) path: String,
    /// What people call it, or else its address.
    pub(crate) title: String,
    pub(crate) url: String,
    /// The first event types by their names, and how many there are besides.
    pub(crate) event_types_text: String,
    pub(crate) is_active: bool,
    /// Whether it is inactive without its owner having said so.
    pub(crate) is_stopped: bool,
    pub(crate) status: &'static str,
    pub(crate) status_text: &'static str,
    pub(crate) badge: &'static str,
    pub(crate) has_secret: bool,
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    pub(crate) rate: String,
    pub(crate) is_rate_bad: bool,
    pub(crate) attempts: String,
    pub(crate) waiting: u32,
    pub(crate) waiting_text: String,
    pub(crate) lag: SignedDuration,
    pub(crate) lag_text: String,
    pub(crate) is_late: bool,
    pub(crate) spark: Spark,
}

/// How a status is called, what it means, and which colour it has.
pub(crate) fn status(status: WebhookStatus) -> (&'static str, &'static str, &'static str) {
    match status {
        WebhookStatus::Active => ("Active", "it is told of every event that it asks for", "good"),
        WebhookStatus::Inactive(reason) => match reason {
            InactiveReason::Owner => ("Inactive", "it is not told of new events", "none"),
            InactiveReason::Paused => ("Paused", "its deliveries are held until it is resumed", "warn"),
            InactiveReason::Gone => ("Stopped", "its receiver answered 410 Gone", "bad"),
            InactiveReason::Failing => ("Stopped", "it had nothing but failures for days", "bad"),
            InactiveReason::Deleted => ("Deleted", "nothing is sent to it any more", "none"),
        },
    }
}

impl WebhookRow {
    /// The webhooks of the portal, oldest first.
    pub(crate) async fn list(hub: &Hub, view: &View) -> Result<Vec<Self>, Refusal> {
        let now = hub.now();
        let webhooks = hub.store.list_webhooks(view.portal.id).await?;
        let healths = hub.store.list_webhook_health(view.portal.id, now).await?;
        let row = |webhook: &Webhook| {
            let health = healths.iter().find(|health| health.webhook_id == webhook.id)?;
            Some(WebhookRow::new(view, webhook, health, health.lag(now)))
        };
        // One that was made or deleted between the two looks is on the next page.
        Ok(webhooks.iter().filter_map(row).collect())
    }

    pub(super) fn new(view: &View, webhook: &Webhook, health: &WebhookHealth, lag: SignedDuration) -> Self {
        let (status, status_text, badge) = status(webhook.status);
        let total = health.total();
        let (succeeded, failed) = (u64::from(total.succeeded), u64::from(total.failed));
        let more = if health.waiting >= WAITING_COUNTED_MAX { "+" } else { "" };
        WebhookRow {
            path: view.path(format_args!("webhooks/{}", webhook.id)),
            title: title(webhook),
            url: webhook.url.as_str().to_owned(),
            event_types_text: event_types_text(webhook),
            is_active: webhook.status == WebhookStatus::Active,
            is_stopped: matches!(
                webhook.status,
                WebhookStatus::Inactive(InactiveReason::Gone | InactiveReason::Failing)
            ),
            status,
            status_text,
            badge,
            has_secret: webhook.secret.is_some(),
            succeeded,
            failed,
            rate: rate(succeeded, failed),
            is_rate_bad: failed > 0 && failed * 20 > succeeded + failed,
            attempts: count(succeeded + failed, "attempt"),
            waiting: health.waiting,
            waiting_text: format!("{}{more}", number(u64::from(health.waiting))),
            lag,
            lag_text: if lag.is_zero() { "none".to_owned() } else { span(lag) },
            is_late: lag >= LATE,
            spark: Spark::new(health.hours),
        }
    }
}

fn event_types_text(webhook: &Webhook) -> String {
    let (named, others) = webhook.event_types.split_at(webhook.event_types.len().min(EVENT_TYPES_NAMED));
    let names: Vec<String> = named.iter().map(|event_type| event_type_name(*event_type)).collect();
    let besides = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
    format!("{}{besides}", names.join(", "))
}

/// What people call a webhook, or else the host that it leads to.
pub(crate) fn title(webhook: &Webhook) -> String {
    let name = webhook.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let host = || webhook.url.parts().host_str().unwrap_or(webhook.id.as_str()).to_owned();
    name.map_or_else(host, str::to_owned)
}
