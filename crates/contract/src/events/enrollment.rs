//! `enrollment.complete`, `enrollment.create`, `enrollment.delete`.

use serde::{Deserialize, Serialize};

use super::SampleOf;
use crate::time::Millis;

/// The `data` of an enrollment event. Contract, section 3.2; the same for all three (decision 25).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrollmentData {
    /// The enrollment, a decimal number.
    pub id: String,
    /// The learning object, a decimal number.
    pub lo_id: String,
    /// The portal in which it happened: the customer's, also when a partner's webhook tells of it.
    pub portal_id: String,
    /// When it happened, to the second.
    pub event_time: Millis,
}

impl EnrollmentData {
    pub(crate) fn sample_of(of: &SampleOf) -> Self {
        EnrollmentData {
            id: of.id.clone(),
            lo_id: of.id.clone(),
            portal_id: of.portal_id.clone(),
            event_time: of.event_time,
        }
    }

    pub(crate) fn sample() -> Self {
        EnrollmentData {
            id: "101916887".into(),
            lo_id: "741712".into(),
            portal_id: "11861197".into(),
            event_time: super::instant("2022-03-29T01:29:36Z"),
        }
    }
}
