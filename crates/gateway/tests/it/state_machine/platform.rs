//! The API that is asked, and what its answers are held against.

use std::sync::atomic::{AtomicU64, Ordering};

use gateway::gateway::Settings;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use super::App;
use super::reference::{Answer, Reference, STATUSES, Standing, TYPES, WEBHOOKS_MAX, place};
use super::step::{Asked, Step};
use crate::app::Tenant;

/// Names nothing.
const NO_WEBHOOK: &str = "000000000000";
const NO_NUMBER: &str = "999999999";
/// The longest page of deliveries, and of enrollments.
const PAGE: usize = 50;

/// How many requests were to be granted, of all cases.
static GRANTED: AtomicU64 = AtomicU64::new(0);

pub(crate) fn granted() -> u64 {
    GRANTED.load(Ordering::Relaxed)
}

pub(crate) struct Platform {
    runtime: Runtime,
    app: App,
    /// The ids of what was made, in the places of the reference.
    webhooks: Vec<String>,
    learners: Vec<String>,
    contents: Vec<String>,
    enrollments: Vec<String>,
}

/// What an answer is held against.
struct Request {
    method: &'static str,
    path: String,
    body: Value,
}

impl Platform {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let settings = Settings { webhooks_per_portal_max: WEBHOOKS_MAX, ..Settings::default() };
        let app = runtime.block_on(App::with(settings));
        let none = Vec::new;
        Platform { runtime, app, webhooks: none(), learners: none(), contents: none(), enrollments: none() }
    }

    fn tenant(&self, who: usize) -> &Tenant {
        [&self.app.partner, &self.app.customer, &self.app.sibling, &self.app.stranger][who]
    }

    fn ask(&self, who: usize, request: Request) -> (u16, Value) {
        let caller = self.app.as_(self.tenant(who));
        let Request { method, path, body } = request;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.runtime.block_on(caller.send(method.parse().unwrap(), &path, body));
        let said = if answer.text.is_empty() { Value::Null } else { answer.json() };
        (answer.status, said)
    }

    fn get(&self, who: usize, path: String) -> Value {
        let (status, said) = self.ask(who, Request { method: "GET", path, body: Value::Null });
        assert_eq!(status, 200, "{said}");
        said
    }

    /// Takes the step that the reference took, and compares.
    pub(crate) fn take(&mut self, reference: &Reference, step: &Step) {
        self.app.clock.advance(SignedDuration::from_secs(1));
        GRANTED.fetch_add(u64::from(!matches!(reference.answer, Answer::Refused(_))), Ordering::Relaxed);
        let (who, request) = match step {
            Step::ListWebhooks { who } => return self.compare_webhooks(reference, *who),
            Step::ListEnrollments { who } => return self.compare_enrollments(reference, *who),
            Step::ListDeliveries { who } => return self.compare_deliveries(reference, *who),
            step => self.request(step),
        };
        let (status, said) = self.ask(who, request);
        let expected = match reference.answer {
            Answer::Refused(status) | Answer::Webhook(status, _) | Answer::Enrollment(status, _) => status,
            Answer::Nothing => 204,
            Answer::Made => 201,
            Answer::Listed => unreachable!("lists are compared above"),
        };
        assert_eq!(status, expected, "{step:?} is answered {said}");
        self.keep(step, &said, status);
        match reference.answer {
            Answer::Webhook(_, i) => self.compare_webhook(reference, i, &said),
            Answer::Enrollment(_, i) => self.compare_enrollment(reference, i, &said),
            Answer::Refused(_) => assert!(said["message"].is_string() && said["error_code"].is_string(), "{said}"),
            Answer::Nothing | Answer::Made | Answer::Listed => {}
        }
        self.compare_count(reference, who);
    }

    fn request(&self, step: &Step) -> (usize, Request) {
        let id =
            |all: &[String], which: usize, none: &str| place(all, which).map_or(none.to_owned(), |i| all[i].clone());
        let webhook = |which| format!("/webhooks/{}", id(&self.webhooks, which, NO_WEBHOOK));
        let enrollment = |which| format!("/enrollments/{}", id(&self.enrollments, which, NO_NUMBER));
        let (who, method, path, body) = match step.clone() {
            Step::MakeWebhook { who, types, status, name } => {
                let body = webhook_body(Some(types), status, Some(name));
                (who, "POST", "/webhooks".to_owned(), with(body, "url", json!("https://receiver.example.com/hook")))
            }
            Step::ChangeWebhook { who, webhook: which, types, status, name } => {
                (who, "PATCH", webhook(which), webhook_body(types, status, name))
            }
            Step::DeleteWebhook { who, webhook: which } => (who, "DELETE", webhook(which), Value::Null),
            Step::ShowWebhook { who, webhook: which } => (who, "GET", webhook(which), Value::Null),
            Step::AddLearner { who, name } => {
                let email = format!("learner{name}@example.com");
                let body = json!({"email": email, "given_name": "Grace", "family_name": "Hopper"});
                (who, "POST", "/user-accounts".to_owned(), body)
            }
            Step::AddContent { who } => {
                let body = json!({"core": {"title": "Fire safety", "type": "course"}});
                (who, "POST", "/learning-objects".to_owned(), body)
            }
            Step::Enroll { who, learner, content, status, result, again } => {
                let body = json!({
                    "user_account_id": id(&self.learners, learner, NO_NUMBER),
                    "lo_id": id(&self.contents, content, NO_NUMBER),
                    "enrollment_type": "self-directed",
                    "status": STATUSES[status],
                    "result": result,
                });
                (who, "POST", format!("/enrollments?re_enroll={again}"), body)
            }
            Step::Report { who, enrollment: which, status, result } => {
                let mut body = json!({});
                if let Some(status) = status {
                    body["status"] = json!(STATUSES[status]);
                }
                if let Some(result) = result {
                    body["result"] = json!(result);
                }
                (who, "PATCH", enrollment(which), body)
            }
            Step::DeleteEnrollment { who, enrollment: which } => (who, "DELETE", enrollment(which), Value::Null),
            Step::ShowEnrollment { who, enrollment: which } => (who, "GET", enrollment(which), Value::Null),
            Step::ListWebhooks { .. } | Step::ListEnrollments { .. } | Step::ListDeliveries { .. } => {
                unreachable!("lists are asked for where they are compared")
            }
        };
        (who, Request { method, path, body })
    }

    /// Keeps the id of what was made.
    fn keep(&mut self, step: &Step, said: &Value, status: u16) {
        if status != 201 {
            return;
        }
        let text = |field: &str| said[field].as_str().unwrap_or_else(|| panic!("{field} in {said}")).to_owned();
        match step {
            Step::MakeWebhook { .. } => self.webhooks.push(text("id")),
            Step::AddLearner { .. } => self.learners.push(text("id")),
            Step::AddContent { .. } => self.contents.push(text("lo_id")),
            _ => self.enrollments.push(text("id")),
        }
    }

    fn compare_webhook(&self, reference: &Reference, i: usize, said: &Value) {
        let webhook = &reference.webhooks[i];
        let (status, reason) = stands(webhook.status);
        let expected = json!({
            "id": self.webhooks[i],
            "portal_id": self.tenant(webhook.owner).portal_id.to_string(),
            "name": webhook.name.map(name),
            "event_types": types(webhook.types),
            "status": status,
            "status_reason": reason,
        });
        compare(said, &expected);
    }

    fn compare_enrollment(&self, reference: &Reference, i: usize, said: &Value) {
        let enrollment = &reference.enrollments[i];
        let (is_started, is_completed) = (enrollment.status > 0, STATUSES[enrollment.status] == "completed");
        let expected = json!({
            "id": self.enrollments[i],
            "user_account_id": self.learners[enrollment.learner],
            "lo_id": self.contents[enrollment.content],
            "status": STATUSES[enrollment.status],
            "result": enrollment.result,
            "pass": is_completed.then_some(true),
        });
        compare(said, &expected);
        assert_eq!(
            (said["start_date"].is_string(), said["end_date"].is_string()),
            (is_started, is_completed),
            "{said}"
        );
    }

    fn compare_webhooks(&self, reference: &Reference, who: usize) {
        let said = self.get(who, "/webhooks".to_owned());
        let own: Vec<_> = reference.webhooks_of(who).collect();
        let hits = hits(&said);
        assert_eq!(hits.len(), own.len(), "{said}");
        own.into_iter().zip(hits).for_each(|(i, hit)| self.compare_webhook(reference, i, hit));
    }

    fn compare_enrollments(&self, reference: &Reference, who: usize) {
        let listed = reference.enrollments.iter().enumerate();
        let live = listed.filter(|(_, enrollment)| (enrollment.owner, enrollment.standing) == (who, Standing::Live));
        let live: Vec<usize> = live.map(|(i, _)| i).rev().collect();
        let said = self.get(who, format!("/enrollments?limit={PAGE}"));
        let hits = hits(&said);
        assert_eq!(hits.len(), live.len(), "{said}");
        live.into_iter().zip(hits).for_each(|(i, hit)| self.compare_enrollment(reference, i, hit));
    }

    /// How many deliveries there are to the webhooks of a tenant and of the partner.
    fn compare_count(&self, reference: &Reference, who: usize) {
        for portal in [0, who] {
            let said = self.get(portal, "/deliveries?limit=0".to_owned());
            assert_eq!(said["total"], deliveries_to(reference, portal).len(), "to tenant {portal}");
        }
    }

    /// Every delivery to the webhooks of a tenant, newest event first.
    fn compare_deliveries(&self, reference: &Reference, who: usize) {
        let expected = deliveries_to(reference, who);
        for (offset, page) in (0..).step_by(PAGE).zip(expected.chunks(PAGE)) {
            let said = self.get(who, format!("/deliveries?limit={PAGE}&offset={offset}"));
            let hits = hits(&said);
            assert_eq!((hits.len(), &said["total"]), (page.len(), &json!(expected.len())), "{said}");
            for (i, hit) in page.iter().zip(hits) {
                self.compare_delivery(reference, *i, hit);
            }
        }
    }

    fn compare_delivery(&self, reference: &Reference, i: usize, said: &Value) {
        let delivery = &reference.deliveries[i];
        let webhook = &reference.webhooks[delivery.webhook];
        let (status, reason) = match webhook.status {
            _ if webhook.is_deleted => ("failed", Some("webhook_deleted")),
            Asked::Active => ("pending", None),
            Asked::Inactive => ("held", Some("owner")),
            Asked::Paused => ("held", Some("paused")),
        };
        let expected = json!({
            "webhook_id": self.webhooks[delivery.webhook],
            "event_type": TYPES[delivery.event_type],
            "status": status,
            "reason": reason,
            "attempt_number": 0,
        });
        compare(said, &expected);
        assert_eq!(said["data"]["id"], json!(self.enrollments[delivery.enrollment]), "{said}");
    }

    /// Compares everything that everybody can see.
    pub(crate) fn compare_all(&self, reference: &Reference) {
        for who in 0..4 {
            self.compare_webhooks(reference, who);
            self.compare_enrollments(reference, who);
            self.compare_deliveries(reference, who);
        }
    }
}

/// The places of a tenant's deliveries, newest event first, and of one event the last webhook first.
fn deliveries_to(reference: &Reference, who: usize) -> Vec<usize> {
    let to = |i: &usize| reference.webhooks[reference.deliveries[*i].webhook].owner == who;
    let mut places: Vec<usize> = (0..reference.deliveries.len()).filter(to).collect();
    places.sort_by_key(|i| std::cmp::Reverse((reference.deliveries[*i].event, *i)));
    places
}

fn hits(said: &Value) -> &[Value] {
    said["hits"].as_array().unwrap_or_else(|| panic!("no hits in {said}"))
}

#[track_caller]
fn compare(said: &Value, expected: &Value) {
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&said[field], value, "{field} of {said}");
    }
}

fn name(name: u8) -> String {
    format!("webhook {name}")
}

fn types(mask: u8) -> Vec<&'static str> {
    (0..).zip(TYPES).filter(|(i, _)| mask & (1 << i) != 0).map(|(_, name)| name).collect()
}

fn stands(status: Asked) -> (&'static str, Option<&'static str>) {
    match status {
        Asked::Active => ("active", None),
        Asked::Inactive => ("inactive", Some("owner")),
        Asked::Paused => ("inactive", Some("paused")),
    }
}

fn webhook_body(mask: Option<u8>, status: Option<Asked>, named: Option<Option<u8>>) -> Value {
    let mut body = json!({});
    if let Some(mask) = mask {
        body["event_types"] = json!(types(mask));
    }
    if let Some(status) = status {
        body["status"] = json!(status.as_str());
    }
    if let Some(named) = named {
        body["name"] = json!(named.map(name));
    }
    body
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}
