//! The keys under which secrets rest: sealing what must be read again, digesting what need only be recognised.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use domain::oauth::Digest;

/// How many bytes a key has.
pub const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;

/// The purpose of digests of OAuth clients' secrets.
pub const CLIENT_SECRET: &str = "client_secret";
/// The purpose of digests of access tokens.
pub const ACCESS_TOKEN: &str = "access_token";
/// The purpose of digests of refresh tokens.
pub const REFRESH_TOKEN: &str = "refresh_token";
/// The purpose of digests of idempotency keys.
pub const IDEMPOTENCY_KEY: &str = "idempotency_key";
/// The purpose of digests of requests that come with such a key.
pub const KEYED_REQUEST: &str = "keyed_request";
/// The purpose of digests of what opens the player once.
pub const ONE_TIME_TOKEN: &str = "one_time_token";
/// The purpose of digests of sessions of the player and of packages.
pub const PLAY_SESSION: &str = "play_session";
/// The purpose of digests of the ids by which an LMS knows its learners.
pub const SCORM_LEARNER: &str = "scorm_learner";

/// Keys by their ids. The last seals; any opens; the first digests, so that digests outlive a rotation.
pub struct Keyring {
    sealing: Vec<(u8, RandomizedNonceKey)>,
    digesting: hmac::Key,
}

/// Where a sealed text stands. A text that was moved elsewhere does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The key of the row.
    pub row: &'a str,
}

/// What keeps keys or sealed texts from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// The text of the keys is not of its form.
    #[error("a key file has one line for each key, such as 1:<64 hex digits>, with different numbers from 0 to 255")]
    Unreadable,
    /// A sealed text was changed, moved, or sealed under a key that is not there.
    #[error("a sealed text cannot be opened: it was changed or moved, or its key {0} is missing")]
    NotOpened(u8),
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Keyring").field(&self.sealing.iter().map(|(id, _)| id).collect::<Vec<_>>()).finish()
    }
}

impl Keyring {
    /// Reads keys, one `id:hex` a line, oldest first.
    pub fn read(text: &str) -> Result<Self, KeyringError> {
        let mut keys: Vec<(u8, [u8; KEY_BYTES])> = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (id, key) = line.split_once(':').ok_or(KeyringError::Unreadable)?;
            let id = id.parse().map_err(|_| KeyringError::Unreadable)?;
            if keys.iter().any(|(other, _)| *other == id) {
                return Err(KeyringError::Unreadable);
            }
            keys.push((id, read_key(key).ok_or(KeyringError::Unreadable)?));
        }
        let (_, oldest) = keys.first().ok_or(KeyringError::Unreadable)?;
        let digesting = hmac::Key::new(hmac::HMAC_SHA256, derive(oldest, "digest").as_ref());
        let sealing = keys
            .iter()
            .map(|(id, key)| {
                let key = RandomizedNonceKey::new(&AES_256_GCM, derive(key, "seal").as_ref());
                (*id, key.expect("a digest has the 32 bytes that the cipher wants"))
            })
            .collect();
        Ok(Keyring { sealing, digesting })
    }

    /// A keyring of one key, as [`read`](Self::read) takes it.
    pub fn write(id: u8, key: &[u8; KEY_BYTES]) -> String {
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{id}:{hex}\n")
    }

    /// Seals a text for its place under the newest key: key id, nonce, ciphertext and tag.
    pub fn seal(&self, place: Place<'_>, text: &str) -> Vec<u8> {
        let (id, key) = self.sealing.last().expect("a keyring has at least one key");
        let mut sealed = text.as_bytes().to_vec();
        let nonce = key
            .seal_in_place_append_tag(Aad::from(associated_data(place, *id)), &mut sealed)
            .expect("a short text is within the limits of the cipher");
        [&[*id], nonce.as_ref().as_slice(), &sealed].concat()
    }

    /// Opens what was sealed for this place.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<String, KeyringError> {
        let (&id, rest) = sealed.split_first().ok_or(KeyringError::NotOpened(0))?;
        let not_opened = KeyringError::NotOpened(id);
        let (_, key) = self.sealing.iter().find(|(other, _)| *other == id).ok_or(not_opened)?;
        let (nonce, text) = rest.split_at_checked(NONCE_BYTES).ok_or(not_opened)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| not_opened)?;
        let mut text = text.to_vec();
        let opened =
            key.open_in_place(nonce, Aad::from(associated_data(place, id)), &mut text).map_err(|_| not_opened)?;
        String::from_utf8(opened.to_vec()).map_err(|_| not_opened)
    }

    /// What is stored of a token or of a client's secret, both of which have 128 random bits or more: a keyed
    /// SHA-256. `purpose` keeps digests of different things apart.
    pub fn digest(&self, purpose: &str, text: &str) -> Digest {
        let mut context = self.digesting(purpose);
        context.update(text.as_bytes());
        finish(context)
    }

    /// A keyed SHA-256 of something with several parts: where one ends and the next begins counts.
    pub fn digest_of_parts(&self, purpose: &str, parts: &[&[u8]]) -> Digest {
        let mut context = self.digesting(purpose);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        finish(context)
    }

    fn digesting(&self, purpose: &str) -> hmac::Context {
        let mut context = hmac::Context::with_key(&self.digesting);
        context.update(purpose.as_bytes());
        context.update(&[0]);
        context
    }
}

fn finish(context: hmac::Context) -> Digest {
    Digest(context.sign().as_ref().try_into().expect("a SHA-256 has 32 bytes"))
}

fn derive(key: &[u8; KEY_BYTES], purpose: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), purpose.as_bytes())
}

fn associated_data(place: Place<'_>, key_id: u8) -> Vec<u8> {
    format!("{}\0{}\0{}\0{key_id}", place.table, place.column, place.row).into_bytes()
}

fn read_key(hex: &str) -> Option<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    if hex.len() != 2 * KEY_BYTES || !hex.is_ascii() {
        return None;
    }
    for (i, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place { table: "webhooks", column: "secret", row: "xUjKifleke4u" };

    fn line(id: u8) -> String {
        Keyring::write(id, &[id; KEY_BYTES])
    }

    #[test]
    fn what_was_sealed_opens_in_its_place_only() {
        let keyring = Keyring::read(&line(1)).unwrap();
        let sealed = keyring.seal(PLACE, "MyS3cretK#y");
        assert_eq!(keyring.open(PLACE, &sealed).as_deref(), Ok("MyS3cretK#y"));
        let elsewhere = Place { row: "another", ..PLACE };
        assert_eq!(keyring.open(elsewhere, &sealed), Err(KeyringError::NotOpened(1)));
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(keyring.open(PLACE, &changed), Err(KeyringError::NotOpened(1)));
        assert_eq!(keyring.open(PLACE, &sealed[..5]), Err(KeyringError::NotOpened(1)));
        assert_eq!(keyring.open(PLACE, &[]), Err(KeyringError::NotOpened(0)));
    }

    #[test]
    fn two_sealings_of_one_text_differ() {
        let keyring = Keyring::read(&line(1)).unwrap();
        assert_ne!(keyring.seal(PLACE, "x"), keyring.seal(PLACE, "x"));
    }

    #[test]
    fn after_a_rotation_old_texts_open_and_digests_stay() {
        let before = Keyring::read(&line(1)).unwrap();
        let after = Keyring::read(&(line(1) + &line(2))).unwrap();
        let sealed = before.seal(PLACE, "x");
        assert_eq!(after.open(PLACE, &sealed).as_deref(), Ok("x"));
        assert_eq!(after.seal(PLACE, "x")[0], 2);
        assert_eq!(before.open(PLACE, &after.seal(PLACE, "x")), Err(KeyringError::NotOpened(2)));
        assert_eq!(before.digest("token", "x"), after.digest("token", "x"));
    }

    #[test]
    fn digests_of_different_purposes_differ() {
        let keyring = Keyring::read(&line(1)).unwrap();
        assert_ne!(keyring.digest("a", "x"), keyring.digest("b", "x"));
        assert_ne!(keyring.digest("a", "x"), Keyring::read(&line(2)).unwrap().digest("a", "x"));
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let keyring = Keyring::read(&line(1)).unwrap();
        let digest = |parts: &[&[u8]]| keyring.digest_of_parts("a", parts);
        assert_eq!(digest(&[b"ab", b"c"]), digest(&[b"ab", b"c"]));
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
        assert_ne!(digest(&[b"abc"]), digest(&[b"abc", b""]));
        assert_ne!(digest(&[b"abc"]), keyring.digest("a", "abc"));
    }

    #[test]
    fn a_key_file_must_be_of_its_form() {
        for text in ["", "1:", "1", "1:zz", "256:00", &(line(1) + &line(1)), &"0".repeat(64)] {
            assert_eq!(Keyring::read(text).unwrap_err(), KeyringError::Unreadable, "{text:?}");
        }
    }
}
