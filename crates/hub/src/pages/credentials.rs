//! OAuth clients: with which credentials programs act for a portal. Contract, sections 2.5 and 5.3.

use domain::oauth::OauthClient;

use crate::extract::View;
use crate::when::When;

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;

/// A client at a glance. Its secret is nowhere any more.
pub(crate) struct ClientRow {
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) scopes: Vec<&'static str>,
    pub(crate) created_at: When,
}

impl ClientRow {
    pub(crate) fn new(view: &View, client: &OauthClient) -> Self {
        ClientRow {
            path: view.path(format_args!("credentials/{}", client.id)),
            id: client.id.to_string(),
            name: client.name.clone(),
            scopes: client.scopes.iter().map(|scope| scope.as_str()).collect(),
            created_at: When(client.created_at),
        }
    }
}
