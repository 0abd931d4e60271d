//! The fields of the form of a destination.

use domain::destination::{Destination, DestinationError, LmsOrigin};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::form::{Errors, Form};

/// What was typed in.
pub(super) struct Fields {
    pub(super) name: String,
    pub(super) lms_origins: Vec<LmsOrigin>,
    pub(super) seats_max: Option<u32>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) lower_status: bool,
    pub(super) pseudonymous: bool,
}

/// A destination as its form holds it.
pub(super) fn form(destination: &Destination) -> Form {
    let origins: Vec<_> = destination.lms_origins.iter().map(ToString::to_string).collect();
    let written = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let form = Form::default()
        .with("name", destination.name.clone())
        .with("lms_origins", origins.join("\n"))
        .with("seats_max", destination.seats_max.map(|max| max.to_string()).unwrap_or_default())
        .with("expires_at", destination.expires_at.map(written).unwrap_or_default());
    if destination.lower_status { form.with("lower_status", "on") } else { form }
}

/// Reads the form; none if something is wrong with it.
pub(super) fn read(form: &Form, errors: &mut Errors) -> Option<Fields> {
    let name = errors.take("name", form.given("name").ok_or("enter what people call it"));
    let lines = form.text("lms_origins").lines().map(str::trim).filter(|line| !line.is_empty());
    let origins: Result<Vec<_>, _> = lines.map(LmsOrigin::parse).collect();
    let lms_origins = errors.take("lms_origins", origins);
    let seats = form.given("seats_max").map(str::parse::<u32>).transpose();
    let seats_max = errors.take("seats_max", seats.map_err(|_| DestinationError::Seats)).flatten();
    let read = |text: &str| text.parse::<DateTime>().and_then(|at| at.to_zoned(TimeZone::UTC));
    let expires = form.given("expires_at").map(read).transpose();
    let expires_at = errors.take("expires_at", expires.map_err(|_| "write it like 2026-05-31T12:00, in UTC")).flatten();
    if !errors.is_empty() {
        return None;
    }
    Some(Fields {
        name: name?.to_owned(),
        lms_origins: lms_origins?,
        seats_max,
        expires_at: expires_at.map(|at| at.timestamp()),
        lower_status: form.has("lower_status", "on"),
        pseudonymous: form.has("pseudonymous", "on"),
    })
}

/// What the rules refuse, in plain words beside the field.
pub(super) fn refused(error: DestinationError) -> Errors {
    match error {
        DestinationError::Seats => {
            Errors::one("seats_max", "write a whole number from 1 on, or nothing for any number")
        }
        DestinationError::Name | DestinationError::Origins | DestinationError::Pseudonymous => {
            Errors::one(error.field(), error)
        }
    }
}
