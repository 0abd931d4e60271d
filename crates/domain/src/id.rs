//! Typed ids, all from one list.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;

use crate::random::Random;

/// How many letters and digits name an event or a webhook, as in the published samples: about 71 random bits.
pub const SHORT_ID_LENGTH: usize = 12;
/// How many letters and digits the token of a destination has.
pub const DESTINATION_TOKEN_LENGTH: usize = 32;

/// A text that is not an id of the kind that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {0}")]
pub struct NotAnId(pub &'static str);

macro_rules! number_ids {
    ($($(#[$doc:meta])* $name:ident, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                text.parse().ok().filter(|&number: &i64| digits && number > 0).map($name).ok_or(NotAnId($what))
            }
        }
    )*};
}

number_ids! {
    /// A portal.
    PortalId, "a portal id, which is a decimal number";
    /// A user account; V2 calls it a user.
    UserAccountId, "a user account id, which is a decimal number";
    /// A learning object, by the number that events carry.
    LearningObjectId, "a learning object id, which is a decimal number";
    /// An enrollment.
    EnrollmentId, "an enrollment id, which is a decimal number";
    /// One notice to one administrator. Never on the wire.
    NoticeMailId, "the id of a mail, which is a decimal number";
    /// One event to one webhook. Never on the wire.
    DeliveryId, "a delivery id, which is a decimal number";
    /// An entry of the audit log.
    AuditEntryId, "the id of an audit entry, which is a decimal number";
    /// An LMS to which a portal hands packages.
    DestinationId, "a destination id, which is a decimal number";
}

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident, $what:literal, $valid:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok($name(text.to_owned())) } else { Err(NotAnId($what)) }
            }
        }
    )*};
}

text_ids! {
    /// An event: 12 letters and digits.
    EventId, "an event id, which is 12 letters and digits", is_short_id;
    /// A webhook: 12 letters and digits.
    WebhookId, "a webhook id, which is 12 letters and digits", is_short_id;
    /// An operational notice: 12 letters and digits.
    NoticeId, "a notice id, which is 12 letters and digits", is_short_id;
    /// A replay: 12 letters and digits.
    ReplayId, "a replay id, which is 12 letters and digits", is_short_id;
    /// What an LMS passed in one launch: 12 letters and digits.
    LearningActivityId, "a learning activity id, which is 12 letters and digits", is_short_id;
    /// What is told of content: 12 letters and digits.
    AnnouncementId, "an announcement id, which is 12 letters and digits", is_short_id;
    /// A learning object, by its newer id: `con_` and a ULID.
    ContentId, "a learning object id, which is con_ and 26 letters and digits", |text| is_prefixed_ulid(text, "con_");
    /// A user account, by its newer id: `acc_` and a ULID.
    AccountGuid, "an account id, which is acc_ and 26 letters and digits", |text| is_prefixed_ulid(text, "acc_");
    /// What the packages of a destination carry: 32 letters and digits, about 190 random bits. No secret.
    DestinationToken, "the token of a destination, which is 32 letters and digits", |text| {
        text.len() == DESTINATION_TOKEN_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    /// An uploaded package: 32 lower-case hex digits, which nobody can guess: who has it may fetch the files.
    PackageId, "a package id, which is 32 hex digits", |text| text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    /// An OAuth client: 40 hex digits.
    ClientId, "a client id, which is 40 hex digits", |text| text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
}

impl EventId {
    /// A new id.
    pub fn draw(random: &dyn Random) -> Self {
        EventId(random.alphanumeric(SHORT_ID_LENGTH))
    }

    /// The id that these parts always give, so that an event that is told again is the same event.
    pub fn derive(parts: &[&str]) -> Self {
        EventId(derived(parts))
    }
}

impl AnnouncementId {
    /// A new id.
    pub fn draw(random: &dyn Random) -> Self {
        AnnouncementId(random.alphanumeric(SHORT_ID_LENGTH))
    }

    /// The id that these parts always give.
    pub fn derive(parts: &[&str]) -> Self {
        AnnouncementId(derived(parts))
    }
}

impl WebhookId {
    /// A new id.
    pub fn draw(random: &dyn Random) -> Self {
        WebhookId(random.alphanumeric(SHORT_ID_LENGTH))
    }
}

impl NoticeId {
    /// The id that these parts always give.
    pub fn derive(parts: &[&str]) -> Self {
        NoticeId(derived(parts))
    }
}

impl LearningActivityId {
    /// A new id.
    pub fn draw(random: &dyn Random) -> Self {
        LearningActivityId(random.alphanumeric(SHORT_ID_LENGTH))
    }
}

impl ReplayId {
    /// A new id.
    pub fn draw(random: &dyn Random) -> Self {
        ReplayId(random.alphanumeric(SHORT_ID_LENGTH))
    }
}

impl DestinationToken {
    /// A new token.
    pub fn draw(random: &dyn Random) -> Self {
        DestinationToken(random.alphanumeric(DESTINATION_TOKEN_LENGTH))
    }
}

impl PackageId {
    /// A new id: 128 random bits.
    pub fn draw(random: &dyn Random) -> Self {
        PackageId(random.hex(32))
    }
}

impl ClientId {
    /// A new id.
    pub fn draw(random: &dyn Random) -> Self {
        ClientId(random.hex(40))
    }
}

impl ContentId {
    /// A new id; sorts by the time at which it was drawn.
    pub fn draw(random: &dyn Random, at: Timestamp) -> Self {
        ContentId(format!("con_{}", ulid(random, at)))
    }
}

impl AccountGuid {
    /// A new id; sorts by the time at which it was drawn.
    pub fn draw(random: &dyn Random, at: Timestamp) -> Self {
        AccountGuid(format!("acc_{}", ulid(random, at)))
    }
}

/// A short id made of a digest of the parts: about 71 of its bits.
fn derived(parts: &[&str]) -> String {
    const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let digest = digest(&SHA256, parts.join("\n").as_bytes());
    let (bytes, _) = digest.as_ref().split_first_chunk::<16>().expect("a digest has 32 bytes");
    let mut number = u128::from_be_bytes(*bytes);
    let mut digit = || {
        let digit = number % 62;
        number /= 62;
        char::from(ALPHANUMERIC[digit as usize])
    };
    (0..SHORT_ID_LENGTH).map(|_| digit()).collect()
}

fn is_short_id(text: &str) -> bool {
    text.len() == SHORT_ID_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_prefixed_ulid(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|ulid| ulid.len() == 26 && ulid.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// 48 bits of Unix milliseconds and 80 random bits, in 26 letters and digits of Crockford's alphabet.
fn ulid(random: &dyn Random, at: Timestamp) -> String {
    const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut low = [0; 16];
    random.fill(&mut low[6..]);
    let number = (u128::from(at.as_millisecond().unsigned_abs()) << 80) | u128::from_be_bytes(low);
    (0..26).rev().map(|digit| char::from(CROCKFORD[(number >> (5 * digit)) as usize & 31])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Ones;

    impl Random for Ones {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(1);
        }
    }

    #[test]
    fn drawn_ids_are_of_their_own_form() {
        let at = "2022-07-01T00:00:00Z".parse().unwrap();
        let event = EventId::draw(&Ones as &dyn Random);
        assert_eq!(event.as_str().parse(), Ok(event.clone()));
        let content = ContentId::draw(&Ones as &dyn Random, at);
        assert_eq!(content.as_str(), "con_01G6VGXA00040G2081040G2081");
        assert_eq!(content.as_str().parse(), Ok(content.clone()));
        let package = PackageId::draw(&Ones as &dyn Random);
        assert_eq!(package.as_str().parse(), Ok(package.clone()));
        let client = ClientId::draw(&Ones as &dyn Random);
        assert_eq!(client.as_str().parse(), Ok(client.clone()));
        let token = DestinationToken::draw(&Ones as &dyn Random);
        assert_eq!(token.as_str().parse(), Ok(token.clone()));
    }

    #[test]
    fn the_same_parts_give_the_same_id_and_others_another() {
        let id = EventId::derive(&["xUjKifleke4u", "36184809", "content.decommission"]);
        assert_eq!(id, EventId::derive(&["xUjKifleke4u", "36184809", "content.decommission"]));
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        assert_ne!(id, EventId::derive(&["xUjKifleke4u", "36184810", "content.decommission"]));
        assert_ne!(id, EventId::derive(&["xUjKifleke4u3", "6184809", "content.decommission"]));
    }

    #[test]
    fn numbers_are_decimal_and_positive() {
        assert_eq!("101916887".parse(), Ok(EnrollmentId(101916887)));
        for text in ["", "0", "-1", "+1", " 1", "1.0", "0x1", "9223372036854775808", "١"] {
            assert!(text.parse::<EnrollmentId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn short_ids_have_twelve_letters_and_digits() {
        assert!("xUjKifleke4u".parse::<WebhookId>().is_ok());
        for text in ["", "xUjKifleke4", "xUjKifleke4uu", "xUjKifleke4-", "xUjKiflekeé"] {
            assert!(text.parse::<WebhookId>().is_err(), "{text:?}");
        }
    }
}
