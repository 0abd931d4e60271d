//! `cargo xtask test`: everything the tests need, then all tests of the workspace.

use crate::need::{Need, meet};
use crate::{Failure, process};

/// What the tests call besides cargo, one line each.
const NEEDS: &[Need] = &[
    Need { binary: "aiosmtpd", package: "python3-aiosmtpd", why: "tests send mail to a real server" },
    Need { binary: "chromium", package: "chromium", why: "tests look at pages in a real browser" },
    Need { binary: "curl", package: "curl", why: "tests run the published examples as they are printed" },
    Need { binary: "npm", package: "npm", why: "tests ask axe-core whether everybody can use a page" },
    Need { binary: "openssl", package: "openssl", why: "tests check signatures with an HMAC that is not ours" },
    Need { binary: "tinyproxy", package: "tinyproxy-bin", why: "tests deliver through a proxy that is not ours" },
    Need { binary: "unzip", package: "unzip", why: "tests open packages with a program that is not ours" },
    Need { binary: "xmllint", package: "libxml2-utils", why: "tests validate manifests against the schemas of SCORM" },
];

/// Further arguments go to `cargo test`: a part of a test's name, or `-- --nocapture`.
///
/// Documentation tests are among what cargo runs here; of our libraries only `client` has them, for outsiders.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    meet(NEEDS)?;
    process::run(process::cargo(&["test", "--workspace", "--all-features", "--locked", "--no-fail-fast"]).args(args))
}
