//! People: who is in a portal, what they may do, and who signs in to the Hub.

use domain::audit::{Action, Noted};
use domain::id::UserAccountId;
use domain::user_account::{Role, UserAccount, UserAccountError, UserAccountPatch};
use store::error::StoreError;

use crate::extract::View;
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::when::When;

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod password;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod update;

/// How often a change is decided before it is said that somebody else is always faster.
const DECISIONS_MAX: u32 = 8;

/// Somebody of the portal that is looked at.
async fn find(hub: &Hub, view: &View, id: UserAccountId) -> Result<UserAccount, Refusal> {
    hub.store.find_user_account(view.portal.id, id).await?.ok_or(Refusal::NotFound)
}

/// Loads an account, changes it and saves it with its entry in the audit log; again, if somebody else was faster. What the rules refuse
/// is the inner error.
async fn change(
    hub: &Hub,
    view: &View,
    id: UserAccountId,
    patch: UserAccountPatch,
) -> Result<Result<UserAccount, UserAccountError>, Refusal> {
    for _ in 0..DECISIONS_MAX {
        let (before, now) = (find(hub, view, id).await?, hub.now());
        let change = match before.clone().update(patch.clone(), now) {
            Ok(change) => change,
            Err(error) => return Ok(Err(error)),
        };
        let after = change.after.clone();
        let noted = Noted::changed(Action::UserAccountUpdate, &before, &after, now);
        match view.by(noted, hub.store.save_user_account(change)).await {
            Ok(()) => return Ok(Ok(after)),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}

/// Somebody at a glance.
pub(crate) struct PersonRow {
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) roles: Vec<&'static str>,
    pub(crate) is_active: bool,
    pub(crate) is_me: bool,
    /// Whether their roles let them sign in to the Hub, as soon as they have a password.
    pub(crate) may_sign_in: bool,
    /// What signing in to the Hub is to them.
    pub(crate) sign_in: &'static str,
    pub(crate) badge: &'static str,
    pub(crate) external_id: String,
    pub(crate) created_at: When,
    pub(crate) updated_at: When,
}

impl PersonRow {
    async fn of(hub: &Hub, view: &View, account: &UserAccount) -> Result<Self, Refusal> {
        let (sign_in, badge) = sign_in(hub, account).await?;
        let name = format!("{} {}", account.given_name, account.family_name);
        let name = if name.trim().is_empty() { account.username.clone() } else { name.trim().to_owned() };
        Ok(PersonRow {
            path: view.path(format_args!("people/{}", account.id)),
            id: account.id.to_string(),
            name,
            email: account.email.as_str().to_owned(),
            roles: account.roles.iter().map(|role| role.name()).collect(),
            is_active: account.active,
            is_me: account.id == view.visitor.account.id,
            may_sign_in: account.may_sign_in(),
            sign_in,
            badge,
            external_id: account.external_user_id.clone().unwrap_or_default(),
            created_at: When(account.created_at),
            updated_at: When(account.updated_at),
        })
    }
}

/// Whether somebody signs in to the Hub, in words and as a colour.
async fn sign_in(hub: &Hub, account: &UserAccount) -> Result<(&'static str, &'static str), Refusal> {
    if !account.active {
        return Ok(("Blocked", "bad"));
    }
    if !account.may_sign_in() {
        return Ok(("Learns only", "none"));
    }
    let found = hub.store.find_passwords(account.email.as_str()).await?;
    if !found.iter().any(|(known, _)| known.id == account.id) {
        return Ok(("No password yet", "warn"));
    }
    Ok(if account.administers() { ("As administrator", "good") } else { ("As viewer", "good") })
}

/// Whether whoever looks would lose their own way in: nobody takes that from themselves.
fn locks_out(view: &View, id: UserAccountId, roles: &[Role]) -> bool {
    id == view.visitor.account.id && !roles.contains(&Role::Administrator)
}

/// The roles that boxes of a form stand for.
fn roles(form: &crate::form::Form) -> Vec<Role> {
    Role::ALL.into_iter().filter(|role| form.has("roles", role.name())).collect()
}

/// A role as a box to be ticked.
pub(crate) struct RoleChoice {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) is_ticked: bool,
}

fn choices(form: &crate::form::Form) -> Vec<RoleChoice> {
    let choice = |role: Role| RoleChoice {
        name: role.name(),
        description: match role {
            Role::Learner => "Learns. Does not sign in to the Hub.",
            Role::Manager => "Sees what others learn. Looks at everything here, changes nothing.",
            Role::ContentAdministrator => "Looks after the library. Looks at everything here, changes nothing.",
            Role::Administrator => "May do everything in the portal.",
        },
        is_ticked: form.has("roles", role.name()),
    };
    Role::ALL.into_iter().rev().map(choice).collect()
}
