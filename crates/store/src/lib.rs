//! What the system asks of its database.
//!
//! [`Store`] is a sum of small traits, one file per noun. A verb is one transaction; it takes whole decisions of
//! `domain` and either stores all of one or nothing. `find_` may find nothing, `list_` gives a page, `save_` stores
//! a change against the version that was read, `lease_` and `finish_` hand out and take back the right to
//! attempt, `prune_` deletes what is old. A verb over a portal's rows takes the portal's id.
//!
//! The [`conformance`] suite says what every backend must do; this crate knows none of them.

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod credential;
pub mod delivery;
pub mod enrollment;
pub mod error;
pub mod event;
pub mod id;
pub mod idempotency;
pub mod keyring;
pub mod learning_object;
pub mod notice;
pub mod page;
pub mod portal;
pub mod replay;
pub mod retirement;
pub mod user_account;
pub mod webhook;

/// The database of a platform: every verb there is.
pub trait Store:
    id::Ids
    + portal::Portals
    + user_account::UserAccounts
    + learning_object::LearningObjects
    + enrollment::Enrollments
    + webhook::Webhooks
    + delivery::Deliveries
    + replay::Replays
    + notice::Notices
    + event::Events
    + retirement::Retirements
    + credential::Credentials
    + idempotency::Idempotency
{
}

impl<T> Store for T where
    T: id::Ids
        + portal::Portals
        + user_account::UserAccounts
        + learning_object::LearningObjects
        + enrollment::Enrollments
        + webhook::Webhooks
        + delivery::Deliveries
        + replay::Replays
        + notice::Notices
        + event::Events
        + retirement::Retirements
        + credential::Credentials
        + idempotency::Idempotency
{
}
