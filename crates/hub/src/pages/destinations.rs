//! Destinations: the LMSs to which a portal hands packages.

use domain::audit::{Action, Noted};
use domain::destination::{Destination, DestinationError, DestinationPatch, DestinationStatus};
use domain::id::DestinationId;
use jiff::Timestamp;
use store::error::StoreError;

use crate::extract::View;
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::when::{When, number};

pub(crate) mod create;
pub(crate) mod fields;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod update;

/// How often a change is decided before it is said that somebody else is always faster.
const DECISIONS_MAX: u32 = 8;

/// A destination of the portal that is looked at.
async fn find(hub: &Hub, view: &View, id: DestinationId) -> Result<Destination, Refusal> {
    hub.store.find_destination(view.portal.id, id).await?.ok_or(Refusal::NotFound)
}

/// Loads a destination, changes it and saves it with its entry in the audit log; again, if somebody else was faster. What the rules
/// refuse is the inner error.
async fn change(
    hub: &Hub,
    view: &View,
    id: DestinationId,
    patch: DestinationPatch,
) -> Result<Result<Destination, DestinationError>, Refusal> {
    for _ in 0..DECISIONS_MAX {
        let (before, now) = (find(hub, view, id).await?, hub.now());
        let change = match before.clone().update(patch.clone(), now) {
            Ok(change) => change,
            Err(error) => return Ok(Err(error)),
        };
        let after = change.after.clone();
        let noted = Noted::changed(Action::DestinationUpdate, &before, &after, now);
        match view.by(noted, hub.store.save_destination(change)).await {
            Ok(()) => return Ok(Ok(after)),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}

/// A destination at a glance.
pub(crate) struct DestinationRow {
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) token: String,
    pub(crate) is_active: bool,
    pub(crate) state: &'static str,
    pub(crate) badge: &'static str,
    pub(crate) origins: Vec<String>,
    /// Such as "12 of 50".
    pub(crate) seats: String,
    pub(crate) is_full: bool,
    pub(crate) expires_at: Option<When>,
    pub(crate) lower_status: bool,
    pub(crate) pseudonymous: bool,
    pub(crate) created_at: When,
    pub(crate) updated_at: When,
}

impl DestinationRow {
    async fn of(hub: &Hub, view: &View, destination: &Destination) -> Result<Self, Refusal> {
        let taken = hub.store.count_seats(destination.id).await?;
        let (state, badge) = state(destination, hub.now());
        Ok(DestinationRow {
            path: view.path(format_args!("destinations/{}", destination.id)),
            id: destination.id.to_string(),
            name: destination.name.clone(),
            token: destination.token.to_string(),
            is_active: destination.status == DestinationStatus::Active,
            state,
            badge,
            origins: destination.lms_origins.iter().map(ToString::to_string).collect(),
            seats: match destination.seats_max {
                Some(max) => format!("{} of {}", number(taken), number(u64::from(max))),
                None => number(taken),
            },
            is_full: destination.seats_max.is_some_and(|max| taken >= u64::from(max)),
            expires_at: destination.expires_at.map(When),
            lower_status: destination.lower_status,
            pseudonymous: destination.pseudonymous,
            created_at: When(destination.created_at),
            updated_at: When(destination.updated_at),
        })
    }
}

fn state(destination: &Destination, now: Timestamp) -> (&'static str, &'static str) {
    match destination.status {
        DestinationStatus::Revoked => ("Revoked", "bad"),
        DestinationStatus::Active if destination.is_over(now).is_some() => ("Expired", "warn"),
        DestinationStatus::Active => ("Active", "good"),
    }
}
