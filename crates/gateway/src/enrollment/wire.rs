//! Enrollments as they are written.

use contract::api::enrollment as api;
use domain::enrollment::Enrollment;

/// An enrollment on its own.
pub(crate) fn enrollment(enrollment: Enrollment) -> api::Enrollment {
    let progress = enrollment.progress;
    let enrollment_type = match enrollment.parent_id {
        Some(_) => "",
        None => enrollment.enrollment_type.as_str(),
    };
    api::Enrollment {
        id: enrollment.id.to_string(),
        enrollment_type: enrollment_type.to_owned(),
        user_account_id: enrollment.user_account_id.to_string(),
        lo_id: enrollment.lo_id.to_string(),
        parent_enrollment_id: enrollment.parent_id.map(|id| id.to_string()),
        parent_enrolment_id: None,
        assigner_account_id: enrollment.assigner_id.map(|id| id.to_string()),
        assign_date: enrollment.assigned_at.map(Into::into),
        created_time: enrollment.created_at.into(),
        updated_time: enrollment.updated_at.into(),
        status: progress.status().as_str().to_owned(),
        result: progress.result(),
        pass: progress.pass(),
        start_date: progress.started_at().map(Into::into),
        end_date: progress.completed_at().map(Into::into),
        due_date: enrollment.due_at.map(Into::into),
    }
}

/// An enrollment in a list, which spells one field in the older way.
pub(crate) fn hit(hit: Enrollment) -> api::Enrollment {
    let written = enrollment(hit);
    api::Enrollment { parent_enrolment_id: written.parent_enrollment_id, parent_enrollment_id: None, ..written }
}
