//! Destinations as they are written.

use contract::api::destination as api;
use domain::destination::Destination;

pub(super) fn destination(destination: Destination) -> api::Destination {
    api::Destination {
        id: destination.id.to_string(),
        portal_id: destination.portal_id.to_string(),
        name: destination.name,
        token: destination.token.to_string(),
        status: destination.status.as_str().to_owned(),
        lms_origins: destination.lms_origins.iter().map(ToString::to_string).collect(),
        seats_max: destination.seats_max,
        expires_time: destination.expires_at.map(Into::into),
        lower_status: destination.lower_status,
        pseudonymous: destination.pseudonymous,
        created_time: destination.created_at.into(),
        updated_time: destination.updated_at.into(),
    }
}
