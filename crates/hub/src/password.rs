//! What is kept of a password that somebody may sign in with.

use domain::password::{Cost, Password, PasswordHash, SALT_BYTES};
use domain::user_account::EmailAddress;
use store::keyring::Keyring;

/// The purpose of digests that salts are made of.
const SALT: &str = "password_salt";

/// What is kept of a password of somebody with this address. Takes tens of milliseconds.
pub fn hash(keyring: &Keyring, email: &EmailAddress, password: &Password, cost: Cost) -> PasswordHash {
    password.hash(salt(keyring, email.as_str()), cost)
}

/// The salt of passwords of people with this address, whatever its case. It follows from the address under a key of ours, so that
/// signing in takes the same time whoever has the address.
pub(crate) fn salt(keyring: &Keyring, email: &str) -> [u8; SALT_BYTES] {
    let digest = keyring.digest(SALT, &email.to_lowercase());
    let (salt, _) = digest.0.split_first_chunk().expect("a digest is longer than a salt");
    *salt
}
