//! Fields and parameters of enrollments, read. What is wrong names them.

use domain::enrollment::{EnrollmentType, Status};
use domain::id::{EnrollmentId, PortalId, UserAccountId};

use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// What some clients ask for among statuses, although it is a type.
const ASSIGNED: &str = "assigned";

pub(crate) fn status(text: &str) -> Result<Status, Refusal> {
    Status::read(text).ok_or_else(|| {
        let known = Status::ALL.map(Status::as_str).join(", ");
        Refusal::field("status", format_args!("status must be one of {known}, not {text:?}"))
    })
}

pub(crate) fn enrollment_type(text: &str) -> Result<EnrollmentType, Refusal> {
    EnrollmentType::read(text).ok_or_else(|| {
        let message = format!("enrollment_type must be assigned or self-directed, not {text:?}");
        Refusal::field("enrollment_type", message)
    })
}

/// Reads the statuses of a filter. `assigned` is the type of that name, so it stands alone.
pub(crate) fn statuses(texts: Option<Vec<String>>) -> Result<(Option<Vec<Status>>, Option<EnrollmentType>), Refusal> {
    match texts {
        None => Ok((None, None)),
        Some(texts) if texts == [ASSIGNED] => Ok((None, Some(EnrollmentType::Assigned))),
        Some(texts) if texts.iter().any(|text| text == ASSIGNED) => {
            let message = "status: assigned must be asked for alone; for both use enrollment_type=assigned";
            Err(Refusal::field("status", message))
        }
        Some(texts) => Ok((Some(texts.iter().map(|text| status(text)).collect::<Result<_, _>>()?), None)),
    }
}

/// Reads an account that must be in the portal.
pub(crate) async fn account(
    gateway: &Gateway,
    portal_id: PortalId,
    field: &'static str,
    text: &str,
) -> Result<UserAccountId, Refusal> {
    let id = text.parse().map_err(|error| Refusal::field(field, format_args!("{field}: {text:?} is {error}")))?;
    match gateway.store.find_user_account(portal_id, id).await? {
        Some(account) => Ok(account.id),
        None => Err(Refusal::field(field, format_args!("{field}: there is no user account {id} in this portal"))),
    }
}

/// Reads the enrollment in the whole of a learner who is enrolled in a part.
pub(crate) async fn parent(
    gateway: &Gateway,
    portal_id: PortalId,
    learner_id: UserAccountId,
    text: &str,
) -> Result<EnrollmentId, Refusal> {
    const FIELD: &str = "parent_enrollment_id";
    let id = text.parse().map_err(|error| Refusal::field(FIELD, format_args!("{FIELD}: {text:?} is {error}")))?;
    let found = gateway.store.find_enrollment(portal_id, id).await?;
    match found.filter(|parent| parent.user_account_id == learner_id) {
        Some(parent) => Ok(parent.id),
        None => Err(Refusal::field(FIELD, format_args!("{FIELD}: this learner has no enrollment {id}"))),
    }
}
