//! Asking the platform what an event means, with the credentials of the portal that the event names.

use std::error::Error as _;

use client::platform::Platform;
use client::platform::error::Error;
use contract::api::v2::Enrollment;

use crate::completion::Details;
use crate::inbox::Due;
use crate::portals::Portals;
use crate::step::{Step, Steps};
use crate::worker::decide::Found;

/// How a completed enrollment is spelled: as the platform writes it, and as some pages of the contract do (decision 32).
const COMPLETED: [&str; 2] = ["completed", "complete"];

pub(crate) async fn fetch(portals: &Portals, steps: &Steps, due: &Due) -> Found {
    let Some(platform) = portals.find(&due.portal_id) else {
        let reason =
            format!("there are no credentials for portal {}: add them to the settings and restart", due.portal_id);
        return Found::Trouble { reason, retry_after: None };
    };
    let found = ask(platform, due).await.unwrap_or_else(not_found);
    if matches!(found, Found::Completed(_)) {
        steps.tell(|| Step::Fetched {
            event_id: due.event_id.clone(),
            portal_id: due.portal_id.clone(),
            enrollment_id: due.enrollment_id.clone(),
        });
    }
    found
}

async fn ask(platform: &Platform, due: &Due) -> Result<Found, Error> {
    let enrollment = platform.v2().enrollment(&due.enrollment_id).await?;
    if let Some(reason) = contradiction(due, &enrollment) {
        return Ok(Found::Trouble { reason, retry_after: None });
    }
    if !COMPLETED.contains(&enrollment.status.as_str()) {
        return Ok(Found::NotCompleted(enrollment.status));
    }
    let details = |email| Details {
        enrollment_id: due.enrollment_id.clone(),
        portal_id: due.portal_id.clone(),
        lo_id: enrollment.lo_id.to_string(),
        user_id: enrollment.user_id.to_string(),
        email,
        pass: enrollment.pass,
        result: enrollment.result,
        completed_at: enrollment.end_date.map_or(due.event_time, |end| end.0),
        updated_time: enrollment.updated_time.0,
    };
    match platform.v2().user(enrollment.user_id).await {
        Ok(user) if user.id != enrollment.user_id => {
            let reason = format!("asked for user {}, the platform answered with user {}", enrollment.user_id, user.id);
            Ok(Found::Trouble { reason, retry_after: None })
        }
        Ok(user) => Ok(Found::Completed(details(Some(user.email)))),
        Err(error @ Error::NotFound(_)) => Ok(Found::CompletedByUnknown(details(None), describe(&error))),
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
