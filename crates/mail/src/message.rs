//! Messages, as text that no header can be smuggled into.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox as Boxed, MultiPart, SinglePart};

/// Where mail goes, or comes from: an address of the form that SMTP takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(pub(crate) lettre::Address);

/// A text that SMTP does not take as an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no mail address such as ada@example.com")]
pub struct NotAnAddress;

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        text.parse().map(Address).map_err(|_| NotAnAddress)
    }
}

impl Address {
    /// What stands after the `@`.
    pub fn host(&self) -> &str {
        self.0.domain()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Somebody who writes or is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// What people call them.
    pub name: Option<String>,
    /// Where mail reaches them.
    pub address: Address,
}

/// What is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who writes.
    pub from: Mailbox,
    /// The one who is written to.
    pub to: Mailbox,
    /// What it is about, in a line.
    pub subject: String,
    /// All of it, as plain text.
    pub text: String,
    /// The same for programs that show HTML.
    pub html: Option<String>,
    /// Names the message for ever, without the brackets: `left@right`. A message that is sent again has the same, so that
    /// whoever gets it twice can tell.
    pub message_id: String,
    /// When it was written.
    pub date: Timestamp,
    /// Further headers, such as `Auto-Submitted`; none of those that the fields above are written to.
    pub headers: Vec<(&'static str, String)>,
}

/// Why there is no such message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMessage {
    /// A header would not be one line.
    #[error("{0} must not hold control characters")]
    Control(String),
    /// The id is not of its form.
    #[error("a message id has letters, digits and a few other characters, and an @ in it")]
    MessageId,
    /// No further header has such a name.
    #[error("{0} is no name of a further header")]
    HeaderName(&'static str),
    /// The library does not make it.
    #[error("{0}")]
    Unfit(String),
}

/// What the message itself says, and the library: nobody says it again, and nobody adds an addressee.
const TAKEN: [&str; 12] = [
    "from",
    "sender",
    "to",
    "cc",
    "bcc",
    "subject",
    "message-id",
    "date",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
];

impl Message {
    /// The message as it goes over the wire, with the envelope that SMTP wants besides.
    pub(crate) fn written(&self) -> Result<lettre::Message, BadMessage> {
        let mut builder = lettre::Message::builder()
            .from(boxed("from", &self.from)?)
            .to(boxed("to", &self.to)?)
            .subject(line("subject", &self.subject)?)
            .message_id(Some(format!("<{}>", self.checked_id()?)))
            .date(system_time(self.date));
        for (name, value) in &self.headers {
            builder = builder.raw_header(HeaderValue::new(header_name(name)?, line(name, value)?.to_owned()));
        }
        let text = SinglePart::plain(self.text.clone());
        let made = match &self.html {
            None => builder.singlepart(text),
            Some(html) => {
                builder.multipart(MultiPart::alternative().singlepart(text).singlepart(SinglePart::html(html.clone())))
            }
        };
        made.map_err(|error| BadMessage::Unfit(error.to_string()))
    }

    fn checked_id(&self) -> Result<&str, BadMessage> {
        let fits = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.[]:".contains(&b))
        };
        match self.message_id.split_once('@') {
            Some((left, right)) if fits(left) && fits(right) => Ok(&self.message_id),
            Some(_) | None => Err(BadMessage::MessageId),
        }
    }
}

fn header_name(name: &'static str) -> Result<HeaderName, BadMessage> {
    let is_taken = TAKEN.iter().any(|taken| taken.eq_ignore_ascii_case(name));
    let is_graphic = name.bytes().all(|byte| byte.is_ascii_graphic());
    let made = HeaderName::new_from_ascii(name.to_owned()).ok().filter(|_| is_graphic && !is_taken);
    made.ok_or(BadMessage::HeaderName(name))
}

fn boxed(field: &str, mailbox: &Mailbox) -> Result<Boxed, BadMessage> {
    let name = mailbox.name.as_deref().map(|name| line(field, name).map(str::to_owned)).transpose()?;
    Ok(Boxed::new(name, mailbox.address.0.clone()))
}

/// What stands in a header is one line. The library would encode a line break so that it is harmless; that somebody wants one
/// there is a fault all the same.
fn line<'a>(field: &str, text: &'a str) -> Result<&'a str, BadMessage> {
    if text.chars().any(char::is_control) { Err(BadMessage::Control(field.to_owned())) } else { Ok(text) }
}

/// To the second, as mail has it; none before 1970.
fn system_time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(at.as_second()).unwrap_or(0))
}

#[cfg(test)]
mod tests;
