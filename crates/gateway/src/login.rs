//! One-time logins: links by which a program sends a learner to content. Contract, section 8.2.

use axum::http::StatusCode;
use contract::api::login::Login;
use domain::audit::{Action, Noted};
use domain::id::{LearningObjectId, UserAccountId};
use domain::learning_object::LifecycleState;
use domain::oauth::Token;
use domain::play::{LOGIN_FOR, OneTimeToken, SECRET_LENGTH};
use jiff::Timestamp;
use serde::Deserialize;
use store::keyring::ONE_TIME_TOKEN;
use utoipa::IntoParams;

use crate::gateway::Gateway;
use crate::learning_object::find;
use crate::refusal::Refusal;
use crate::user_account::show;
use crate::{audit, idempotency};

/// The only pages that a login leads to.
const PLAY: &str = "/play/";

/// Where a login leads.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LoginQuery {
    /// `/play/` and the id of a learning object.
    pub(crate) redirect_url: Option<String>,
}

impl LoginQuery {
    /// Where it leads, which V2 must say: its answer is the link.
    pub(crate) fn required(self) -> Result<Self, Refusal> {
        match self.redirect_url {
            Some(_) => Ok(self),
            None => Err(Refusal::required("redirect_url")),
        }
    }
}

/// Makes a login of an account of the caller's portal.
pub(crate) async fn make(
    gateway: &Gateway,
    caller: &Token,
    id: UserAccountId,
    query: LoginQuery,
) -> Result<Login, Refusal> {
    let account = show::find(gateway, caller.portal_id, id).await?;
    if !account.active {
        let message = format!("user account {id} is blocked: let it in again with status true first");
        return Err(Refusal::new(StatusCode::FORBIDDEN, "account_blocked", message));
    }
    let lo_id = match &query.redirect_url {
        Some(url) => Some(content(gateway, caller, url).await?),
        None => None,
    };
    let (now, text) = (gateway.now(), gateway.random.alphanumeric(SECRET_LENGTH));
    let token = OneTimeToken {
        digest: gateway.keyring.digest(ONE_TIME_TOKEN, &text),
        portal_id: caller.portal_id,
        user_account_id: id,
        lo_id,
        launch: None,
        created_at: now,
        expires_at: now.saturating_add(LOGIN_FOR).unwrap_or(Timestamp::MAX),
    };
    let login = Login {
        url: lo_id.map(|lo_id| format!("{}{PLAY}{lo_id}?oneTimeToken={text}", gateway.settings.player_url)),
        one_time_token: text,
        expires_in: LOGIN_FOR.as_secs().unsigned_abs(),
    };
    idempotency::foretell(StatusCode::OK, &login);
    let noted = Noted::done(Action::UserAccountLogin, caller.portal_id, id, now);
    audit::by(caller, noted, gateway.store.save_one_time_token(token)).await?;
    Ok(login)
}

/// The content that a page plays, which the portal holds and which is there.
async fn content(gateway: &Gateway, caller: &Token, url: &str) -> Result<LearningObjectId, Refusal> {
    let at_fault = |message: String| Refusal::field("redirect_url", format_args!("redirect_url: {message}"));
    let id = url.strip_prefix(PLAY).ok_or_else(|| {
        at_fault(format!(
            "a login leads to {PLAY} and the id of a learning object, such as {PLAY}741712, and not to {url:?}"
        ))
    })?;
    let found = find::found(gateway, caller.portal_id, find::reference(id)).await?;
    let content =
        found.ok_or_else(|| at_fault(format!("there is no learning object {id:?} in the library of this portal")))?;
    match content.state_at(gateway.now()) {
        LifecycleState::Published | LifecycleState::Retired => Ok(content.id),
        state @ (LifecycleState::Draft | LifecycleState::Removed) => {
            Err(at_fault(format!("learning object {id} is {}: it cannot be played", state.as_str())))
        }
    }
}
