//! OAuth clients as they are written.

use contract::api::oauth as api;
use domain::oauth::OauthClient;
use domain::portal::Portal;

/// A client of a portal; its secret only when it was made just now.
pub(crate) fn client(client: OauthClient, portal: &Portal, secret: Option<String>) -> api::OauthClient {
    api::OauthClient {
        client_id: client.id.to_string(),
        client_secret: secret,
        client_name: client.name,
        redirect_uri: client.redirect_uri,
        portal_id: portal.id.to_string(),
        portal_name: portal.name.clone(),
    }
}
