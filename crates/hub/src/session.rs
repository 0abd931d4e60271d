//! Who is signed in.

use axum::http::HeaderMap;
use domain::audit::Action;
use domain::hub_session::HubSession;
use domain::oauth::Digest;
use domain::user_account::UserAccount;
use store::error::StoreError;

use crate::audit;
use crate::cookie::Cookie;
use crate::hub::Hub;

/// The purpose of digests of what is in the cookies of sessions.
const SESSION: &str = "hub_session";
/// The purpose of digests that stand in the forms of a session.
const FORM: &str = "hub_form";
/// How many hex digits a session's cookie has: 256 random bits.
const TOKEN_DIGITS: usize = 64;

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    pub(crate) session: HubSession,
    pub(crate) account: UserAccount,
}

/// Finds out who is signed in, and notes that they are here.
pub(crate) async fn find(hub: &Hub, headers: &HeaderMap) -> Result<Option<Visitor>, StoreError> {
    let Some(digest) = digest_of(hub, headers) else { return Ok(None) };
    let now = hub.now();
    let Some((session, account)) = hub.store.find_hub_session(&digest, now).await? else { return Ok(None) };
    if session.is_to_be_noted(now) {
        hub.store.renew_hub_session(&digest, now).await?;
    }
    Ok(Some(Visitor { session, account }))
}

/// Begins a session under a new name, whatever the browser had before; what its cookie holds.
pub(crate) async fn begin(hub: &Hub, account: &UserAccount) -> Result<String, StoreError> {
    let token = hub.random.hex(TOKEN_DIGITS);
    let now = hub.now();
    let session = HubSession {
        digest: hub.keyring.digest(SESSION, &token),
        portal_id: account.portal_id,
        user_account_id: account.id,
        created_at: now,
        used_at: now,
    };
    let noted = audit::own(Action::UserAccountSignIn, account, now);
    audit::by(account, noted, hub.store.save_hub_session(session)).await?;
    Ok(token)
}

/// Ends the session that the browser has, and what is streamed to it.
pub(crate) async fn end(hub: &Hub, headers: &HeaderMap) -> Result<(), StoreError> {
    let Some(digest) = digest_of(hub, headers) else { return Ok(()) };
    hub.store.expire_hub_session(&digest).await?;
    hub.streams.end(&digest);
    Ok(())
}

fn digest_of(hub: &Hub, headers: &HeaderMap) -> Option<Digest> {
    let token = Cookie::Session.find(headers)?;
    let is_ours = token.len() == TOKEN_DIGITS && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_ours.then(|| hub.keyring.digest(SESSION, &token))
}

impl Visitor {
    /// What stands in every form of the session: nobody else can know it.
    pub(crate) fn form_token(&self, hub: &Hub) -> String {
        hex(&self.form_digest(hub).0)
    }

    /// Whether this is what stands in the forms of the session.
    pub(crate) fn is_form_token(&self, hub: &Hub, text: &str) -> bool {
        read_hex(text).is_some_and(|digest| digest.matches(&self.form_digest(hub)))
    }

    fn form_digest(&self, hub: &Hub) -> Digest {
        hub.keyring.digest_of_parts(FORM, &[&self.session.digest.0])
    }

    /// What they are called on pages.
    pub(crate) fn name(&self) -> String {
        let name = format!("{} {}", self.account.given_name, self.account.family_name);
        let name = name.trim();
        if name.is_empty() { self.account.email.as_str().to_owned() } else { name.to_owned() }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn read_hex(text: &str) -> Option<Digest> {
    let mut digest = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, digits) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(Digest(digest))
}
