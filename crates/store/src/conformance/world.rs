//! A small world for the cases: a partner with two customers, each with a learner, and content in all libraries.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use contract::event_type::EventType;
use contract::signature::TimestampUnit;
use domain::change::Change;
use domain::enrollment::{Audience, Enrollment, EnrollmentType, NewEnrollment, ProgressReport, Status};
use domain::id::{AccountGuid, ContentId, EnrollmentId, EventId, LearningObjectId, PortalId, UserAccountId, WebhookId};
use domain::learning_object::{LearningObject, LifecycleState};
use domain::portal::{Portal, PortalDomain, PortalKind};
use domain::random::Random;
use domain::user_account::{EmailAddress, Role, UserAccount};
use domain::webhook::headers::Headers;
use domain::webhook::{UrlPolicy, Webhook, WebhookStatus, WebhookUrl};
use jiff::{SignedDuration, Timestamp};

use crate::Store;
use crate::id::Sequence;
use crate::page::PageRequest;

/// Enough for every list of these cases.
pub const PAGE: PageRequest = PageRequest { limit: 1_000, offset: 0 };
/// The limit of webhooks in a portal.
pub const WEBHOOKS_MAX: usize = 50;

/// An instant, in seconds after the world began.
pub fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_700_000_000 + second)
}

/// Bytes that differ from draw to draw and are the same in every run.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Random for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            // SplitMix64: spread well enough for ids that must only differ.
            let mut n = self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (n ^ (n >> 31)) as u8;
        }
    }
}

/// A partner, two customers below it, a stranger, a learner in each customer, and one course that all four hold.
pub struct World {
    /// The store of the case.
    pub store: Arc<dyn Store>,
    /// Where ids come from.
    pub random: Counter,
    /// The integrator.
    pub partner: PortalId,
    /// Its customers.
    pub customers: [PortalId; 2],
    /// A portal that has nothing to do with them.
    pub stranger: PortalId,
    /// One learner in each customer.
    pub learners: [UserAccountId; 2],
    /// The course.
    pub lo: LearningObjectId,
}

impl World {
    /// Fills an empty store.
    pub async fn new(store: Arc<dyn Store>) -> Self {
        let none = (PortalId(0), UserAccountId(0));
        let mut world = World {
            store,
            random: Counter::default(),
            partner: none.0,
            customers: [none.0; 2],
            stranger: none.0,
            learners: [none.1; 2],
            lo: LearningObjectId(0),
        };
        world.partner = world.add_portal("partner", None).await;
        world.stranger = world.add_portal("stranger", None).await;
        for i in 0..2 {
            world.customers[i] = world.add_portal(&format!("customer{i}"), Some(world.partner)).await;
            world.learners[i] = world.add_learner(world.customers[i], "ada").await;
        }
        world.lo = world.add_content(world.partner, "Fire safety").await;
        for portal_id in [world.customers[0], world.customers[1], world.stranger] {
            world.store.save_library_items(portal_id, &[world.lo], at(0)).await.unwrap();
        }
        world
    }

    /// A portal that is not stored yet.
    pub async fn portal(&self, name: &str, partner_id: Option<PortalId>) -> Portal {
        Portal {
            id: PortalId(self.store.next_id(Sequence::Portal).await.unwrap()),
            version: 0,
            partner_id,
            kind: if partner_id.is_some() { PortalKind::Customer } else { PortalKind::Partner },
            name: name.to_owned(),
            domain: PortalDomain::parse(&format!("{name}.example.com")).unwrap(),
            timezone: "UTC".to_owned(),
            country: None,
            industry: Some("Education".to_owned()),
            company_size: Some(50),
            external_customer_id: None,
            child_enrollment_events: false,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    /// Stores a portal.
    pub async fn add_portal(&self, name: &str, partner_id: Option<PortalId>) -> PortalId {
        let portal = self.portal(name, partner_id).await;
        let id = portal.id;
        self.store.save_portal(Change::silent(portal)).await.unwrap();
        id
    }

    /// A learner that is not stored yet.
    pub async fn learner(&self, portal_id: PortalId, name: &str) -> UserAccount {
        UserAccount {
            id: UserAccountId(self.store.next_id(Sequence::UserAccount).await.unwrap()),
            version: 0,
            portal_id,
            guid: AccountGuid::draw(&self.random as &dyn Random, at(0)),
            email: EmailAddress::parse(&format!("{name}@example.com")).unwrap(),
            given_name: name.to_owned(),
            family_name: "Lovelace".to_owned(),
            username: name.to_owned(),
            roles: vec![Role::Learner, Role::Manager],
            active: true,
            external_user_id: Some("HR-42".to_owned()),
            created_at: at(0),
            updated_at: at(0),
        }
    }

    /// Stores a learner.
    pub async fn add_learner(&self, portal_id: PortalId, name: &str) -> UserAccountId {
        let learner = self.learner(portal_id, name).await;
        let id = learner.id;
        self.store.save_user_account(Change::silent(learner)).await.unwrap();
        id
    }

    /// Stores a course.
    pub async fn add_content(&self, owner_id: PortalId, title: &str) -> LearningObjectId {
        let lo = LearningObject {
            id: LearningObjectId(self.store.next_id(Sequence::LearningObject).await.unwrap()),
            version: 0,
            content_id: ContentId::draw(&self.random as &dyn Random, at(0)),
            owner_id,
            kind: "course".to_owned(),
            title: title.to_owned(),
            description: String::new(),
            external_id: Some(format!("ext {title}")),
            language: None,
            topics: Vec::new(),
            replacements: Vec::new(),
            content: None,
            state: LifecycleState::Published,
            retirement: None,
            withdrawn_at: None,
            created_at: at(0),
            updated_at: at(0),
        };
        let id = lo.id;
        self.store.save_learning_object(Change::silent(lo)).await.unwrap();
        id
    }

    /// A webhook that is not stored yet.
    pub fn webhook(&self, portal_id: PortalId, event_types: &[EventType]) -> Webhook {
        Webhook {
            id: WebhookId::draw(&self.random as &dyn Random),
            version: 0,
            portal_id,
            name: None,
            url: WebhookUrl::parse("https://receiver.example.com/hook", UrlPolicy::default()).unwrap(),
            secret: None,
            previous_secrets: Vec::new(),
            event_types: event_types.to_vec(),
            status: WebhookStatus::Active,
            timestamp_unit: TimestampUnit::Seconds,
            oauth2: None,
            integration_system_id: None,
            rate_limit: None,
            headers: Headers::default(),
            created_by: UserAccountId(1),
            updated_by: UserAccountId(1),
            created_at: at(0),
            updated_at: at(0),
        }
    }

    /// Stores a webhook.
    pub async fn add_webhook(&self, portal_id: PortalId, event_types: &[EventType]) -> WebhookId {
        let webhook = self.webhook(portal_id, event_types);
        let id = webhook.id.clone();
        self.store.save_webhook(Change::silent(webhook), WEBHOOKS_MAX).await.unwrap();
        id
    }

    /// Stores the webhook with another status.
    pub async fn set_status(&self, portal_id: PortalId, id: &WebhookId, status: WebhookStatus) {
        let mut webhook = self.store.find_webhook(portal_id, id).await.unwrap().unwrap();
        webhook.status = status;
        self.store.save_webhook(Change::silent(webhook), WEBHOOKS_MAX).await.unwrap();
    }

    /// Draws the ids of events.
    pub fn event_id(&self) -> EventId {
        EventId::draw(&self.random as &dyn Random)
    }

    /// An enrollment of customer `i`'s learner that is not stored yet, as it is at `second`.
    pub async fn enrollment(&self, i: usize, status: Status, second: i64) -> Change<Enrollment> {
        let new = NewEnrollment {
            id: EnrollmentId(self.store.next_id(Sequence::Enrollment).await.unwrap()),
            portal_id: self.customers[i],
            user_account_id: self.learners[i],
            lo_id: self.lo,
            parent_id: None,
            destination_id: None,
            enrollment_type: EnrollmentType::SelfDirected,
            assigner_id: None,
            assigned_at: None,
            due_at: None,
            report: ProgressReport { status: Some(status), ..Default::default() },
        };
        let audience = Audience { child_enrollment_events: false, event_ids: &mut || self.event_id() };
        Enrollment::create(new, at(second), audience).unwrap()
    }

    /// A learner of customer `i` of her own, enrolled and stored as it is at `second`.
    pub async fn enroll_somebody(&self, i: usize, name: &str, status: Status, second: i64) -> EnrollmentId {
        let mut change = self.enrollment(i, status, second).await;
        change.after.user_account_id = self.add_learner(self.customers[i], name).await;
        let id = change.after.id;
        self.store.save_enrollments(vec![change]).await.unwrap();
        id
    }

    /// Completes an enrollment of customer `i` at `second`, as another request would.
    pub async fn completion(&self, i: usize, id: EnrollmentId, second: i64) -> Change<Enrollment> {
        let enrollment = self.store.find_enrollment(self.customers[i], id).await.unwrap().unwrap();
        let audience = Audience { child_enrollment_events: false, event_ids: &mut || self.event_id() };
        enrollment.complete(true, at(second), audience).unwrap()
    }
}
