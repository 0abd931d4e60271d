//! Fields of a user account, read. What is wrong names the field.

use domain::user_account::{EmailAddress, Role};

use crate::refusal::Refusal;

pub(crate) fn email(text: &str) -> Result<EmailAddress, Refusal> {
    EmailAddress::parse(text).map_err(|error| Refusal::field("email", error))
}

/// Names or published ids of roles.
pub(crate) fn roles(texts: &[String]) -> Result<Vec<Role>, Refusal> {
    let read = |(i, text): (usize, &String)| {
        let path = format!("roles[{i}]");
        let known = Role::ALL.map(Role::name).join(", ");
        let message = format!("{path}: unknown role {text:?}, known are: {known}");
        Role::read(text).ok_or_else(|| Refusal::field(path, message))
    };
    texts.iter().enumerate().map(read).collect()
}
