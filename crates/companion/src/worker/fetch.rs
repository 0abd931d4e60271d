//! Asking the platform what an event means, with the credentials of the portal that the event names.

use std::error::Error as _;

use client::platform::error::Error;
use contract::api::v2::Enrollment;

use crate::completion::{Details, Finding};
use crate::inbox::Due;
use crate::learner::DetailsFrom;
use crate::portals::{Portal, Portals};
use crate::step::{Step, Steps};
use crate::worker::activity::{self, Activity};
use crate::worker::decide::Found;

/// How a completed enrollment is spelled: as the platform writes it, and as some pages of the contract do (decision 32).
const COMPLETED: [&str; 2] = ["completed", "complete"];

pub(crate) async fn fetch(portals: &Portals, steps: &Steps, due: &Due) -> Found {
    let Some(portal) = portals.find(&due.portal_id) else {
        let reason =
            format!("there are no credentials for portal {}: add them to the settings and restart", due.portal_id);
        return Found::Trouble { reason, retry_after: None };
    };
    let found = ask(portal, due).await.unwrap_or_else(not_found);
    if matches!(found, Found::Completed(_)) {
        steps.tell(|| Step::Fetched {
            event_id: due.event_id.clone(),
            portal_id: due.portal_id.clone(),
            enrollment_id: due.enrollment_id.clone(),
        });
    }
    found
}

async fn ask(portal: &Portal, due: &Due) -> Result<Found, Error> {
    let platform = &portal.platform;
    let enrollment = platform.v2().enrollment(&due.enrollment_id).await?;
    if let Some(reason) = contradiction(due, &enrollment) {
        return Ok(Found::Trouble { reason, retry_after: None });
    }
    if !COMPLETED.contains(&enrollment.status.as_str()) {
        return Ok(Found::NotCompleted(enrollment.status));
    }
    let who = match learner(portal, due, &enrollment).await? {
        Ok(who) => who,
        Err(contradiction) => return Ok(Found::Trouble { reason: contradiction, retry_after: None }),
    };
    let details = Details {
        enrollment_id: due.enrollment_id.clone(),
        portal_id: due.portal_id.clone(),
        lo_id: enrollment.lo_id.to_string(),
        user_id: enrollment.user_id.to_string(),
        email: who.email,
        external_id: who.external_id,
        pass: enrollment.pass,
        result: enrollment.result,
        completed_at: enrollment.end_date.map_or(due.event_time, |end| end.0),
        updated_time: enrollment.updated_time.0,
    };
    let finding = Finding { details, name: who.name, remark: who.remark };
    Ok(match who.awaited {
        None => Found::Completed(finding),
        Some(reason) => Found::CompletedInPart(finding, reason),
    })
}

/// Who learned, as far as the platform can say.
#[derive(Default)]
struct Who {
    external_id: Option<String>,
    email: Option<String>,
    name: Option<String>,
    /// What was looked for and is not there, and will not be.
    remark: Option<String>,
    /// What may be there a little later.
    awaited: Option<String>,
}

/// Asks who it was, in the order in which the portal wants it; or says what the answer contradicts.
async fn learner(portal: &Portal, due: &Due, enrollment: &Enrollment) -> Result<Result<Who, String>, Error> {
    let mut who = Who::default();
    if portal.details_from != DetailsFrom::Enrollment {
        match activity::ask(&portal.platform, due, &portal.external_id_from).await? {
            Activity::Strange(contradiction) => return Ok(Err(contradiction)),
            Activity::Read { external_id, name } => {
                let missing = || format!("the learning activity has nothing in {}", portal.external_id_from);
                who = Who { remark: external_id.is_none().then(missing), external_id, name, ..who };
            }
            Activity::Absent => {
                let missing = Some("there is no learning activity for this enrollment".to_owned());
                match portal.details_from {
                    DetailsFrom::LearningActivity => who.awaited = missing,
                    DetailsFrom::Enrollment | DetailsFrom::Both => who.remark = missing,
                }
            }
        }
    }
    if who.external_id.is_some() && portal.details_from == DetailsFrom::LearningActivity {
        return Ok(Ok(who));
    }
    match portal.platform.v2().user(enrollment.user_id).await {
        Ok(user) if user.id != enrollment.user_id => {
            Ok(Err(format!("asked for user {}, the platform answered with user {}", enrollment.user_id, user.id)))
        }
        Ok(user) => Ok(Ok(Who { email: Some(user.email), ..who })),
        // With an id of the integrator's own, an address is not worth waiting for.
        Err(Error::NotFound(_)) if who.external_id.is_some() => Ok(Ok(who)),
        Err(error @ Error::NotFound(_)) => {
            let reasons = who.awaited.into_iter().chain([describe(&error)]).collect::<Vec<_>>();
            Ok(Ok(Who { awaited: Some(reasons.join("; ")), ..who }))
        }
        Err(error) => Err(error),
    }
}

/// What must not be recorded because the answer is about something else.
fn contradiction(due: &Due, enrollment: &Enrollment) -> Option<String> {
    let id = enrollment.id.to_string();
    if id != due.enrollment_id {
        return Some(format!("asked for enrollment {}, the platform answered with enrollment {id}", due.enrollment_id));
    }
    // A platform need not say the portal: its credentials were used, so it can hardly be another.
    let (event, answer) = (&due.portal_id, enrollment.portal_id?.to_string());
    (answer != *event).then(|| format!("the event names portal {event}, the enrollment is of portal {answer}"))
}

fn not_found(error: Error) -> Found {
    let reason = describe(&error);
    match &error {
        // An id that cannot be one is as good as one that is not there.
        Error::NotFound(_) | Error::Id(_) => Found::Missing(reason),
        _ => Found::Trouble { reason, retry_after: error.refusal().and_then(|refusal| refusal.retry_after) },
    }
}

/// The error and what lies under it, for the operator.
pub(crate) fn describe(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
