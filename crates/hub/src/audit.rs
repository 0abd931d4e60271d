//! What people do on pages, for the audit log.

use domain::audit::{Action, Actor, Channel, Entry, Noted};
use domain::user_account::UserAccount;
use jiff::Timestamp;

use crate::hub::Hub;

/// Runs a verb that writes, in the name of somebody, with its entry in the log: both are stored, or neither.
pub(crate) async fn by<F: Future>(account: &UserAccount, noted: Noted, verb: F) -> F::Output {
    store::audit::with(entry(account, noted), verb).await
}

/// The entry of something that somebody did and no other verb writes anything for, such as looking at a secret.
pub(crate) fn entry(account: &UserAccount, noted: Noted) -> Entry {
    let actor = Actor::Person { id: account.id, portal_id: account.portal_id };
    Entry { actor, channel: Channel::Hub, noted }
}

/// What somebody did with an account of theirs.
pub(crate) fn own(action: Action, account: &UserAccount, at: Timestamp) -> Noted {
    Noted::done(action, account.portal_id, account.id, at).named(Some(account.email.as_str()))
}

/// Notes that somebody tried to sign in as each of these and was refused. Later, so that the answer takes the same time whether there are
/// such accounts or not.
pub(crate) fn refused(hub: &Hub, accounts: Vec<UserAccount>) {
    let (hub, now) = (hub.clone(), hub.now());
    tokio::spawn(async move {
        for account in accounts {
            let noted = own(Action::UserAccountSignInRefused, &account, now);
            let entry = Entry { actor: Actor::Unknown, channel: Channel::Hub, noted };
            if let Err(error) = hub.store.save_audit_entry(entry).await {
                tracing::error!(%error, "a sign-in that was refused cannot be noted: {error}");
            }
        }
    });
}
