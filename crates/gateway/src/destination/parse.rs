//! Fields of a destination, read. What is wrong names the field.

use domain::destination::{DestinationStatus, LmsOrigin};

use crate::refusal::Refusal;

pub(super) fn status(text: &str) -> Result<DestinationStatus, Refusal> {
    let message = || Refusal::field("status", format_args!("status must be active or revoked, not {text:?}"));
    DestinationStatus::read(text).ok_or_else(message)
}

pub(super) fn origins(texts: &[String]) -> Result<Vec<LmsOrigin>, Refusal> {
    let read = |(i, text): (usize, &String)| {
        let path = format!("lms_origins[{i}]");
        LmsOrigin::parse(text).map_err(|error| Refusal::field(path.clone(), format_args!("{path}: {error}")))
    };
    texts.iter().enumerate().map(read).collect()
}
