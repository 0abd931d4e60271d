//! Links that say by themselves that they are ours, and secret addresses.

use aws_lc_rs::{constant_time, digest, hmac};

/// How many bytes of a digest stand in a link: nobody guesses 128 bits.
const MAC_BYTES: usize = 16;
/// How many random bytes a secret address has.
pub(crate) const TOKEN_BYTES: usize = 32;

/// What links are signed with.
#[derive(Clone)]
pub(crate) struct LinkKey(hmac::Key);

/// What a mute link says: the mail that it stood in, and which of its retirements; all of them if none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mute {
    pub(crate) mail: i64,
    pub(crate) retirement: Option<i64>,
}

impl LinkKey {
    pub(crate) fn new(key: &[u8]) -> Self {
        LinkKey(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The last part of a mute link. It holds neither a name nor an address, and does not grow old.
    pub(crate) fn mute_token(&self, mute: Mute) -> String {
        let said = format!("{}-{}", mute.mail, mute.retirement.unwrap_or(0));
        let mac = self.mac(&format!("mute {said}"));
        format!("{said}-{mac}")
    }

    /// What a mute link says, if it is ours.
    pub(crate) fn read_mute(&self, token: &str) -> Option<Mute> {
        let (said, _) = token.rsplit_once('-')?;
        let (mail, retirement) = said.split_once('-')?;
        let mail = mail.parse().ok()?;
        let mute = Mute { mail, retirement: Some(retirement.parse().ok()?).filter(|number| *number != 0) };
        let expected = self.mute_token(mute);
        constant_time::verify_slices_are_equal(expected.as_bytes(), token.as_bytes()).ok().map(|()| mute)
    }

    /// The left half of a mail's id: the same each time, and different from that of every other installation.
    pub(crate) fn message_name(&self, mail: i64) -> String {
        format!("retirement.{mail}.{}", self.mac(&format!("mail {mail}")))
    }

    fn mac(&self, text: &str) -> String {
        hex(&hmac::sign(&self.0, text.as_bytes()).as_ref()[..MAC_BYTES])
    }
}

/// What is kept of a secret address.
pub(crate) fn token_digest(token: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, token.as_bytes()).as_ref().to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_what_was_put_into_it_and_nothing_else_is_read() {
        let key = LinkKey::new(&[7; 32]);
        for mute in [Mute { mail: 12, retirement: Some(3) }, Mute { mail: 1, retirement: None }] {
            let token = key.mute_token(mute);
            assert_eq!(key.read_mute(&token), Some(mute));
            assert_eq!(LinkKey::new(&[8; 32]).read_mute(&token), None);
            let changed = [token.replacen('1', "2", 1), format!("{token}0"), token[..token.len() - 1].to_owned()];
            for changed in changed.iter().chain([&token.to_uppercase()]).filter(|changed| **changed != token) {
                assert_eq!(key.read_mute(changed), None, "{changed}");
            }
        }
        for strange in ["", "-", "--", "1-2", "1-2-", "a-b-c", "1-+3-x"] {
            assert_eq!(key.read_mute(strange), None, "{strange}");
        }
        assert_ne!(key.message_name(1), key.message_name(2));
    }
}
