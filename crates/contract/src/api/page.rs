//! A page of a list.

use serde::{Deserialize, Serialize};

/// `{total, hits}`: how many there are in all, and those of this page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// How many match, on all pages together.
    pub total: u64,
    /// The ones on this page.
    pub hits: Vec<T>,
}
