//! `GET /hub/{portal_id}`: how the portal's webhooks are, what its administrators were told, what to do next.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use store::notice::MailedNotice;
use store::page::PageRequest;

use super::webhooks::row::WebhookRow;
use crate::extract::View;
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};
use crate::when::{When, count, number, span};

/// How many notices are shown.
const NOTICES: u32 = 5;

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    shell: Shell,
    webhooks: Vec<WebhookRow>,
    active: usize,
    rate: String,
    is_rate_bad: bool,
    attempts: String,
    waiting: String,
    held: bool,
    lag: String,
    is_late: bool,
    notices: Vec<NoticeRow>,
    steps: Vec<NextStep>,
}

struct NoticeRow {
    at: When,
    subject: String,
    webhook_path: String,
    is_stop: bool,
}

/// Something that is worth doing next.
struct NextStep {
    title: &'static str,
    text: String,
    path: String,
    action: &'static str,
}

pub(crate) async fn overview(State(hub): State<Hub>, view: View) -> Result<Response, Refusal> {
    let webhooks = WebhookRow::list(&hub, &view).await?;
    let first = PageRequest { limit: NOTICES, offset: 0 };
    let notices = hub.store.list_notices(view.portal.id, None, first).await?.items;
    let notices = notices.into_iter().map(|notice| notice_row(&view, notice)).collect();
    let (succeeded, failed) = webhooks.iter().fold((0, 0), |(s, f), row| (s + row.succeeded, f + row.failed));
    let oldest = webhooks.iter().map(|row| row.lag).max().unwrap_or_default();
    let overview = Overview {
        active: webhooks.iter().filter(|row| row.is_active).count(),
        rate: rate(succeeded, failed),
        is_rate_bad: failed > 0 && failed * 20 > succeeded + failed,
        attempts: count(succeeded + failed, "attempt"),
        waiting: number(webhooks.iter().map(|row| u64::from(row.waiting)).sum()),
        held: webhooks.iter().any(|row| row.waiting > 0 && !row.is_active),
        lag: if oldest.is_zero() { "none".to_owned() } else { span(oldest) },
        is_late: oldest.as_secs() >= 60,
        notices,
        steps: steps(&view, &webhooks),
        shell: view.shell(Area::Overview, "Overview"),
        webhooks,
    };
    Ok(view.page(&overview))
}

/// How many of all attempts arrived, in per cent: never rounded up to all.
pub(super) fn rate(succeeded: u64, failed: u64) -> String {
    match (succeeded, failed) {
        (0, 0) => "–".to_owned(),
        (_, 0) => "100 %".to_owned(),
        _ => format!("{:.1} %", ((succeeded * 1_000 / (succeeded + failed)) as f64) / 10.0),
    }
}

fn notice_row(view: &View, MailedNotice { notice, .. }: MailedNotice) -> NoticeRow {
    use domain::notice::NoticeKind;
    NoticeRow {
        at: When(notice.at),
        webhook_path: view.path(format_args!("webhooks/{}", notice.webhook_id)),
        is_stop: matches!(notice.kind, NoticeKind::StoppedGone | NoticeKind::StoppedFailing { .. }),
        subject: notice.subject(),
    }
}

/// What is worth doing next, the most urgent first; three at most.
fn steps(view: &View, webhooks: &[WebhookRow]) -> Vec<NextStep> {
    if !view.may_change() {
        return Vec::new();
    }
    if webhooks.is_empty() {
        return vec![NextStep {
            title: "Add your first webhook",
            text: "Say where completions are to be sent. It is active at once, and a partner's is told of all its customers.".to_owned(),
            path: view.path("webhooks/new"),
            action: "Add webhook",
        }];
    }
    let mut steps = Vec::new();
    for row in webhooks.iter().filter(|row| row.is_stopped) {
        steps.push(NextStep {
            title: "Bring a webhook back",
            text: format!("{} was stopped: {}. Its deliveries are held, none is lost.", row.title, row.status_text),
            path: row.path.clone(),
            action: "Look at it",
        });
    }
    for row in webhooks.iter().filter(|row| row.is_active && row.succeeded == 0 && row.failed > 0) {
        steps.push(NextStep {
            title: "Mend a receiver",
            text: format!(
                "Nothing arrived at {} in the last 24 hours: each delivery says what it met. It is tried again for days.",
                row.title
            ),
            path: row.path.clone(),
            action: "Look at it",
        });
    }
    for row in webhooks.iter().filter(|row| row.is_active && row.succeeded + row.failed == 0) {
        steps.push(NextStep {
            title: "Send a test event",
            text: format!(
                "{} has been told nothing in the last 24 hours. A test shows whether your receiver is well.",
                row.title
            ),
            path: format!("{}#test", row.path),
            action: "Test it",
        });
    }
    for row in webhooks.iter().filter(|row| !row.has_secret) {
        steps.push(NextStep {
            title: "Sign your webhook",
            text: format!(
                "{} has no secret key: your receiver cannot tell its events from somebody else's.",
                row.title
            ),
            path: format!("{}/secret", row.path),
            action: "Set a secret key",
        });
    }
    steps.truncate(3);
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_never_rounded_up_to_all() {
        for (succeeded, failed, expected) in
            [(0, 0, "–"), (5, 0, "100 %"), (0, 5, "0.0 %"), (99_999, 1, "99.9 %"), (2, 1, "66.6 %")]
        {
            assert_eq!(rate(succeeded, failed), expected);
        }
    }
}
