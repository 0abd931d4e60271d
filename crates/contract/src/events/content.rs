//! `content.decommission`, `content.decommission.pending`, `content.add`, `content.remove`, and the
//! `content.library.*` events that tell of one learning object.

use serde::{Deserialize, Serialize};

use super::SampleOf;
use crate::time::Millis;

/// How long content goes on in the samples, in days: three months.
const REMOVED_AFTER: i64 = 92;
/// How long people may still enroll in the samples, in days.
const RETIRED_AFTER: i64 = 30;

/// The `data` of `content.decommission`. Contract, section 3.3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecommissionData {
    /// The learning object, a decimal number. The field is `id`, not `lo_id`.
    pub id: String,
    /// The portal whose library or learners are concerned.
    pub portal_id: String,
    /// When the content was flagged.
    pub event_time: Millis,
    /// From when on it cannot be played.
    pub remove_time: Millis,
}

/// The `data` of `content.decommission.pending`. Ours (decision 25).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecommissionPendingData {
    /// The learning object, a decimal number.
    pub id: String,
    /// The portal whose library or learners are concerned.
    pub portal_id: String,
    /// When the content was flagged.
    pub event_time: Millis,
    /// From when on nobody new can enroll.
    pub retire_time: Millis,
    /// From when on it cannot be played.
    pub remove_time: Millis,
}

/// The `data` of `content.add`, `content.remove` and most `content.library.*` events. Ours (decision 25).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentData {
    /// The learning object, a decimal number.
    pub id: String,
    /// The portal whose library is concerned.
    pub portal_id: String,
    /// When it happened.
    pub event_time: Millis,
}

impl DecommissionData {
    pub(crate) fn sample_of(of: &SampleOf) -> Self {
        DecommissionData {
            id: of.id.clone(),
            portal_id: of.portal_id.clone(),
            event_time: of.event_time,
            remove_time: of.days_later(REMOVED_AFTER),
        }
    }

    pub(crate) fn sample() -> Self {
        DecommissionData {
            id: "3511433".into(),
            portal_id: "36184809".into(),
            event_time: super::instant("2022-11-24T22:42:20Z"),
            remove_time: super::instant("2023-02-24T22:42:20Z"),
        }
    }
}

impl DecommissionPendingData {
    pub(crate) fn sample_of(of: &SampleOf) -> Self {
        DecommissionPendingData {
            id: of.id.clone(),
            portal_id: of.portal_id.clone(),
            event_time: of.event_time,
            retire_time: of.days_later(RETIRED_AFTER),
            remove_time: of.days_later(REMOVED_AFTER),
        }
    }

    pub(crate) fn sample() -> Self {
        DecommissionPendingData {
            id: "3511433".into(),
            portal_id: "36184809".into(),
            event_time: super::instant("2022-11-24T22:42:20Z"),
            retire_time: super::instant("2022-12-24T22:42:20Z"),
            remove_time: super::instant("2023-02-24T22:42:20Z"),
        }
    }
}

impl ContentData {
    pub(crate) fn sample_of(of: &SampleOf) -> Self {
        ContentData { id: of.id.clone(), portal_id: of.portal_id.clone(), event_time: of.event_time }
    }

    pub(crate) fn sample() -> Self {
        ContentData {
            id: "3511433".into(),
            portal_id: "36184809".into(),
            event_time: super::instant("2022-11-24T22:42:20Z"),
        }
    }
}
