//! `content.library.sync.request`.

use serde::{Deserialize, Serialize};

use super::SampleOf;
use crate::time::Millis;

/// The `data` of `content.library.sync.request`. Ours (decision 25).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRequestData {
    /// The request, a decimal number.
    pub id: String,
    /// The portal whose library is to be synchronised.
    pub portal_id: String,
    /// When it was asked for.
    pub event_time: Millis,
    /// The integration that is asked, as the webhook names it.
    pub integration_system_id: String,
}

impl SyncRequestData {
    pub(crate) fn sample_of(of: &SampleOf) -> Self {
        SyncRequestData {
            id: of.id.clone(),
            portal_id: of.portal_id.clone(),
            event_time: of.event_time,
            integration_system_id: of.integration_system_id.clone(),
        }
    }

    pub(crate) fn sample() -> Self {
        SyncRequestData {
            id: "5120".into(),
            portal_id: "36184809".into(),
            event_time: super::instant("2022-11-24T22:42:20Z"),
            integration_system_id: "int_AzuTsRz".into(),
        }
    }
}
