//! What the system asks of its database.
//!
//! [`Store`] is a sum of small traits, one file per noun. A verb is one transaction; it takes whole decisions of
//! `domain` and either stores all of one or nothing. `find_` may find nothing, `list_` gives a page, `save_` stores
//! a change against the version that was read, `lease_` and `finish_` hand out and take back the right to
//! attempt, `prune_` deletes what is old. A verb over a portal's rows takes the portal's id.
//!
//! The [`conformance`] suite says what every backend must do; this crate knows none of them.

pub mod audit;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod credential;
pub mod delivery;
pub mod delivery_search;
pub mod destination;
pub mod enrollment;
pub mod error;
pub mod event;
pub mod hub_session;
pub mod id;
pub mod idempotency;
pub mod keyring;
pub mod learning_activity;
pub mod learning_object;
pub mod notice;
pub mod package;
pub mod page;
pub mod password;
pub mod play;
pub mod portal;
pub mod replay;
pub mod retirement;
pub mod user_account;
pub mod webhook;
pub mod webhook_health;

/// The database of a platform: every verb there is.
pub trait Store:
    id::Ids
    + portal::Portals
    + user_account::UserAccounts
    + learning_object::LearningObjects
    + package::Packages
    + enrollment::Enrollments
    + webhook::Webhooks
    + delivery::Deliveries
    + delivery_search::DeliverySearches
    + destination::Destinations
    + replay::Replays
    + notice::Notices
    + event::Events
    + retirement::Retirements
    + credential::Credentials
    + credential::Endings
    + idempotency::Idempotency
    + audit::AuditLog
    + password::Passwords
    + hub_session::HubSessions
    + webhook_health::WebhookHealths
    + learning_activity::LearningActivities
    + play::Plays
{
}

impl<T> Store for T where
    T: id::Ids
        + portal::Portals
        + user_account::UserAccounts
        + learning_object::LearningObjects
        + package::Packages
        + enrollment::Enrollments
        + webhook::Webhooks
        + delivery::Deliveries
        + delivery_search::DeliverySearches
        + destination::Destinations
        + replay::Replays
        + notice::Notices
        + event::Events
        + retirement::Retirements
        + credential::Credentials
        + credential::Endings
        + idempotency::Idempotency
        + audit::AuditLog
        + password::Passwords
        + hub_session::HubSessions
        + webhook_health::WebhookHealths
        + learning_activity::LearningActivities
        + play::Plays
{
}
