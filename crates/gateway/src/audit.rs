//! The audit log: what management actions leave in it, and how it is read. Ours: not in the published API.

pub(crate) mod list;
mod wire;

use domain::audit::{Actor, Channel, Entry, Noted};
use domain::oauth::Token;

/// Runs the verb by which a caller does something, so that it stores the entry of that too. The verb begins when it is first
/// polled, as all of the store's do.
pub(crate) async fn by<F: Future>(caller: &Token, noted: Noted, verb: F) -> F::Output {
    let actor = Actor::Client {
        id: caller.client_id.clone(),
        portal_id: caller.portal_id,
        user_account_id: caller.user_account_id,
    };
    store::audit::with(Entry { actor, channel: Channel::Api, noted }, verb).await
}
