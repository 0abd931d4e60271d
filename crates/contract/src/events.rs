//! What each event carries in its `data`, one file per family.
//!
//! The two shapes that are published are those of `enrollment.complete` and `content.decommission`; the
//! others are ours, in the same manner (contract, decision 25). No event carries personal data: only ids
//! and times.

pub mod content;
pub mod enrollment;
pub mod library;

fn instant(text: &str) -> crate::time::Millis {
    crate::time::Millis(text.parse().expect("samples are written as instants"))
}
