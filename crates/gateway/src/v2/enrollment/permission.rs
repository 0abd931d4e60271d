//! Who may read an enrollment (decision 14).

use axum::http::StatusCode;
use domain::enrollment::Enrollment;
use domain::id::EnrollmentId;
use domain::oauth::Token;

use crate::enrollment::show::not_found;
use crate::gateway::Gateway;
use crate::portal::access::is_below;
use crate::refusal::Refusal;

/// An enrollment of the caller's portal. One of a customer below it is 403, with what to do instead; any other is 404.
pub(crate) async fn find_readable(gateway: &Gateway, caller: &Token, id: EnrollmentId) -> Result<Enrollment, Refusal> {
    if let Some(enrollment) = gateway.store.find_enrollment(caller.portal_id, id).await? {
        return Ok(enrollment);
    }
    match gateway.store.find_portal_of_enrollment(id).await? {
        Some(portal_id) if is_below(gateway, portal_id, caller.portal_id).await? => {
            let message = format!(
                "enrollment {id} is one of the customer portal {portal_id}: \
                 use the OAuth credentials that belong to that customer portal"
            );
            Err(Refusal::new(StatusCode::FORBIDDEN, "customer_credentials_required", message))
        }
        Some(_) | None => Err(not_found(id)),
    }
}
