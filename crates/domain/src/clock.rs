//! What time it is, as something that is handed over.

use std::fmt::Debug;

use jiff::Timestamp;

/// Tells the time. The binary hands over the system's; tests hand over one that they move.
pub trait Clock: Debug + Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}
