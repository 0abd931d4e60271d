//! `POST /hub/{portal_id}/content/{id}/withdraw`: it stays after all.

use axum::extract::State;
use axum::response::Response;
use domain::id::{AnnouncementId, LearningObjectId};
use domain::learning_object::LearningObject;
use domain::learning_object::retirement::RetirementError;

use super::change;
use crate::extract::{Act, Param};
use crate::flash::Flash;
use crate::hub::Hub;
use crate::refusal::Refusal;

/// Withdraws the flag (decision 24).
pub(crate) async fn withdraw(
    State(hub): State<Hub>,
    Param(id): Param<LearningObjectId>,
    Act { view, .. }: Act,
) -> Result<Response, Refusal> {
    let decide = |content: LearningObject| {
        let (after, news) = content.withdraw(AnnouncementId::draw(&*hub.random), hub.now())?;
        Ok::<_, RetirementError>((after, Some(news)))
    };
    let flash = match change(&hub, &view, id, decide).await? {
        Ok(_) => Flash::good("It stays: everybody who was told of its end is being told so."),
        Err((_, RetirementError::NotFlagged)) => Flash::good("It is not flagged for removal: nothing was changed."),
        Err((_, error)) => Flash { is_good: false, text: format!("Nothing was changed: {error}.") },
    };
    Ok(view.done(&hub, &view.path(format_args!("content/{id}")), flash))
}
