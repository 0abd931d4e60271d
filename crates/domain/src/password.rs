//! Passwords of people: how one must be, and what is kept of it.
//!
//! argon2id, for passwords only: secrets that we draw ourselves are kept as keyed digests, which cost next to nothing to look at.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};

/// The shortest password, in characters.
pub const CHARS_MIN: usize = 12;
/// The longest password, in characters.
pub const CHARS_MAX: usize = 256;
/// How many bytes a salt has.
pub const SALT_BYTES: usize = 16;
/// How many bytes a hash has.
pub const HASH_BYTES: usize = 32;

/// A password in clear. Never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// A password that may not be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password must have {CHARS_MIN} to {CHARS_MAX} characters, at least four of them different")]
pub struct BadPassword;

impl Password {
    /// Takes a password that somebody chooses.
    pub fn choose(text: &str) -> Result<Self, BadPassword> {
        let mut different: Vec<char> = text.chars().take(CHARS_MAX + 1).collect();
        let fits = (CHARS_MIN..=CHARS_MAX).contains(&different.len());
        different.sort_unstable();
        different.dedup();
        if fits && different.len() >= 4 { Ok(Password(text.to_owned())) } else { Err(BadPassword) }
    }

    /// Takes what somebody types in to be let in. What is longer than any password is cut, and so is none.
    pub fn entered(text: &str) -> Self {
        Password(text.chars().take(CHARS_MAX + 1).collect())
    }

    /// What is kept of it. Takes so much memory and time as `cost` says: tens of milliseconds.
    pub fn hash(&self, salt: [u8; SALT_BYTES], cost: Cost) -> PasswordHash {
        let Cost { memory_kib, passes, lanes } = cost;
        let mut hash = [0; HASH_BYTES];
        Params::new(memory_kib, passes, lanes, Some(HASH_BYTES))
            .and_then(|params| {
                Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(
                    self.0.as_bytes(),
                    &salt,
                    &mut hash,
                )
            })
            .expect("costs are checked when they are read, and a password of some 256 characters is a short input");
        PasswordHash { cost, salt, hash }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What computing a hash takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// How often it is gone through.
    pub passes: u32,
    /// How many parts of it could be gone through at a time.
    pub lanes: u32,
}

impl Cost {
    /// What new hashes take: 19 MiB, twice; some 20 ms.
    pub const USUAL: Cost = Cost { memory_kib: 19 * 1024, passes: 2, lanes: 1 };

    /// Reads a cost that was kept; none if no hash can take that.
    pub fn read(memory_kib: u32, passes: u32, lanes: u32) -> Option<Self> {
        Params::new(memory_kib, passes, lanes, Some(HASH_BYTES)).ok().map(|_| Cost { memory_kib, passes, lanes })
    }
}

/// What is kept of a password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PasswordHash {
    /// What it took.
    pub cost: Cost,
    /// What was hashed with it.
    pub salt: [u8; SALT_BYTES],
    /// The hash.
    pub hash: [u8; HASH_BYTES],
}

impl PasswordHash {
    /// Whether both are of one password, in constant time. Only hashes of one salt and cost can be compared: others do not match.
    pub fn matches(&self, other: &PasswordHash) -> bool {
        self.is_like(other) && aws_lc_rs::constant_time::verify_slices_are_equal(&self.hash, &other.hash).is_ok()
    }

    /// Whether both have one salt and one cost.
    pub fn is_like(&self, other: &PasswordHash) -> bool {
        (self.salt, self.cost) == (other.salt, other.cost)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHash").field("cost", &self.cost).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 8, passes: 1, lanes: 1 };

    #[track_caller]
    fn check(text: &str, fits: bool) {
        assert_eq!(Password::choose(text).is_ok(), fits, "{text:?}");
    }

    #[test]
    fn a_password_is_long_enough_and_not_one_letter() {
        check("correct horse battery", true);
        check("abcdefghijk", false);
        check("abcdefghijkl", true);
        check("ééééabcdàààà", true);
        check("aaaaaaaaaaaaaaaa", false);
        check("abcabcabcabc", false);
        check(&"abcd".repeat(64), true);
        check(&("abcd".repeat(64) + "e"), false);
        check("", false);
    }

    #[test]
    fn the_same_password_with_the_same_salt_matches_and_nothing_else_does() {
        let hash = |text: &str, salt: u8, cost| Password::entered(text).hash([salt; SALT_BYTES], cost);
        let kept = hash("correct horse battery", 1, CHEAP);
        assert!(kept.matches(&hash("correct horse battery", 1, CHEAP)));
        assert!(!kept.matches(&hash("correct horse batterY", 1, CHEAP)));
        assert!(!kept.matches(&hash("correct horse battery", 2, CHEAP)));
        assert!(!kept.matches(&hash("correct horse battery", 1, Cost { passes: 2, ..CHEAP })));
        // A prefix that is all that is looked at would let a longer text in.
        let longest = "abcd".repeat(64);
        assert!(!hash(&longest, 1, CHEAP).matches(&hash(&(longest.clone() + "e"), 1, CHEAP)));
    }

    #[test]
    fn costs_that_cannot_be_are_not_read() {
        assert_eq!(Cost::read(19 * 1024, 2, 1), Some(Cost::USUAL));
        assert!(Cost::read(0, 2, 1).is_none() && Cost::read(64, 0, 1).is_none() && Cost::read(64, 1, 0).is_none());
    }

    #[test]
    fn nothing_of_a_password_is_shown() {
        let password = Password::entered("correct horse battery");
        let shown = format!("{password:?} {:?}", password.hash([7; SALT_BYTES], CHEAP));
        assert_eq!(shown, "Password(…) PasswordHash { cost: Cost { memory_kib: 8, passes: 1, lanes: 1 }, .. }");
    }
}
