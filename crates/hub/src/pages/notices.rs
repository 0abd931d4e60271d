//! `GET /hub/{portal_id}/notices`: what the administrators of the portal were told of its webhooks, and whether the mail of it went out.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::notice::NoticeKind;
use domain::notice::mail::MailState;
use domain::webhook::Webhook;
use store::notice::MailedNotice;

use crate::extract::{Query, View};
use crate::hub::Hub;
use crate::moment::minute;
use crate::paging::Paging;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};
use crate::when::When;
use crate::words::{Word, Words};

#[derive(Template)]
#[template(path = "notices/list.html")]
struct List {
    shell: Shell,
    notices: Vec<NoticeRow>,
    is_narrowed: bool,
    paging: Paging,
}

/// A notice as it is shown.
struct NoticeRow {
    at: When,
    subject: Words,
    /// Where its webhook is, if that is not deleted.
    webhook_path: Option<String>,
    /// Where what was given up is told again, for who may.
    replay_path: Option<String>,
    badge: &'static str,
    kind: &'static str,
    text: String,
    mail: String,
    is_mail_bad: bool,
}

/// The notices of the portal, or of one webhook of it, the newest first.
pub(crate) async fn list(State(hub): State<Hub>, view: View, Query(query): Query) -> Result<Response, Refusal> {
    let paging = Paging::read(&query, view.path("notices"), &["webhook"]);
    let webhook_id = query.given("webhook").and_then(|text| text.parse().ok());
    let listed = hub.store.list_notices(view.portal.id, webhook_id.as_ref(), paging.request()).await?;
    let webhooks = hub.store.list_webhooks(view.portal.id).await?;
    let list = List {
        shell: view.shell(Area::Overview, "Notices"),
        notices: listed.items.iter().map(|notice| row(&view, notice, &webhooks)).collect(),
        is_narrowed: webhook_id.is_some(),
        paging: paging.of(listed.total),
    };
    Ok(view.page(&list))
}

fn row(view: &View, mailed: &MailedNotice, webhooks: &[Webhook]) -> NoticeRow {
    let notice = &mailed.notice;
    let (kind, badge) = match notice.kind {
        NoticeKind::Failing { .. } => ("Failing", "warn"),
        NoticeKind::StoppedFailing { .. } | NoticeKind::StoppedGone => ("Stopped", "bad"),
        NoticeKind::GivenUp { .. } => ("Given up", "warn"),
    };
    let count = |is: fn(&MailState) -> bool| mailed.mails.iter().filter(|mail| is(&mail.state)).count();
    let sent = count(|state| matches!(state, MailState::Sent { .. }));
    let failed = count(|state| matches!(state, MailState::Failed { .. }));
    let mail = match (mailed.mails.len(), failed) {
        (0, _) => "not mailed".to_owned(),
        (all, 0) => format!("mailed to {sent} of {all}"),
        (all, failed) => format!("mailed to {sent} of {all}, {failed} could not be reached"),
    };
    let is_there = webhooks.iter().any(|webhook| webhook.id == notice.webhook_id);
    let webhook_path = is_there.then(|| view.path(format_args!("webhooks/{}", notice.webhook_id)));
    NoticeRow {
        at: When(notice.at),
        subject: Words::of(&notice.subject()),
        replay_path: match (&notice.kind, &webhook_path) {
            (NoticeKind::GivenUp { since, .. }, Some(path)) if view.may_change() => {
                Some(format!("{path}/replays?scope=failed&since={}", minute(*since)))
            }
            _ => None,
        },
        webhook_path,
        badge,
        kind,
        text: notice.text(),
        mail,
        is_mail_bad: failed > 0,
    }
}
