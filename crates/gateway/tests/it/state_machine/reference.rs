//! The rules of the contract, written down a second time, over lists in memory: slow and plain.

use super::step::{Asked, Step};

/// How many webhooks a portal may have here.
pub(crate) const WEBHOOKS_MAX: usize = 3;
/// The event types that webhooks are told of here; a mask says which.
pub(crate) const TYPES: [&str; 3] = ["enrollment.create", "enrollment.complete", "enrollment.delete"];
const CREATE: usize = 0;
const COMPLETE: usize = 1;
const DELETE: usize = 2;
/// The statuses of an enrollment, in the order of a learner's way.
pub(crate) const STATUSES: [&str; 3] = ["not-started", "in-progress", "completed"];
const COMPLETED: usize = 2;
/// The partner above each tenant.
const PARTNER: [Option<usize>; 4] = [None, Some(0), Some(0), None];

/// The rules, or one of them otherwise, to see that this is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rules {
    AsTheyAre,
    PausedAreNotTold,
    PartnersAreNotTold,
    CompletedAgainRings,
}

impl Rules {
    pub(crate) const ALL: [Rules; 4] =
        [Rules::AsTheyAre, Rules::PausedAreNotTold, Rules::PartnersAreNotTold, Rules::CompletedAgainRings];
}

#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    pub(crate) owner: usize,
    pub(crate) types: u8,
    pub(crate) status: Asked,
    pub(crate) name: Option<u8>,
    pub(crate) is_deleted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Live,
    Archived,
    Deleted,
}

#[derive(Clone, Debug)]
pub(crate) struct Enrollment {
    pub(crate) owner: usize,
    pub(crate) learner: usize,
    pub(crate) content: usize,
    pub(crate) status: usize,
    pub(crate) result: Option<i64>,
    pub(crate) standing: Standing,
}

/// A delivery: of which event, by its place among them, to whom.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) event: usize,
    pub(crate) webhook: usize,
    pub(crate) event_type: usize,
    pub(crate) enrollment: usize,
}

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Refused(u16),
    Nothing,
    Webhook(u16, usize),
    Enrollment(u16, usize),
    /// A learner or content, made.
    Made,
    Listed,
}

#[derive(Clone, Debug)]
pub(crate) struct Reference {
    rules: Rules,
    pub(crate) webhooks: Vec<Webhook>,
    /// Owner and name.
    pub(crate) learners: Vec<(usize, u8)>,
    /// Owner.
    pub(crate) contents: Vec<usize>,
    pub(crate) enrollments: Vec<Enrollment>,
    pub(crate) deliveries: Vec<Delivery>,
    events: usize,
    /// What the last step is answered with.
    pub(crate) answer: Answer,
}

/// The place that is meant, counted round; none if there is nothing.
pub(crate) fn place<T>(all: &[T], which: usize) -> Option<usize> {
    (!all.is_empty()).then(|| which % all.len())
}

impl Reference {
    pub(crate) fn new(rules: Rules) -> Self {
        Reference {
            rules,
            webhooks: Vec::new(),
            learners: Vec::new(),
            contents: Vec::new(),
            enrollments: Vec::new(),
            deliveries: Vec::new(),
            events: 0,
            answer: Answer::Nothing,
        }
    }

    /// Takes a step, and keeps what it is answered with.
    pub(crate) fn take(&mut self, step: &Step) {
        self.answer = match step.clone() {
            Step::MakeWebhook { who, types, status, name } => self.make_webhook(who, types, status, name),
            Step::ChangeWebhook { who, webhook, types, status, name } => self
                .found_webhook(who, webhook)
                .map_or(Answer::Refused(404), |found| self.change_webhook(found, types, status, name)),
            Step::DeleteWebhook { who, webhook } => {
                self.found_webhook(who, webhook).map_or(Answer::Refused(404), |found| {
                    self.webhooks[found].is_deleted = true;
                    Answer::Nothing
                })
            }
            Step::ShowWebhook { who, webhook } => {
                self.found_webhook(who, webhook).map_or(Answer::Refused(404), |found| Answer::Webhook(200, found))
            }
            Step::AddLearner { who, name } if self.learners.contains(&(who, name)) => Answer::Refused(409),
            Step::AddLearner { who, name } => {
                self.learners.push((who, name));
                Answer::Made
            }
            Step::AddContent { who } => {
                self.contents.push(who);
                Answer::Made
            }
            Step::Enroll { who, learner, content, status, result, again } => {
                self.enroll(who, learner, content, status, result, again)
            }
            Step::Report { who, enrollment, status, result } => self
                .found_enrollment(who, enrollment)
                .map_or(Answer::Refused(404), |found| self.report(found, status, result)),
            Step::DeleteEnrollment { who, enrollment } => {
                self.found_enrollment(who, enrollment).map_or(Answer::Refused(404), |found| {
                    self.enrollments[found].standing = Standing::Deleted;
                    self.ring(DELETE, found);
                    Answer::Nothing
                })
            }
            Step::ShowEnrollment { who, enrollment } => self
                .found_enrollment(who, enrollment)
                .map_or(Answer::Refused(404), |found| Answer::Enrollment(200, found)),
            Step::ListWebhooks { .. } | Step::ListEnrollments { .. } | Step::ListDeliveries { .. } => Answer::Listed,
        };
    }

    fn make_webhook(&mut self, owner: usize, types: u8, status: Option<Asked>, name: Option<u8>) -> Answer {
        if types == 0 || self.webhooks_of(owner).count() >= WEBHOOKS_MAX {
            return Answer::Refused(400);
        }
        let status = status.unwrap_or(Asked::Active);
        self.webhooks.push(Webhook { owner, types, status, name, is_deleted: false });
        Answer::Webhook(201, self.webhooks.len() - 1)
    }

    fn change_webhook(
        &mut self,
        found: usize,
        types: Option<u8>,
        status: Option<Asked>,
        name: Option<Option<u8>>,
    ) -> Answer {
        if types == Some(0) {
            return Answer::Refused(400);
        }
        let webhook = &mut self.webhooks[found];
        webhook.types = types.unwrap_or(webhook.types);
        webhook.status = status.unwrap_or(webhook.status);
        webhook.name = name.unwrap_or(webhook.name);
        Answer::Webhook(200, found)
    }

    /// The places of a tenant's webhooks.
    pub(crate) fn webhooks_of(&self, owner: usize) -> impl Iterator<Item = usize> {
        (0..)
            .zip(&self.webhooks)
            .filter(move |(_, webhook)| webhook.owner == owner && !webhook.is_deleted)
            .map(|(i, _)| i)
    }

    fn found_webhook(&self, who: usize, which: usize) -> Option<usize> {
        place(&self.webhooks, which).filter(|found| self.webhooks_of(who).any(|own| own == *found))
    }

    fn found_enrollment(&self, who: usize, which: usize) -> Option<usize> {
        let is_there = |enrollment: &Enrollment| enrollment.owner == who && enrollment.standing != Standing::Deleted;
        place(&self.enrollments, which).filter(|found| is_there(&self.enrollments[*found]))
    }

    fn enroll(
        &mut self,
        owner: usize,
        learner: usize,
        content: usize,
        status: usize,
        result: Option<i64>,
        again: bool,
    ) -> Answer {
        let learner = place(&self.learners, learner).filter(|found| self.learners[*found].0 == owner);
        let content = place(&self.contents, content).filter(|found| self.contents[*found] == owner);
        let (Some(learner), Some(content)) = (learner, content) else { return Answer::Refused(400) };
        let is_live =
            |other: &Enrollment| (other.learner, other.content, other.standing) == (learner, content, Standing::Live);
        let live = self.enrollments.iter().position(is_live);
        if live.is_some() && !again {
            return Answer::Refused(409);
        }
        if !makes_sense(status, result) {
            return Answer::Refused(400);
        }
        if let Some(live) = live {
            self.enrollments[live].standing = Standing::Archived;
        }
        self.enrollments.push(Enrollment { owner, learner, content, status, result, standing: Standing::Live });
        let made = self.enrollments.len() - 1;
        self.ring(CREATE, made);
        if status == COMPLETED {
            self.ring(COMPLETE, made);
        }
        Answer::Enrollment(201, made)
    }

    fn report(&mut self, found: usize, status: Option<usize>, result: Option<i64>) -> Answer {
        let Enrollment { status: before, standing, .. } = self.enrollments[found];
        let after = status.unwrap_or(before);
        if standing != Standing::Live || after < before || !makes_sense(after, result) {
            return Answer::Refused(400);
        }
        let enrollment = &mut self.enrollments[found];
        enrollment.status = after;
        enrollment.result = result.or(enrollment.result);
        let rings_again = self.rules == Rules::CompletedAgainRings && status == Some(COMPLETED);
        if after == COMPLETED && (before != COMPLETED || rings_again) {
            self.ring(COMPLETE, found);
        }
        Answer::Enrollment(200, found)
    }

    /// Something happened: the portal's webhooks are told, and those of the partner above it.
    fn ring(&mut self, event_type: usize, enrollment: usize) {
        let owner = self.enrollments[enrollment].owner;
        let above = PARTNER[owner].filter(|_| self.rules != Rules::PartnersAreNotTold);
        let event = self.events;
        self.events += 1;
        for (webhook, told) in (0..).zip(&self.webhooks) {
            let is_near = told.owner == owner || Some(told.owner) == above;
            let receives = match told.status {
                Asked::Active => true,
                Asked::Paused => self.rules != Rules::PausedAreNotTold,
                Asked::Inactive => false,
            };
            if is_near && receives && !told.is_deleted && told.types & (1 << event_type) != 0 {
                self.deliveries.push(Delivery { event, webhook, event_type, enrollment });
            }
        }
    }
}

fn makes_sense(status: usize, result: Option<i64>) -> bool {
    result.is_none_or(|result| status > 0 && (0..=100).contains(&result))
}
