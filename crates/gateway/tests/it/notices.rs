//! What administrators are told of their webhooks. Ours.

use contract::api::notice::Notice;
use contract::api::page::Page;
use domain::clock::Clock;
use domain::delivery::{Answer, FinishedAttempt, Next, Outcome};
use domain::notice::mail::{FinishedMail, MailNext, MailOutcome};
use domain::oauth::{Scope, Scopes};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::delivery::LeaseRequest;

use crate::app::{App, Caller, Tenant};

/// A webhook of the tenant that was told of a completion, and has answered with 410: its id.
pub(crate) async fn gone(app: &App, tenant: &Tenant, email: &str) -> String {
    let caller = app.as_(tenant);
    let webhook =
        json!({"url": "https://receiver.example.com/s3cret", "name": "Main", "event_types": ["enrollment.complete"]});
    let webhook: Value = caller.post("/webhooks", webhook).await.expect(201);
    let webhook_id = webhook["id"].as_str().unwrap().to_owned();
    let enrolled = caller.enroll(&caller.learner(email).await, &caller.content("First aid").await).await;
    let completed = json!({"status": "completed"});
    caller.patch(&format!("/enrollments/{}", enrolled.id), completed).await.expect::<Value>(200);
    let now = app.clock.now();
    let expires_at = now + SignedDuration::from_secs(60);
    let request = LeaseRequest { lanes: vec![(webhook_id.parse().unwrap(), 1)], now, expires_at };
    let lease = app.store.lease_deliveries(&request).await.unwrap().remove(0);
    let outcome = Outcome::Answered(Answer {
        status: 410,
        retry_after: None,
        body: Vec::new(),
        truncated: false,
        headers: String::new(),
    });
    let attempt = FinishedAttempt { lease, started_at: now, took: SignedDuration::ZERO, outcome, next: Next::Gone };
    app.store.finish_attempts(vec![attempt], now).await.unwrap();
    webhook_id
}

async fn notices(caller: &Caller<'_>, query: &str) -> Vec<Notice> {
    caller.get(&format!("/notices{query}")).await.expect::<Page<Notice>>(200).hits
}

/// Makes mail of what was told, and lets the mail server refuse it.
async fn refuse_mail(app: &App) {
    let now = app.clock.now();
    while app.store.expand_notices(10, now).await.unwrap() {}
    let leases = app.store.lease_mails(10, now, now + SignedDuration::from_secs(60)).await.unwrap();
    let error = format!("550 <{}>: nobody", leases[0].address.as_str());
    let refused = leases.into_iter().map(|lease| FinishedMail {
        lease,
        outcome: MailOutcome::Refused(error.clone()),
        next: MailNext::GivenUp,
    });
    app.store.finish_mails(refused.collect(), now).await.unwrap();
}

#[tokio::test]
async fn a_notice_says_what_happened_and_who_was_mailed() {
    let app = App::new().await;
    let webhook_id = gone(&app, &app.partner, "grace@example.com").await;
    let partner = app.as_(&app.partner);
    let [told] = notices(&partner, "").await.try_into().unwrap();
    assert_eq!((told.kind.as_str(), &told.webhook_id), ("stopped_gone", &webhook_id));
    assert_eq!(told.subject, "Webhook \"Main\" was stopped: its receiver says that it is gone");
    assert!(told.text.contains("held, not dropped") && !told.text.contains("s3cret"), "{}", told.text);
    assert_eq!(told.mails, []);
    refuse_mail(&app).await;
    let shown: Notice = partner.get(&format!("/notices/{}", told.id)).await.expect(200);
    let [mail] = &shown.mails[..] else { panic!("{shown:?}") };
    assert_eq!((mail.status.as_str(), mail.due_time), ("failed", None));
    assert_eq!(mail.user_account_id, app.partner.administrator_id.to_string());
    assert_eq!(mail.email.as_deref(), Some("administrator@partner.example.com"));
    assert_eq!(mail.error.as_deref(), Some("550 <administrator@partner.example.com>: nobody"));
}

#[tokio::test]
async fn addresses_are_for_those_who_may_read_accounts() {
    let app = App::new().await;
    gone(&app, &app.partner, "grace@example.com").await;
    refuse_mail(&app).await;
    let scopes: Scopes = [Scope::WebhookRead].into_iter().collect();
    let (id, secret) = app.client(app.partner.portal_id, app.partner.administrator_id, scopes).await;
    let reader = app.with_token(&app.token(&id, &secret, None).await);
    let answer = reader.get("/notices").await;
    assert!(!answer.text.contains("administrator@"), "{}", answer.text);
    let mail = answer.expect::<Page<Notice>>(200).hits.remove(0).mails.remove(0);
    assert_eq!((mail.status.as_str(), mail.email, mail.error), ("failed", None, None));
    let mail = notices(&app.as_(&app.partner), "").await.remove(0).mails.remove(0);
    assert!(mail.email.is_some() && mail.error.is_some(), "the control");
}

#[tokio::test]
async fn notices_are_paged_and_found_by_webhook() {
    let app = App::new().await;
    let first = gone(&app, &app.partner, "grace@example.com").await;
    let second = gone(&app, &app.partner, "alan@example.com").await;
    let partner = app.as_(&app.partner);
    let of = async |query: &str| -> Vec<String> {
        notices(&partner, query).await.into_iter().map(|notice| notice.webhook_id).collect()
    };
    assert_eq!(of("").await, [second.as_str(), &first], "newest first");
    assert_eq!(of(&format!("?webhook_id={first}")).await, [first.as_str()]);
    assert_eq!(of("?limit=1&offset=1").await, [first.as_str()]);
    assert_eq!(of("?webhook_id=hg4JWUDbT55B").await, [""; 0]);
    let counted: Page<Notice> = partner.get("/notices?limit=0").await.expect(200);
    assert_eq!((counted.total, counted.hits.len()), (2, 0));
    partner.get("/notices?limit=101").await.expect_field("limit", "at most 100");
    partner.get("/notices?webhook_id=1").await.expect_field("webhook_id", "12 letters");
    partner.get("/notices/hg4JWUDbT55B").await.expect_refusal(404, "notice hg4JWUDbT55B");
    // It outlives its webhook.
    partner.delete(&format!("/webhooks/{first}")).await.expect_nothing(204);
    assert_eq!(of(&format!("?webhook_id={first}")).await, [first.as_str()]);
}
