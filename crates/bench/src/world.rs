//! What there must be before anything can be measured: learners, courses, enrollments, a webhook. Made through the API.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use contract::api::enrollment::{CreateEnrollment, UpdateEnrollment};
use contract::api::learning_object::{Core, CreateLearningObject};
use contract::api::user_account::CreateUserAccount;
use contract::api::webhook::CreateWebhook;
use contract::event_type::EventType;
use serde::Serialize;
use serde_json::json;

use crate::job::{Asked, LoadJob, LoadReport, SECRET};
use crate::platform::{Credentials, Platform};
use crate::role_process::RoleProcess;

/// How many enrollments are made before progress is shown again.
const STEP: usize = 10_000;

/// Makes requests of one portal.
pub(crate) struct Caller {
    connections: usize,
    headers: Vec<(String, String)>,
}

impl Caller {
    /// Asks for a token.
    pub(crate) fn new(
        load: &mut RoleProcess,
        platform: &Platform,
        credentials: &Credentials,
        connections: usize,
    ) -> Result<Self> {
        let Credentials { client_id, client_secret } = credentials;
        let body = json!({
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
        });
        let nobody = Caller { connections: 1, headers: vec![json_body()] };
        let asked = vec![asked("POST", "/oauth/token", &body)?];
        let token = nobody.pick(load, platform, asked, "access_token")?.pop().context("there is no token")?;
        let authorization = ("Authorization".to_owned(), format!("Bearer {token}"));
        let version = ("Api-Version".to_owned(), "2025-01-01".to_owned());
        Ok(Caller { connections, headers: vec![json_body(), authorization, version] })
    }

    /// How many requests at once.
    pub(crate) fn connections(&self) -> usize {
        self.connections
    }

    /// Requests as this caller makes them.
    pub(crate) fn job(&self, address: SocketAddr, requests: Vec<Asked>) -> LoadJob {
        let (connections, headers) = (self.connections, self.headers.clone());
        LoadJob { address, connections, headers, requests, pick: None, per_s: None, breaks: false }
    }

    /// Makes requests, and reads one field of each answer.
    fn pick(
        &self,
        load: &mut RoleProcess,
        platform: &Platform,
        requests: Vec<Asked>,
        field: &str,
    ) -> Result<Vec<String>> {
        let job = LoadJob { pick: Some(field.to_owned()), ..self.job(platform.address, requests) };
        let report: LoadReport = load.ask(&job).with_context(|| platform.last_lines())?;
        Ok(report.picked)
    }
}

/// Makes `count` enrollments that are in progress: of as few learners in as few courses as that takes.
pub(crate) fn enroll(
    load: &mut RoleProcess,
    platform: &Platform,
    caller: &Caller,
    count: usize,
) -> Result<Vec<String>> {
    let (learners, courses) = sides(count);
    eprintln!("making {learners} learners, {courses} courses and {count} enrollments");
    let learners = (0..learners).map(learner).collect::<Result<_>>()?;
    let learners = caller.pick(load, platform, learners, "id")?;
    let courses = (0..courses).map(course).collect::<Result<_>>()?;
    let courses = caller.pick(load, platform, courses, "lo_id")?;
    let pairs = learners.iter().flat_map(|learner| courses.iter().map(move |course| (learner, course)));
    let wanted: Vec<Asked> =
        pairs.take(count).map(|(learner, course)| enrollment(learner, course)).collect::<Result<_>>()?;
    let mut enrollments = Vec::with_capacity(count);
    for step in wanted.chunks(STEP) {
        enrollments.extend(caller.pick(load, platform, step.to_vec(), "id")?);
        eprintln!("  {} of {count} enrollments", enrollments.len());
    }
    Ok(enrollments)
}

/// Makes the webhook, and gives its id.
pub(crate) fn subscribe(load: &mut RoleProcess, platform: &Platform, partner: &Caller, url: String) -> Result<String> {
    let webhook = CreateWebhook {
        url: Some(url),
        secret_key: Some(SECRET.to_owned()),
        event_types: Some(vec![EventType::EnrollmentComplete.as_str().to_owned()]),
        ..CreateWebhook::default()
    };
    let mut ids = partner.pick(load, platform, vec![asked("POST", "/webhooks", &webhook)?], "id")?;
    ids.pop().context("the webhook has no id")
}

/// The request that is measured.
pub(crate) fn completion(enrollment: &str) -> Result<Asked> {
    let completed = UpdateEnrollment { status: Some("completed".to_owned()), ..UpdateEnrollment::default() };
    asked("PATCH", &format!("/enrollments/{enrollment}"), &completed)
}

/// How many learners and courses have at least `count` pairs.
fn sides(count: usize) -> (usize, usize) {
    let learners = count.isqrt().max(1);
    (learners, count.div_ceil(learners))
}

fn learner(number: usize) -> Result<Asked> {
    let account = CreateUserAccount {
        email: Some(format!("learner{number}@bench.example")),
        given_name: Some("Learner".to_owned()),
        family_name: Some(number.to_string()),
        ..CreateUserAccount::default()
    };
    asked("POST", "/user-accounts", &account)
}

fn course(number: usize) -> Result<Asked> {
    let core = Core { title: format!("Course {number}"), ..Core::default() };
    asked("POST", "/learning-objects", &CreateLearningObject { core, ..Default::default() })
}

fn enrollment(learner: &str, course: &str) -> Result<Asked> {
    let enrollment = CreateEnrollment {
        user_account_id: Some(learner.to_owned()),
        lo_id: Some(course.to_owned()),
        enrollment_type: Some("self-directed".to_owned()),
        status: Some("in-progress".to_owned()),
        ..CreateEnrollment::default()
    };
    asked("POST", "/enrollments", &enrollment)
}

fn asked(method: &str, path: &str, body: &impl Serialize) -> Result<Asked> {
    Ok(Asked { method: method.to_owned(), path: path.to_owned(), body: serde_json::to_string(body)? })
}

fn json_body() -> (String, String) {
    ("Content-Type".to_owned(), "application/json".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_pairs_as_enrollments_and_not_many_more() {
        for count in [1, 2, 3, 99, 100, 101, 62_000] {
            let (learners, courses) = sides(count);
            assert!((count..count + learners).contains(&(learners * courses)), "{count}: {learners} × {courses}");
        }
    }

    #[test]
    fn a_completion_says_nothing_but_the_status() {
        let Asked { method, path, body } = completion("101916887").unwrap();
        assert_eq!([method, path, body], ["PATCH", "/enrollments/101916887", r#"{"status":"completed"}"#]);
    }
}
