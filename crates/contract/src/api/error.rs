//! The body of every answer that is not a success.

use serde::{Deserialize, Serialize};

/// What went wrong. Contract, section 11: clients read `message`; `error_code` and `ref` are there for people
/// and programs that want more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiError {
    /// Names this one answer in the logs of the platform.
    #[serde(rename = "ref", default, skip_serializing_if = "String::is_empty")]
    pub reference: String,
    /// What kind of error it is, for programs.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error_code: String,
    /// What is wrong and what to do, for people. Names the field where one is at fault.
    pub message: String,
    /// The fields at fault, where there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub additional_errors: Vec<FieldError>,
}

/// One field at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// What is wrong with it.
    pub message: String,
    /// Where it stands in the request, like `event_types[1]`.
    pub path: String,
}
