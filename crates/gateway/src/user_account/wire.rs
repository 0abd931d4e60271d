//! User accounts as they are written.

use contract::api::user_account as api;
use domain::user_account::UserAccount;

/// An account and the person behind it, who here are one.
pub(crate) fn account(account: UserAccount) -> api::UserAccount {
    let role =
        |role: &domain::user_account::Role| api::Role { guid: role.guid().to_owned(), name: role.name().to_owned() };
    api::UserAccount {
        id: account.id.to_string(),
        account_guid: account.guid.to_string(),
        portal_id: account.portal_id.to_string(),
        roles: account.roles.iter().map(role).collect(),
        status: account.active,
        created_time: account.created_at.into(),
        updated_time: account.updated_at.into(),
        user: api::User {
            id: account.id.to_string(),
            email: account.email.as_str().to_owned(),
            given_name: account.given_name,
            family_name: account.family_name,
            username: account.username,
            status: account.active,
        },
        standard_fields: Some(api::StandardFields { external_user_id: account.external_user_id }),
    }
}
