//! `GET /hub/{portal_id}/enrollments/{id}`: one enrollment, what its LMS passed, and what was told of it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::id::EnrollmentId;
use domain::learning_activity::{LearningActivity, LmsWrite};
use store::delivery::DeliveryFilter;
use store::page::PageRequest;

use super::row::{EnrollmentRow, Names, row};
use crate::extract::{Param, View};
use crate::hub::Hub;
use crate::pages::webhooks::told::Told;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};
use crate::when::When;

/// How many launches are shown, and how many deliveries.
const SHOWN: u32 = 20;
/// How much of a value is shown, in characters.
const VALUE_CHARS_MAX: usize = 500;

#[derive(Template)]
#[template(path = "enrollments/show.html")]
struct Show {
    shell: Shell,
    row: EnrollmentRow,
    external_id: String,
    started_at: Option<When>,
    completed_at: Option<When>,
    due_at: Option<When>,
    created_at: When,
    is_assigned: bool,
    parent: Option<(String, String)>,
    activities: Vec<Activity>,
    activities_total: u64,
    told: Vec<Told>,
    told_total: u64,
}

/// A launch from an LMS.
struct Activity {
    id: String,
    destination: String,
    scorm_version: &'static str,
    created_at: When,
    updated_at: When,
    /// What came of writing to the LMS, if it was refused.
    refused: String,
    values: Vec<(String, String)>,
}

/// All of an enrollment.
pub(crate) async fn show(
    State(hub): State<Hub>,
    view: View,
    Param(id): Param<EnrollmentId>,
) -> Result<Response, Refusal> {
    let enrollment = hub.store.find_enrollment(view.portal.id, id).await?.ok_or(Refusal::NotFound)?;
    let account = hub.store.find_user_account(view.portal.id, enrollment.user_account_id).await?;
    let first = PageRequest { limit: SHOWN, offset: 0 };
    let activities = hub.store.list_learning_activities(view.portal.id, id, first).await?;
    let of_it = DeliveryFilter { subject_id: Some(id.0), ..Default::default() };
    let told = hub.store.list_deliveries(view.portal.id, &of_it, first).await?;
    let row = row(&hub, &view, &enrollment, &mut Names::default()).await?;
    let mut shown = Vec::new();
    for activity in activities.items {
        shown.push(self::activity(&hub, &view, activity).await?);
    }
    let show = Show {
        shell: view.shell(Area::Enrollments, format!("Enrollment {id}")),
        external_id: account.and_then(|account| account.external_user_id).unwrap_or_default(),
        started_at: enrollment.progress.started_at().map(When),
        completed_at: enrollment.progress.completed_at().map(When),
        due_at: enrollment.due_at.map(When),
        created_at: When(enrollment.created_at),
        is_assigned: enrollment.enrollment_type == domain::enrollment::EnrollmentType::Assigned,
        parent: enrollment.parent_id.map(|id| (id.to_string(), view.path(format_args!("enrollments/{id}")))),
        activities: shown,
        activities_total: activities.total,
        told: told.items.iter().map(|delivery| Told::new(delivery, hub.now())).collect(),
        told_total: told.total,
        row,
    };
    Ok(view.page(&show))
}

async fn activity(hub: &Hub, view: &View, activity: LearningActivity) -> Result<Activity, Refusal> {
    let destination = hub.store.find_destination(view.portal.id, activity.destination_id).await?;
    let refused = match activity.lms_write {
        Some(LmsWrite::Refused { element, code, text }) => format!("{element}: {text} ({code})"),
        Some(LmsWrite::Ok) | None => String::new(),
    };
    let values = activity.values.iter().map(|(name, value)| (name.clone(), cut(value.as_str()))).collect();
    Ok(Activity {
        id: activity.id.to_string(),
        destination: destination.map(|destination| destination.name).unwrap_or_default(),
        scorm_version: activity.scorm_version.as_str(),
        created_at: When(activity.created_at),
        updated_at: When(activity.updated_at),
        refused,
        values,
    })
}

fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(VALUE_CHARS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
