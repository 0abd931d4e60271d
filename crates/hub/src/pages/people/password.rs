//! `POST /hub/{portal_id}/people/{id}/password`: an administrator gives somebody a password to begin with.

use axum::extract::State;
use axum::response::Response;
use domain::audit::Action;
use domain::id::UserAccountId;
use domain::password::Password;
use domain::user_account::UserAccount;

use super::{find, show};
use crate::audit;
use crate::extract::{Act, Param, View};
use crate::flash::Flash;
use crate::form::Errors;
use crate::hub::Hub;
use crate::password;
use crate::refusal::Refusal;

/// Sets it, in the place of another; whoever was signed in with that is signed out.
pub(crate) async fn set(
    State(hub): State<Hub>,
    Param(id): Param<UserAccountId>,
    Act { view, form }: Act,
) -> Result<Response, Refusal> {
    let account = find(&hub, &view, id).await?;
    let mut errors = Errors::default();
    let chosen = errors.take("password", Password::choose(form.text("password")));
    if !account.may_sign_in() {
        errors.add("password", "who only learns, or is blocked, does not sign in here: give them another role first");
    }
    let Some(chosen) = chosen.filter(|_| errors.is_empty()) else {
        return show::refused(&hub, &view, id, None, errors).await;
    };
    save(&hub, &view, &account, chosen).await?;
    let said = "The password is set. Tell it them in person: it is not shown again.";
    Ok(view.done(&hub, &view.path(format_args!("people/{id}")), Flash::good(said)))
}

/// Keeps what is kept of a password of somebody.
pub(crate) async fn save(hub: &Hub, view: &View, account: &UserAccount, chosen: Password) -> Result<(), Refusal> {
    let (keyring, email, cost) = (hub.keyring.clone(), account.email.clone(), hub.settings.password_cost);
    let hash = hub.hashing.run(move || password::hash(&keyring, &email, &chosen, cost)).await?;
    let now = hub.now();
    let noted = audit::own(Action::UserAccountPassword, account, now);
    Ok(view.by(noted, hub.store.save_password(account.portal_id, account.id, hash, now)).await?)
}
