//! What stands between the password and the choice of a portal: that somebody may act as an account, for a few minutes.

use domain::id::{PortalId, UserAccountId};
use domain::user_account::UserAccount;
use jiff::{SignedDuration, Timestamp};
use store::keyring::{Keyring, Place};

/// How long the choice may take.
const GOOD_FOR: SignedDuration = SignedDuration::from_mins(5);
const PLACE: Place<'_> = Place { table: "hub", column: "sign_in", row: "ticket" };
/// The longest ticket that is looked at, in hex digits.
const DIGITS_MAX: usize = 512;

/// A ticket for an account whose password was right.
pub(crate) fn write(keyring: &Keyring, account: &UserAccount, now: Timestamp) -> String {
    let until = now.saturating_add(GOOD_FOR).unwrap_or(now).as_millisecond();
    let sealed = keyring.seal(PLACE, &format!("{} {} {until}", account.portal_id, account.id));
    crate::session::hex(&sealed)
}

/// The account that a ticket is for, while it is good.
pub(crate) fn read(keyring: &Keyring, ticket: &str, now: Timestamp) -> Option<(PortalId, UserAccountId)> {
    let is_hex =
        ticket.len() <= DIGITS_MAX && ticket.len().is_multiple_of(2) && ticket.bytes().all(|b| b.is_ascii_hexdigit());
    let digits = if is_hex { ticket.as_bytes() } else { return None };
    let bytes = digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    let text = keyring.open(PLACE, &bytes.collect::<Option<Vec<u8>>>()?).ok()?;
    let mut words = text.split(' ');
    let (portal_id, id) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let until = Timestamp::from_millisecond(words.next()?.parse().ok()?).ok()?;
    (now < until && until.duration_since(now) <= GOOD_FOR).then_some((portal_id, id))
}
