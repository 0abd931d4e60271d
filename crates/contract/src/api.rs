//! The types of the HTTP API: V3, chosen by the `Api-Version` header, and V2, whose version is in the path.
//!
//! All V3 versions served so far have the same shapes; when one differs, only what differs gets a folder of its
//! own below this one. Fields that the published API does not have are marked "ours".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

pub mod audit;
pub mod delivery;
pub mod destination;
pub mod enrollment;
pub mod error;
pub mod event;
pub mod idempotency;
pub mod learning_activity;
pub mod learning_object;
pub mod login;
pub mod notice;
pub mod oauth;
pub mod page;
pub mod portal;
pub mod user_account;
pub mod v2;
pub mod webhook;

/// The header that chooses a version of V3. Names of headers have no case.
pub const VERSION_HEADER: &str = "Api-Version";

/// A version of V3 that is served. Contract, section 2.1 and decision 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiVersion {
    /// The version of the seeds.
    V2022_07_01,
    /// The current published reference.
    V2025_01_01,
    /// What some third-party programs send.
    Alpha,
}

/// A version that is not served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the Api-Version header must be one of 2022-07-01, 2025-01-01, alpha; {0}")]
pub struct UnknownApiVersion(pub String);

impl ApiVersion {
    /// Every version served, oldest first.
    pub const ALL: [ApiVersion; 3] = [ApiVersion::V2022_07_01, ApiVersion::V2025_01_01, ApiVersion::Alpha];

    /// The spelling in the header.
    pub const fn as_str(self) -> &'static str {
        match self {
            ApiVersion::V2022_07_01 => "2022-07-01",
            ApiVersion::V2025_01_01 => "2025-01-01",
            ApiVersion::Alpha => "alpha",
        }
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ApiVersion {
    type Err = UnknownApiVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        ApiVersion::ALL
            .into_iter()
            .find(|version| version.as_str() == text)
            .ok_or_else(|| UnknownApiVersion(format!("it is {text:?}")))
    }
}

/// Reads a field of a PATCH that may be absent (`None`), null (`Some(None)`) or set, for use with
/// `#[serde(default, deserialize_with = "nullable")]`.
pub fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// An id as it arrives: as text or as a number.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged, expecting = "an id is text or a whole number")]
enum Id {
    Text(String),
    Number(u64),
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        match id {
            Id::Text(text) => text,
            Id::Number(number) => number.to_string(),
        }
    }
}

/// Reads an id that arrives as text or as a number, for use with `#[serde(deserialize_with = "id_text")]`.
fn id_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Id>::deserialize(deserializer)?.map(String::from))
}

/// Reads a list of such ids.
fn id_texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Vec::<Id>::deserialize(deserializer)?.into_iter().map(String::from).collect())
}

/// Reads a field of a PATCH that may be absent and cannot be cleared: null is of the wrong type, not the same as absent. For use
/// with `#[serde(default, deserialize_with = "settable")]`.
pub fn settable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
