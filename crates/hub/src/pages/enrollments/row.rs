//! Enrollments with the names of who and what.

use std::collections::HashMap;

use domain::enrollment::{Enrollment, Status};
use domain::id::{LearningObjectId, UserAccountId};
use store::learning_object::LearningObjectRef;

use crate::extract::View;
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::when::When;

/// An enrollment as it is shown.
pub(super) struct EnrollmentRow {
    pub(super) id: String,
    pub(super) path: String,
    pub(super) learner: String,
    pub(super) email: String,
    pub(super) lo_id: String,
    pub(super) title: String,
    pub(super) status: &'static str,
    pub(super) badge: &'static str,
    /// Such as "passed, 87".
    pub(super) outcome: String,
    pub(super) updated_at: When,
}

/// Names that were looked up, each once.
#[derive(Default)]
pub(super) struct Names {
    learners: HashMap<UserAccountId, (String, String)>,
    titles: HashMap<LearningObjectId, String>,
}

impl Names {
    /// A learner's name and e-mail address; empty if there is no such account.
    pub(super) async fn learner(
        &mut self,
        hub: &Hub,
        view: &View,
        id: UserAccountId,
    ) -> Result<(String, String), Refusal> {
        if let Some(known) = self.learners.get(&id) {
            return Ok(known.clone());
        }
        let found = hub.store.find_user_account(view.portal.id, id).await?;
        let named = found.map(|account| {
            let name = format!("{} {}", account.given_name, account.family_name);
            (name.trim().to_owned(), account.email.as_str().to_owned())
        });
        Ok(self.learners.entry(id).or_insert(named.unwrap_or_default()).clone())
    }

    /// The title of content; empty if the portal does not hold it any more.
    pub(super) async fn title(&mut self, hub: &Hub, view: &View, id: LearningObjectId) -> Result<String, Refusal> {
        if let Some(known) = self.titles.get(&id) {
            return Ok(known.clone());
        }
        let found = hub.store.find_learning_object(view.portal.id, &LearningObjectRef::Id(id)).await?;
        let title = found.map(|lo| lo.title).unwrap_or_default();
        Ok(self.titles.entry(id).or_insert(title).clone())
    }
}

/// The enrollments with their names.
pub(super) async fn rows(hub: &Hub, view: &View, enrollments: &[Enrollment]) -> Result<Vec<EnrollmentRow>, Refusal> {
    let (mut names, mut rows) = (Names::default(), Vec::new());
    for enrollment in enrollments {
        rows.push(row(hub, view, enrollment, &mut names).await?);
    }
    Ok(rows)
}

/// An enrollment with its names.
pub(super) async fn row(
    hub: &Hub,
    view: &View,
    enrollment: &Enrollment,
    names: &mut Names,
) -> Result<EnrollmentRow, Refusal> {
    let (learner, email) = names.learner(hub, view, enrollment.user_account_id).await?;
    let title = names.title(hub, view, enrollment.lo_id).await?;
    let (status, badge) = match enrollment.progress.status() {
        Status::NotStarted => ("Not started", "none"),
        Status::InProgress => ("In progress", "warn"),
        Status::Completed if enrollment.progress.pass() == Some(false) => ("Completed, not passed", "bad"),
        Status::Completed => ("Completed", "good"),
    };
    Ok(EnrollmentRow {
        id: enrollment.id.to_string(),
        path: view.path(format_args!("enrollments/{}", enrollment.id)),
        learner: if learner.is_empty() { format!("User {}", enrollment.user_account_id) } else { learner },
        email,
        lo_id: enrollment.lo_id.to_string(),
        title,
        status,
        badge,
        outcome: enrollment.progress.result().map(|result| format!("{result} of 100")).unwrap_or_default(),
        updated_at: When(enrollment.updated_at),
    })
}
