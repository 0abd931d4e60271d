//! What is said once, on the page that follows what was done.
//!
//! It goes in a cookie, so that nothing of it is stored, and is digested under a key of ours together with the session, so that nobody else can
//! put words into our mouth. Never a secret.

use domain::oauth::Digest;
use store::keyring::Keyring;

use crate::session::{hex, read_hex};

/// The purpose of its digests.
const FLASH: &str = "hub_flash";
/// The longest text, in bytes.
const BYTES_MAX: usize = 1_000;

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flash {
    pub(crate) is_good: bool,
    pub(crate) text: String,
}

impl Flash {
    /// Something was done.
    pub(crate) fn good(text: impl Into<String>) -> Self {
        Flash { is_good: true, text: text.into() }
    }

    /// As the cookie holds it.
    pub(crate) fn write(&self, keyring: &Keyring, session: &Digest) -> String {
        let mark = if self.is_good { '+' } else { '-' };
        let end = self.text.floor_char_boundary(BYTES_MAX.min(self.text.len()));
        let said = hex(format!("{mark}{}", &self.text[..end]).as_bytes());
        format!("{}.{said}", hex(&digest(keyring, session, &said).0))
    }

    /// Reads what [`write`](Self::write) wrote for the session.
    pub(crate) fn read(text: &str, keyring: &Keyring, session: &Digest) -> Option<Self> {
        let (mac, said) = text.split_once('.')?;
        if said.len() > 2 * (BYTES_MAX + 1) || !read_hex(mac)?.matches(&digest(keyring, session, said)) {
            return None;
        }
        let bytes = said.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        let text = String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()?;
        Some(Flash { is_good: text.starts_with('+'), text: text.get(1..)?.to_owned() })
    }
}

fn digest(keyring: &Keyring, session: &Digest, said: &str) -> Digest {
    keyring.digest_of_parts(FLASH, &[&session.0, said.as_bytes()])
}

#[cfg(test)]
mod tests {
    use store::keyring::KEY_BYTES;

    use super::*;

    #[test]
    fn only_what_we_said_to_this_session_is_said() {
        let keyring = Keyring::read(&Keyring::write(1, &[7; KEY_BYTES])).unwrap();
        let session = Digest([1; 32]);
        for flash in [
            Flash::good("Zoë’s webhook is paused."),
            Flash { is_good: false, text: String::new() },
            Flash::good("x".repeat(BYTES_MAX)),
        ] {
            let written = flash.write(&keyring, &session);
            assert_eq!(Flash::read(&written, &keyring, &session), Some(flash));
            assert_eq!(Flash::read(&written, &keyring, &Digest([2; 32])), None);
            assert_eq!(
                Flash::read(&written.replace(".2", ".3"), &keyring, &session).is_some(),
                !written.contains(".2")
            );
        }
        let long = Flash::good("é".repeat(BYTES_MAX)).write(&keyring, &session);
        assert_eq!(Flash::read(&long, &keyring, &session).unwrap().text.len(), BYTES_MAX);
        for text in ["", ".", "a.b", "+Hello"] {
            assert_eq!(Flash::read(text, &keyring, &session), None);
        }
    }
}
