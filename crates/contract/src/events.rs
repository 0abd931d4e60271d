//! What each event carries in its `data`, one file per family.
//!
//! The two shapes that are published are those of `enrollment.complete` and `content.decommission`; the
//! others are ours, in the same manner (contract, decision 25). No event carries personal data: only ids
//! and times.

use crate::time::Millis;

pub mod content;
pub mod enrollment;
pub mod library;

/// The header that says, with the value `true`, that what is delivered did not happen: its owner wants to see whether it arrives.
/// Ours.
pub const TEST_HEADER: &str = "schoolbell-test";

/// What the data of a sample is to tell of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleOf {
    /// The enrollment, the learning object or the request; where there are two, each of them.
    pub id: String,
    /// The portal in which it would have happened.
    pub portal_id: String,
    /// When it would have happened. Other times lie after it as in the published samples.
    pub event_time: Millis,
    /// The integration that would be asked, where one is.
    pub integration_system_id: String,
}

impl SampleOf {
    fn days_later(&self, days: i64) -> Millis {
        let later = self.event_time.0.saturating_add(jiff::SignedDuration::from_hours(24 * days));
        Millis(later.expect("an instant and some days are an instant"))
    }
}

fn instant(text: &str) -> crate::time::Millis {
    crate::time::Millis(text.parse().expect("samples are written as instants"))
}
