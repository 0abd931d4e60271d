//! What an event tells of.

use domain::event::Event;

use crate::extract::View;

/// What an event tells of, as it is shown.
pub(crate) struct Subject {
    /// Such as "Enrollment 101916887".
    pub(crate) text: String,
    /// Where it is, if the visitor may go there.
    pub(crate) path: Option<String>,
    /// Where all is that happened to it.
    pub(crate) why_path: String,
}

impl Subject {
    pub(crate) fn of(view: &View, event: &Event) -> Self {
        let is_enrollment = event.event_type.is_about_enrollment();
        let is_seen = event.portal_id == view.portal.id || view.is_own();
        // What a test tells of does not exist.
        let has_page = is_enrollment && is_seen && !event.is_test;
        Subject {
            text: format!("{} {}", if is_enrollment { "Enrollment" } else { "Content" }, event.subject_id),
            path: has_page.then(|| format!("/hub/{}/enrollments/{}", event.portal_id, event.subject_id)),
            why_path: view.path(format_args!("why?q={}", event.subject_id)),
        }
    }
}
