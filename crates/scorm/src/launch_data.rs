//! What an LMS hands back at each launch of a package: the one thing that every LMS keeps for whoever made it.

use std::fmt::Write;

use crate::text;

/// The longest launch data that a manifest of 1.2 may have, in characters.
pub const LAUNCH_DATA_CHARS_MAX: usize = 255;

/// `lo=741712;portal=11861197;ref=HR-42`: the course, the portal, and whatever the integrator wants back, in which what would not come
/// back as it is (`;`, `=`, `%`, white space and control characters) is written as `%` and two hex digits a byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchData(String);

/// A reference that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "ref is too long: with it the launch data has {0} characters, and an LMS keeps {LAUNCH_DATA_CHARS_MAX}; ; = % and white space count as 3"
)]
pub struct ReferenceTooLong(pub usize);

impl LaunchData {
    /// What is handed back for a course of a portal, and for what the integrator knows it by.
    pub fn new(lo_id: i64, portal_id: i64, reference: Option<&str>) -> Result<Self, ReferenceTooLong> {
        let mut text = format!("lo={lo_id};portal={portal_id}");
        if let Some(reference) = reference {
            text.push_str(";ref=");
            reference.chars().for_each(|c| push(&mut text, c));
        }
        match text.chars().count() {
            0..=LAUNCH_DATA_CHARS_MAX => Ok(LaunchData(text)),
            length => Err(ReferenceTooLong(length)),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn push(text: &mut String, c: char) {
    if text::is_plain(c) && !c.is_whitespace() && !matches!(c, ';' | '=' | '%') {
        return text.push(c);
    }
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        write!(text, "%{byte:02X}").expect("a string takes all that is written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reference: Option<&str>, expected: &str) {
        assert_eq!(LaunchData::new(741712, 11861197, reference).unwrap().as_str(), expected);
    }

    #[test]
    fn what_would_not_come_back_as_it_is_is_written_otherwise() {
        check(None, "lo=741712;portal=11861197");
        check(Some("HR-42"), "lo=741712;portal=11861197;ref=HR-42");
        check(Some("Zürich <&\"'>"), "lo=741712;portal=11861197;ref=Zürich%20<&\"'>");
        check(Some("a;b=c%d"), "lo=741712;portal=11861197;ref=a%3Bb%3Dc%25d");
        check(Some("\u{0}\n\u{ffff}\u{a0}"), "lo=741712;portal=11861197;ref=%00%0A%EF%BF%BF%C2%A0");
    }

    #[test]
    fn it_ends_where_lmss_cut_it_off() {
        let new = |length| LaunchData::new(1, 2, Some(&"é".repeat(length))).map(|data| data.as_str().chars().count());
        let room = LAUNCH_DATA_CHARS_MAX - "lo=1;portal=2;ref=".len();
        assert_eq!(new(room), Ok(LAUNCH_DATA_CHARS_MAX));
        assert_eq!(new(room + 1), Err(ReferenceTooLong(LAUNCH_DATA_CHARS_MAX + 1)));
        assert!(new(room + 1).unwrap_err().to_string().starts_with("ref "));
    }
}
