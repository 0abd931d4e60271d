//! Asking the platform about content that ends, with the credentials of the portal concerned.

use client::platform::Platform;
use client::platform::enrollment::EnrollmentFilter;
use client::platform::error::Error;
use contract::api::enrollment::Enrollment;
use contract::api::learning_object::LearningObject;
use jiff::SignedDuration;
use tokio::task::JoinSet;

use super::{ROUNDS_MAX, Tender, again, later, reason};
use crate::inbox::InboxError;
use crate::inbox::retirement::fetch::Details;
use crate::retirement::{Alternative, Learner, Record, Standing};
use crate::worker::fetch::describe;

/// How often the platform is asked who is enrolled.
const REFRESH_EVERY: SignedDuration = SignedDuration::from_hours(24);
/// How many enrollments in one content of one portal are kept.
const LEARNERS_MAX: usize = 10_000;
/// How many alternatives are kept.
const ALTERNATIVES_MAX: u32 = 5;

impl Tender {
    /// Asks about everything that is due now.
    pub(super) async fn refresh_due(&self) -> Result<(), InboxError> {
        for _ in 0..ROUNDS_MAX {
            let limit = self.shared.settings.limits.fetches_max;
            let due = self.shared.inbox.retirements_to_fetch(self.shared.now(), limit)?;
            if due.is_empty() {
                return Ok(());
            }
            let mut tasks = JoinSet::new();
            for record in due {
                tasks.spawn(self.clone().refresh(record));
            }
            while let Some(ended) = tasks.join_next().await {
                ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
            }
        }
        Ok(())
    }

    async fn refresh(self, record: Record) -> Result<(), InboxError> {
        let inbox = &self.shared.inbox;
        let Some(portal) = self.portals.find(&record.portal_id) else {
            let missing = format!(
                "there are no credentials for portal {}: add them to the settings and restart",
                record.portal_id
            );
            let due_at = again(record.number, record.fetches, None, self.shared.now());
            return inbox.postpone_fetch(record.number, due_at, missing).await;
        };
        let asked = ask(&portal.platform, &record).await;
        let now = self.shared.now();
        match asked {
            Ok(details) => {
                let is_open = record.told.standing == Standing::Flagged && record.removal.removed_at.is_none();
                let count = details.learners.len();
                inbox.save_details(&record, details, is_open.then(|| later(now, REFRESH_EVERY)), now).await?;
                self.tell(&record.portal_id, &record.lo_id, &format!("{count} people are enrolled"));
                self.shared.retirement_bell.notify_waiters();
                Ok(())
            }
            Err(error) => {
                let retry_after = error.refusal().and_then(|refusal| refusal.retry_after);
                let due_at = again(record.number, record.fetches, retry_after, now);
                inbox.postpone_fetch(record.number, due_at, reason(describe(&error))).await
            }
        }
    }
}

async fn ask(platform: &Platform, record: &Record) -> Result<Details, Error> {
    let mut remark = None;
    let content = optional(platform.learning_object(&record.lo_id).await, &mut remark)?;
    let found = optional(platform.alternatives(&record.lo_id, ALTERNATIVES_MAX).await, &mut remark)?;
    let mut alternatives = Vec::new();
    for lo_id in found.into_iter().flat_map(|page| page.hits).take(ALTERNATIVES_MAX as usize) {
        let lo_id = lo_id.to_string();
        let shown = optional(platform.learning_object(&lo_id).await, &mut remark)?;
        alternatives.push(Alternative { lo_id, title: shown.and_then(title) });
    }
    let (learners, is_truncated) = enrolled(platform, &record.lo_id).await?;
    let retire_time = content.as_ref().and_then(|content| {
        let pending = content.lifecycle.pending_state.as_ref()?;
        // Of another end another event will tell.
        pending.retired_time.filter(|_| Some(pending.removed_time.0) == record.told.remove_time)
    });
    Ok(Details {
        title: content.and_then(title),
        retire_time: retire_time.map(|at| at.0),
        alternatives,
        learners,
        is_truncated,
        remark: remark.map(reason),
    })
}

fn title(content: LearningObject) -> Option<String> {
    Some(content.core.title).filter(|title| !title.is_empty())
}

/// What it is nice to know: if the platform does not tell, that is remarked, and the rest is asked.
fn optional<T>(answer: Result<T, Error>, remark: &mut Option<String>) -> Result<Option<T>, Error> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(
            error @ (Error::NotFound(_)
            | Error::Forbidden(_)
            | Error::MissingScopes(_)
            | Error::Invalid(_)
            | Error::Unreadable { .. }
            | Error::Id(_)),
        ) => {
            remark.get_or_insert(describe(&error));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Who is enrolled, and whether there are more than are kept.
async fn enrolled(platform: &Platform, lo_id: &str) -> Result<(Vec<Learner>, bool), Error> {
    let filter = EnrollmentFilter { lo_ids: Some(lo_id.to_owned()), ..EnrollmentFilter::default() };
    let mut walk = platform.walk_enrollments(filter);
    let mut learners = Vec::new();
    while let Some(page) = walk.next_page().await? {
        // A platform that does not know the filter must not make this content's of everybody's enrollments.
        learners.extend(page.into_iter().filter(|one| one.lo_id == lo_id).map(learner));
        if learners.len() > LEARNERS_MAX {
            learners.truncate(LEARNERS_MAX);
            return Ok((learners, true));
        }
    }
    Ok((learners, false))
}

fn learner(enrollment: Enrollment) -> Learner {
    Learner {
        enrollment_id: enrollment.id,
        user_account_id: enrollment.user_account_id,
        status: enrollment.status,
        is_assigned: enrollment.enrollment_type == "assigned",
    }
}
