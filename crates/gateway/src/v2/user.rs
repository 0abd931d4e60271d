//! Users, who are the accounts of V3 in the older shape. Contract, section 10.

use contract::api::v2;
use domain::user_account::UserAccount;

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod login;
pub(crate) mod show;

/// A user as V2 writes it.
fn written(account: UserAccount) -> v2::User {
    v2::User {
        id: super::number(account.id.0),
        email: account.email.as_str().to_owned(),
        first_name: account.given_name,
        last_name: account.family_name,
        created: Some(account.created_at.into()),
        updated: Some(account.updated_at.into()),
        roles: account.roles.iter().map(|role| role.name().to_owned()).collect(),
        status: account.active,
    }
}
