//! Enrollments as V2 writes them.

use std::collections::HashMap;

use contract::api::v2;
use domain::enrollment::Enrollment;
use domain::id::{EnrollmentId, LearningObjectId, PortalId};

use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::v2::number;

/// Enrollments of a portal, each with the whole of which its content is a part.
pub(super) async fn enrollments(
    gateway: &Gateway,
    portal_id: PortalId,
    enrollments: Vec<Enrollment>,
) -> Result<Vec<v2::Enrollment>, Refusal> {
    let mut wholes: HashMap<EnrollmentId, Option<LearningObjectId>> = HashMap::new();
    let mut written = Vec::with_capacity(enrollments.len());
    for enrollment in enrollments {
        let parent_lo_id = match enrollment.parent_id {
            None => None,
            Some(id) => match wholes.get(&id) {
                Some(known) => *known,
                None => {
                    let parent = gateway.store.find_enrollment(portal_id, id).await?;
                    *wholes.entry(id).or_insert(parent.map(|parent| parent.lo_id))
                }
            },
        };
        written.push(with_parent(enrollment, parent_lo_id));
    }
    Ok(written)
}

fn with_parent(enrollment: Enrollment, parent_lo_id: Option<LearningObjectId>) -> v2::Enrollment {
    let progress = enrollment.progress;
    v2::Enrollment {
        id: number(enrollment.id.0),
        kind: "enrollment".to_owned(),
        user_id: number(enrollment.user_account_id.0),
        lo_id: number(enrollment.lo_id.0),
        portal_id: Some(number(enrollment.portal_id.0)),
        parent_lo_id: parent_lo_id.map_or(0, |id| number(id.0)),
        parent_enrollment_id: enrollment.parent_id.map_or(0, |id| number(id.0)),
        status: progress.status().as_str().to_owned(),
        result: progress.result(),
        pass: progress.pass().unwrap_or(false),
        created_time: enrollment.created_at.into(),
        updated_time: enrollment.updated_at.into(),
        start_date: progress.started_at().map(Into::into),
        end_date: progress.completed_at().map(Into::into),
        due_date: enrollment.due_at.map(Into::into),
        timestamp: enrollment.updated_at.as_second(),
    }
}
