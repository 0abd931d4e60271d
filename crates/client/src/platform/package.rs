//! SCORM packages of content. Contract, section 8.1.

use reqwest::Method;

use crate::platform::Platform;
use crate::platform::error::Error;

/// What package is wanted; what is `None` is for the platform to choose. Not in the published API: for Schoolbell itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageOptions {
    /// The edition of SCORM: `1.2`, `2004-3` or `2004-4`.
    pub version: Option<String>,
    /// The destination whose token the package carries.
    pub destination: Option<String>,
    /// What the LMS is to hand back at each launch, as `ref` in the launch data.
    pub reference: Option<String>,
}

impl Platform {
    /// A package of content, by either of its ids: a zip.
    pub async fn package(&self, id: &str, options: &PackageOptions) -> Result<Vec<u8>, Error> {
        let PackageOptions { version, destination, reference } = options;
        let mut call = self.gateway_call(Method::GET, &["learning-objects", id, "scorm"])?.accept("application/zip");
        for (name, value) in [("version", version), ("destination", destination), ("ref", reference)] {
            if let Some(value) = value {
                call = call.query(name, value);
            }
        }
        call.bytes().await
    }
}
