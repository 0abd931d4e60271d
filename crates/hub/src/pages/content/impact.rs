//! Whom the end of content concerns; `GET /hub/{portal_id}/content/{id}/impact.csv` is the same as a table.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use domain::id::LearningObjectId;
use store::retirement::{Impact, impact_csv};

use super::find;
use crate::extract::{Param, View};
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::when::{When, number};

/// All portals together.
pub(crate) struct Concerned {
    /// Enrolled and not done.
    pub(crate) learners: u64,
    pub(crate) learners_text: String,
    pub(crate) not_started: String,
    pub(crate) in_progress: String,
    pub(crate) completed: String,
    pub(crate) portals: usize,
}

/// One portal.
pub(crate) struct ImpactRow {
    pub(crate) portal: String,
    pub(crate) portal_id: String,
    /// Where its enrollments in the content are.
    pub(crate) path: String,
    pub(crate) in_library: bool,
    pub(crate) not_started: String,
    pub(crate) in_progress: String,
    pub(crate) completed: String,
    pub(crate) last_completed_at: Option<When>,
}

impl Concerned {
    pub(crate) fn of(portals: &[Impact]) -> Self {
        let sum = |count: fn(&Impact) -> u64| portals.iter().map(count).sum::<u64>();
        let (not_started, in_progress) = (sum(|one| one.not_started), sum(|one| one.in_progress));
        Concerned {
            learners: not_started + in_progress,
            learners_text: number(not_started + in_progress),
            not_started: number(not_started),
            in_progress: number(in_progress),
            completed: number(sum(|one| one.completed)),
            portals: portals.len(),
        }
    }
}

impl ImpactRow {
    pub(crate) fn new(impact: &Impact, lo_id: LearningObjectId) -> Self {
        ImpactRow {
            portal: impact.portal_name.clone(),
            portal_id: impact.portal_id.to_string(),
            path: format!("/hub/{}/enrollments?lo={lo_id}", impact.portal_id),
            in_library: impact.in_library,
            not_started: number(impact.not_started),
            in_progress: number(impact.in_progress),
            completed: number(impact.completed),
            last_completed_at: impact.last_completed_at.map(When),
        }
    }
}

/// The table for spreadsheets.
pub(crate) async fn csv(
    State(hub): State<Hub>,
    view: View,
    Param(id): Param<LearningObjectId>,
) -> Result<Response, Refusal> {
    let content = find(&hub, &view, id).await?;
    let impact = hub.store.list_impact(view.portal.id, content.id).await?;
    let mut response = Response::new(Body::from(impact_csv(&impact)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let name =
        HeaderValue::try_from(format!("attachment; filename=\"impact-{id}.csv\"")).map_err(|_| Refusal::NotFound)?;
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(view.note(response))
}
