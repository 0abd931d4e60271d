//! Where the platform listens, and within which limits.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use domain::webhook::PER_PORTAL_MAX;
use gateway::gateway::{PACKAGE_BYTES_MAX, PACKAGES_PER_PORTAL_BYTES_MAX};
use serde::{Deserialize, Serialize};

/// The shortest limit of bodies: hardly a webhook fits into less.
const BODY_BYTES_LEAST: usize = 1024;
/// The longest: bodies are in memory while they are read.
const BODY_BYTES_MOST: usize = 64 * 1024 * 1024;
/// The longest limit of packages: what is longer than this packed is too long unpacked.
const PACKAGE_BYTES_MOST: usize = 200 * 1024 * 1024;
/// The most that a portal's packages may be together: a pebibyte.
const PACKAGES_BYTES_MOST: u64 = 1 << 50;
/// The most webhooks of a portal: each event is matched with all of them.
const WEBHOOKS_MOST: usize = 10_000;

/// Section `[server]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServerSection {
    /// The address of the API. Default: `127.0.0.1:8420`.
    pub(crate) listen: SocketAddr,
    /// The address of `/metrics`, which is for the operator only. Default: none, and then there are no metrics.
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// The longest body of a request, in bytes, 1,024 to 67,108,864. Default: 1,048,576.
    pub(crate) body_bytes_max: usize,
    /// The longest SCORM package that may be uploaded, packed, in bytes, 1,024 to 209,715,200. Up to four lie in memory at once.
    /// Default: 104,857,600.
    pub(crate) package_bytes_max: usize,
    /// How long all packages of a portal may be together, unpacked, in bytes, `package_bytes_max` to 1,125,899,906,842,624. They are
    /// kept in the database. Default: 53,687,091,200.
    pub(crate) packages_per_portal_bytes_max: u64,
    /// How many webhooks a portal may have, 1 to 10,000. Default: 50.
    pub(crate) webhooks_per_portal_max: usize,
}

impl ServerSection {
    /// Whether the platform can work within these limits.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(
            (BODY_BYTES_LEAST..=BODY_BYTES_MOST).contains(&self.body_bytes_max),
            "server.body_bytes_max must lie between {BODY_BYTES_LEAST} and {BODY_BYTES_MOST}"
        );
        ensure!(
            (BODY_BYTES_LEAST..=PACKAGE_BYTES_MOST).contains(&self.package_bytes_max),
            "server.package_bytes_max must lie between {BODY_BYTES_LEAST} and {PACKAGE_BYTES_MOST}"
        );
        ensure!(
            (self.package_bytes_max as u64..=PACKAGES_BYTES_MOST).contains(&self.packages_per_portal_bytes_max),
            "server.packages_per_portal_bytes_max must lie between server.package_bytes_max and {PACKAGES_BYTES_MOST}"
        );
        ensure!(
            (1..=WEBHOOKS_MOST).contains(&self.webhooks_per_portal_max),
            "server.webhooks_per_portal_max must lie between 1 and {WEBHOOKS_MOST}"
        );
        Ok(())
    }
}

impl Default for ServerSection {
    fn default() -> Self {
        ServerSection {
            listen: SocketAddr::from(([127, 0, 0, 1], 8420)),
            metrics_listen: None,
            body_bytes_max: 1024 * 1024,
            package_bytes_max: PACKAGE_BYTES_MAX,
            packages_per_portal_bytes_max: PACKAGES_PER_PORTAL_BYTES_MAX,
            webhooks_per_portal_max: PER_PORTAL_MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(section: ServerSection, expected: Result<(), &str>) {
        match (section.check(), expected) {
            (Ok(()), Ok(())) => {}
            (Err(error), Err(key)) => assert!(error.to_string().starts_with(key), "{error}"),
            (told, expected) => panic!("{told:?} in place of {expected:?}"),
        }
    }

    #[test]
    fn limits_leave_room_to_work() {
        let body = |body_bytes_max| ServerSection { body_bytes_max, ..Default::default() };
        let webhooks = |webhooks_per_portal_max| ServerSection { webhooks_per_portal_max, ..Default::default() };
        check(ServerSection::default(), Ok(()));
        for bytes in [1_024, 67_108_864] {
            check(body(bytes), Ok(()));
        }
        for bytes in [0, 1_023, 67_108_865, usize::MAX] {
            check(body(bytes), Err("server.body_bytes_max"));
        }
        let package = |package_bytes_max| ServerSection { package_bytes_max, ..Default::default() };
        let packages = |packages_per_portal_bytes_max| ServerSection {
            package_bytes_max: 2_000,
            packages_per_portal_bytes_max,
            ..Default::default()
        };
        for bytes in [1_024, 209_715_200] {
            check(package(bytes), Ok(()));
        }
        for bytes in [0, 1_023, 209_715_201, usize::MAX] {
            check(package(bytes), Err("server.package_bytes_max"));
        }
        for bytes in [2_000, 1 << 50] {
            check(packages(bytes), Ok(()));
        }
        for bytes in [0, 1_999, (1 << 50) + 1, u64::MAX] {
            check(packages(bytes), Err("server.packages_per_portal_bytes_max"));
        }
        for count in [1, 10_000] {
            check(webhooks(count), Ok(()));
        }
        for count in [0, 10_001, usize::MAX] {
            check(webhooks(count), Err("server.webhooks_per_portal_max"));
        }
    }
}
