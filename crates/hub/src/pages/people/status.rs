//! `POST /hub/{portal_id}/people/{id}/block` and `…/unblock`. Accounts are never deleted. Contract, section 10.

use axum::extract::State;
use axum::response::Response;
use domain::id::UserAccountId;
use domain::user_account::UserAccountPatch;

use super::{change, locks_out, show};
use crate::extract::{Act, Param};
use crate::flash::Flash;
use crate::form::Errors;
use crate::hub::Hub;
use crate::refusal::Refusal;

/// Nobody acts with the account any more, and whoever is signed in with it is signed out.
pub(crate) async fn block(
    State(hub): State<Hub>,
    Param(id): Param<UserAccountId>,
    act: Act,
) -> Result<Response, Refusal> {
    if locks_out(&act.view, id, &[]) {
        let errors = Errors::one("form", "you cannot block yourself: let another administrator do that");
        return show::refused(&hub, &act.view, id, None, errors).await;
    }
    set(&hub, id, &act, false, "The account is blocked: its sessions and tokens have ended.").await
}

/// Lets somebody in again.
pub(crate) async fn unblock(
    State(hub): State<Hub>,
    Param(id): Param<UserAccountId>,
    act: Act,
) -> Result<Response, Refusal> {
    set(&hub, id, &act, true, "The account may be used again.").await
}

async fn set(
    hub: &Hub,
    id: UserAccountId,
    Act { view, .. }: &Act,
    active: bool,
    said: &str,
) -> Result<Response, Refusal> {
    let patch = UserAccountPatch { active: Some(active), ..Default::default() };
    match change(hub, view, id, patch).await? {
        Ok(_) => Ok(view.done(hub, &view.path(format_args!("people/{id}")), Flash::good(said))),
        Err(error) => show::refused(hub, view, id, None, Errors::one("form", error)).await,
    }
}
