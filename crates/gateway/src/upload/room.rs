//! How many uploads there may be at once: each holds its archive in memory.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use domain::id::PortalId;

use crate::refusal::Refusal;

/// How many uploads there may be at once, of all portals. So many archives may lie in memory.
pub(super) const UPLOADS_MAX: usize = 4;

/// The portals that upload something. One does so once at a time, so that none keeps the others out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uploads(Arc<Mutex<HashSet<PortalId>>>);

/// One upload, until it is dropped.
#[derive(Debug)]
pub(crate) struct Upload {
    uploads: Uploads,
    portal_id: PortalId,
}

impl Uploads {
    /// Room for an upload of the portal.
    ///
    /// # Errors
    ///
    /// 409 while another of the portal is under way, 503 while there are as many as there may be.
    pub(crate) fn begin(&self, portal_id: PortalId) -> Result<Upload, Refusal> {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if under_way.contains(&portal_id) {
            let message = "another upload of this portal is under way: one at a time";
            return Err(Refusal::new(StatusCode::CONFLICT, "upload_under_way", message));
        }
        if under_way.len() == UPLOADS_MAX {
            return Err(Refusal::busy());
        }
        under_way.insert(portal_id);
        Ok(Upload { uploads: self.clone(), portal_id })
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.uploads.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.portal_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portal_uploads_one_at_a_time_and_all_together_a_few() {
        let uploads = Uploads::default();
        let check = |portal: i64, expected: u16| {
            let refused = uploads.begin(PortalId(portal)).expect_err("it is refused");
            assert_eq!(refused.status(), expected);
        };
        let mut under_way: Vec<Upload> = (1..=4).map(|portal| uploads.begin(PortalId(portal)).unwrap()).collect();
        assert_eq!(under_way.len(), UPLOADS_MAX);
        check(1, 409);
        check(5, 503);
        under_way.pop();
        check(1, 409);
        uploads.begin(PortalId(5)).unwrap();
        under_way.clear();
        uploads.begin(PortalId(1)).unwrap();
    }
}
