//! The real store as one life of a node sees it: each verb happens in one step, and between any two steps the node may die,
//! the store may refuse, time may pass.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use contract::lms_text::LmsText;
use domain::audit::Entry;
use domain::change::Change;
use domain::clock::Clock;
use domain::delivery::{Attempt, Delivery, Finished, FinishedAttempt, Lease};
use domain::destination::Destination;
use domain::enrollment::Enrollment;
use domain::event::Event;
use domain::hub_session::HubSession;
use domain::id::{
    ClientId, DeliveryId, DestinationId, DestinationToken, EnrollmentId, EventId, LearningActivityId, LearningObjectId,
    NoticeId, PackageId, PortalId, ReplayId, UserAccountId, WebhookId,
};
use domain::learning_activity::{LearningActivity, ScormRecord};
use domain::learning_object::LearningObject;
use domain::learning_object::retirement::Announcement;
use domain::notice::mail::{FinishedMail, MailLease};
use domain::oauth::{Digest, OauthClient, Token};
use domain::package::{Package, PackageFile, PackagePiece};
use domain::password::PasswordHash;
use domain::play::{OneTimeToken, Place, PlaySession};
use domain::portal::Portal;
use domain::replay::Replay;
use domain::user_account::UserAccount;
use domain::webhook::{Webhook, WebhookStatus};
use domain::why::Standing;
use jiff::{SignedDuration, Timestamp};
use store::Store;
use store::audit::{AuditFilter, AuditLog, StoredEntry};
use store::credential::{Credentials, Endings};
use store::delivery::{Deliveries, DeliveryFilter, DueLanes, LeaseRequest, Pace, Work};
use store::delivery_search::{DeliveryCursor, DeliverySearch, DeliverySearches, FoundDeliveries};
use store::destination::Destinations;
use store::enrollment::{EnrollmentFilter, Enrollments};
use store::error::{Result, StoreError};
use store::event::{EventFilter, Events, PruneCursor, PrunedEvents, StoredEvent};
use store::hub_session::HubSessions;
use store::id::{Ids, Sequence};
use store::idempotency::{Answer, Idempotency, Keep, KeyedRequest, Known};
use store::learning_activity::LearningActivities;
use store::learning_object::{LearningObjectFilter, LearningObjectRef, LearningObjects};
use store::notice::{MailedNotice, Notices};
use store::package::Packages;
use store::page::{Listed, PageRequest};
use store::password::Passwords;
use store::play::{NewLaunch, NewSeat, Plays};
use store::portal::{PortalFilter, Portals};
use store::replay::{Replayed, Replays};
use store::retirement::{Impact, Retirements};
use store::user_account::{UserAccountFilter, UserAccounts};
use store::webhook::Webhooks;
use store::webhook_health::{WebhookHealth, WebhookHealths};
use tokio::runtime::Handle;

use super::mutant::Mutant;
use super::stage::Life;

/// The store of one life of a node.
pub(crate) struct NodeStore {
    life: Arc<Life>,
    inner: Arc<dyn Store>,
}

impl NodeStore {
    pub(crate) fn new(life: Arc<Life>, inner: Arc<dyn Store>) -> Self {
        NodeStore { life, inner }
    }

    /// Does what a verb does in one step; `note` takes note of it before anybody can die.
    async fn step<T: Debug>(
        &self,
        verb: &'static str,
        work: impl Future<Output = Result<T>> + Send,
        note: impl FnOnce(&T) + Send,
    ) -> Result<T> {
        let Life { stage, node, .. } = &*self.life;
        self.life.dawdle().await;
        self.life.boundary(verb).await;
        let refuses = stage.plan.has_refusals;
        if stage.has_trouble(refuses, 3) {
            stage.say(format_args!("node {node} {verb}: refused"));
            return Err(refusal());
        }
        let done = Handle::current().block_on(work);
        stage.say(format_args!("node {node} {verb}: {}", brief(&done)));
        if let Ok(done) = &done {
            note(done);
        }
        self.life.boundary("before it hears of what is committed").await;
        self.life.dawdle().await;
        if stage.has_trouble(refuses, 1) {
            stage.say(format_args!("node {node} {verb}: done, and said to be refused"));
            return Err(refusal());
        }
        done
    }
}

fn refusal() -> StoreError {
    StoreError::Unavailable("so it is".to_owned())
}

/// What was done, in so many words that it can be told apart.
fn brief<T: Debug>(done: &Result<T>) -> String {
    let mut text = match done {
        Ok(done) => format!("{done:?}"),
        Err(error) => error.to_string(),
    };
    text.truncate(text.floor_char_boundary(200));
    text
}

/// What an engine finds its leases in, shown in a line.
struct Leases(Vec<Lease>);

impl Debug for Leases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|lease| (lease.delivery_id.0, lease.attempt_number))).finish()
    }
}

#[async_trait]
impl Deliveries for NodeStore {
    async fn list_due_lanes(&self, now: Timestamp) -> Result<DueLanes> {
        self.step("list_due_lanes", self.inner.list_due_lanes(now), |_| {}).await
    }

    async fn lease_deliveries(&self, request: &LeaseRequest) -> Result<Vec<Lease>> {
        let Life { stage, node, .. } = &*self.life;
        let work = async {
            stage.spoil_leases(request.now);
            self.inner.lease_deliveries(request).await.map(Leases)
        };
        let note = |Leases(leases): &Leases| {
            for lease in leases {
                let Lease { webhook, .. } = lease;
                let stored = Handle::current().block_on(self.inner.find_webhook(webhook.portal_id, &webhook.id));
                let stored = stored.unwrap().filter(|stored| stored.status == WebhookStatus::Active);
                stage.ledger().leased(*node, request.now, lease, stored.as_ref());
            }
        };
        self.step("lease_deliveries", work, note).await.map(|Leases(leases)| leases)
    }

    async fn finish_attempts(&self, attempts: Vec<FinishedAttempt>, now: Timestamp) -> Result<Vec<Finished>> {
        let stage = &self.life.stage;
        let attempts = stage.spoil_outcomes(attempts, now);
        let forgets = stage.mutant == Some(Mutant::ForgottenOutcome);
        let work = async {
            if forgets && stage.dice.percent(20) {
                return Ok(vec![Finished::Recorded; attempts.len()]);
            }
            self.inner.finish_attempts(attempts.clone(), now).await
        };
        let note = |finished: &Vec<Finished>| {
            for (attempt, finished) in attempts.iter().zip(finished) {
                stage.ledger().finished(now, attempt, *finished);
            }
        };
        self.step("finish_attempts", work, note).await
    }

    async fn expire_leases(&self, now: Timestamp) -> Result<u64> {
        self.inner.expire_leases(now).await
    }

    async fn bring_forward(&self, was: Timestamp, now: Timestamp) -> Result<u64> {
        self.inner.bring_forward(was, now).await
    }

    async fn expire_deliveries(&self, limit: u32, now: Timestamp) -> Result<u64> {
        self.step("expire_deliveries", self.inner.expire_deliveries(limit, now), |_| {}).await
    }

    async fn wait_for_work(&self) -> Work {
        let Life { stage, node, clock, .. } = &*self.life;
        let work = stage.spoil_work(self.inner.wait_for_work().await);
        if !work.born.is_empty() {
            self.life.boundary("before it hears of what was born leased").await;
            self.life.dawdle().await;
            let born = Leases(work.born.clone());
            stage.say(format_args!("node {node} takes over {born:?} at {}", clock.now()));
            work.born.iter().for_each(|lease| stage.ledger().handed_over(*node, lease));
            self.life.boundary("before it begins what was born leased").await;
        }
        work
    }

    fn offer_permits(&self, webhook_id: &WebhookId, count: u32, lease_for: SignedDuration, _: Pace) {
        if self.life.stage.plan.has_births {
            self.life.stage.say(format_args!("node {} leaves {count} permits of {webhook_id}", self.life.node));
            // Whoever waits for a pace waits by a clock that nobody here moves.
            self.inner.offer_permits(webhook_id, count, lease_for, Pace::Free);
        }
    }

    fn withdraw_permits(&self, webhook_id: &WebhookId, _: Pace) -> u32 {
        let has_births = self.life.stage.plan.has_births;
        if has_births { self.inner.withdraw_permits(webhook_id, Pace::Free) } else { u32::MAX }
    }

    async fn list_deliveries(
        &self,
        portal_id: PortalId,
        filter: &DeliveryFilter,
        page: PageRequest,
    ) -> Result<Listed<Delivery>> {
        self.step("list_deliveries", self.inner.list_deliveries(portal_id, filter, page), |_| {}).await
    }

    async fn list_recent_deliveries(
        &self,
        portal_id: PortalId,
        webhook_id: &WebhookId,
        limit: u32,
    ) -> Result<Vec<Delivery>> {
        let work = self.inner.list_recent_deliveries(portal_id, webhook_id, limit);
        self.step("list_recent_deliveries", work, |_| {}).await
    }

    async fn find_delivery(&self, portal_id: PortalId, id: DeliveryId) -> Result<Option<Delivery>> {
        self.step("find_delivery", self.inner.find_delivery(portal_id, id), |_| {}).await
    }

    async fn list_attempts(&self, portal_id: PortalId, delivery_id: DeliveryId) -> Result<Vec<Attempt>> {
        self.step("list_attempts", self.inner.list_attempts(portal_id, delivery_id), |_| {}).await
    }

    async fn check(&self) -> Result<()> {
        self.step("check", self.inner.check(), |()| {}).await
    }
}

impl Endings for NodeStore {
    fn count_endings(&self) -> u64 {
        self.inner.count_endings()
    }
}

/// The other verbs, each in one step: a line for each.
macro_rules! steps {
    ($($of:ident { $($verb:ident($($name:ident: $kind:ty),*) -> $answer:ty;)* })*) => {$(
        #[async_trait]
        impl $of for NodeStore {
            $(
                async fn $verb(&self, $($name: $kind),*) -> Result<$answer> {
                    self.step(stringify!($verb), self.inner.$verb($($name),*), |_| {}).await
                }
            )*
        }
    )*};
}

steps! {
    Ids {
        next_id(sequence: Sequence) -> i64;
    }
    Portals {
        find_portal(id: PortalId) -> Option<Portal>;
        list_customers(partner_id: PortalId, filter: &PortalFilter, page: PageRequest) -> Listed<Portal>;
        list_portals(filter: &PortalFilter, page: PageRequest) -> Listed<Portal>;
        save_portal(change: Change<Portal>) -> ();
        save_new_portal(portal: Change<Portal>, administrator: Change<UserAccount>) -> ();
    }
    UserAccounts {
        find_user_account(portal_id: PortalId, id: UserAccountId) -> Option<UserAccount>;
        list_user_accounts(portal_id: PortalId, filter: &UserAccountFilter, page: PageRequest) -> Listed<UserAccount>;
        save_user_account(change: Change<UserAccount>) -> ();
    }
    LearningObjects {
        find_learning_object(portal_id: PortalId, reference: &LearningObjectRef) -> Option<LearningObject>;
        find_offered_learning_object(portal_id: PortalId, reference: &LearningObjectRef) -> Option<LearningObject>;
        list_learning_objects(portal_id: PortalId, filter: &LearningObjectFilter, page: PageRequest) -> Listed<LearningObject>;
        save_learning_object(change: Change<LearningObject>) -> ();
        save_library_items(portal_id: PortalId, items: &[LearningObjectId], now: Timestamp) -> ();
        prune_library_items(portal_id: PortalId, items: &[LearningObjectId]) -> ();
    }
    Packages {
        save_package(package: Package, per_portal_bytes_max: u64) -> ();
        save_package_pieces(id: &PackageId, pieces: Vec<PackagePiece>) -> ();
        save_package_content(id: &PackageId, change: Change<LearningObject>) -> ();
        find_package(id: &PackageId) -> Option<Package>;
        find_package_file(id: &PackageId, path: &str) -> Option<PackageFile>;
        read_package_chunk(id: &PackageId, path: &str, n: u32) -> Option<Vec<u8>>;
        prune_packages(unfinished_before: Timestamp, replaced_before: Timestamp, rows_max: u32) -> u64;
    }
    Enrollments {
        find_enrollment(portal_id: PortalId, id: EnrollmentId) -> Option<Enrollment>;
        find_live_enrollment(portal_id: PortalId, user_account_id: UserAccountId, lo_id: LearningObjectId, parent_id: Option<EnrollmentId>, destination_id: Option<DestinationId>) -> Option<Enrollment>;
        find_portal_of_enrollment(id: EnrollmentId) -> Option<PortalId>;
        list_enrollments(portal_id: PortalId, filter: &EnrollmentFilter, page: PageRequest) -> Listed<Enrollment>;
        save_enrollments(changes: Vec<Change<Enrollment>>) -> ();
    }
    Webhooks {
        find_webhook(portal_id: PortalId, id: &WebhookId) -> Option<Webhook>;
        list_webhooks(portal_id: PortalId) -> Vec<Webhook>;
        save_webhook(change: Change<Webhook>, per_portal_max: usize) -> ();
        prune_webhooks(before: Timestamp, limit: u32) -> u64;
        save_test(webhook_id: &WebhookId, test: Event, now: Timestamp) -> DeliveryId;
    }
    LearningActivities {
        list_learning_activities(portal_id: PortalId, enrollment_id: EnrollmentId, page: PageRequest) -> Listed<LearningActivity>;
        list_scorm_records(portal_id: PortalId, id: &LearningActivityId, page: PageRequest) -> Listed<ScormRecord>;
        save_scorm_record(portal_id: PortalId, record: ScormRecord, values: BTreeMap<String, LmsText>) -> ();
    }
    Plays {
        find_seat(destination_id: DestinationId, learner: &Digest) -> Option<UserAccountId>;
        count_seats(destination_id: DestinationId) -> u64;
        save_seat(seat: NewSeat) -> UserAccountId;
        save_launch(launch: NewLaunch) -> ();
        save_one_time_token(token: OneTimeToken) -> ();
        find_one_time_token(digest: &Digest, now: Timestamp) -> Option<OneTimeToken>;
        save_play_session(spent: &Digest, session: PlaySession) -> bool;
        find_play_session(digest: &Digest, now: Timestamp) -> Option<PlaySession>;
        find_place(enrollment_id: EnrollmentId) -> Option<Place>;
        save_place(session: &Digest, sequence: i64, place: Place, now: Timestamp) -> bool;
        is_content_removed(id: LearningObjectId, now: Timestamp) -> bool;
        prune_plays(before: Timestamp, limit: u32) -> u64;
    }
    Destinations {
        find_destination(portal_id: PortalId, id: DestinationId) -> Option<Destination>;
        find_destination_by_token(token: &DestinationToken) -> Option<Destination>;
        find_default_destination(portal_id: PortalId, now: Timestamp) -> Option<Destination>;
        list_destinations(portal_id: PortalId, page: PageRequest) -> Listed<Destination>;
        save_destination(change: Change<Destination>) -> ();
        save_default_destination(destination: Destination) -> Destination;
    }
    Events {
        list_events(portal_id: PortalId, filter: &EventFilter, page: PageRequest) -> Listed<StoredEvent>;
        explain_event(portal_id: PortalId, id: &EventId) -> Option<(StoredEvent, Vec<Standing>)>;
        find_events_from() -> Option<Timestamp>;
        prune_events(cursor: PruneCursor, before: Timestamp, rows_max: u32) -> PrunedEvents;
    }
    Replays {
        replay_delivery(portal_id: PortalId, id: DeliveryId, now: Timestamp) -> Replayed;
        save_replay(replay: Replay) -> ();
        find_replay(portal_id: PortalId, id: &ReplayId) -> Option<Replay>;
        list_replays(portal_id: PortalId, webhook_id: &WebhookId, limit: u32) -> Vec<Replay>;
        expand_replays(limit: u32, now: Timestamp) -> bool;
        prune_replays(before: Timestamp, limit: u32) -> u64;
    }
    Retirements {
        save_retirement(content: LearningObject, announcement: Announcement) -> ();
        expire_content(limit: u32, now: Timestamp) -> u64;
        expand_announcements(limit: u32, now: Timestamp) -> bool;
        list_impact(portal_id: PortalId, lo_id: LearningObjectId) -> Vec<Impact>;
    }
    Credentials {
        find_oauth_client(id: &ClientId) -> Option<OauthClient>;
        list_oauth_clients(portal_id: PortalId) -> Vec<OauthClient>;
        save_oauth_client(client: OauthClient) -> ();
        expire_oauth_client(portal_id: PortalId, id: &ClientId, at: Timestamp) -> bool;
        save_tokens(tokens: Vec<Token>) -> ();
        find_access_token(digest: &Digest, now: Timestamp) -> Option<Token>;
        find_refresh_token(digest: &Digest, now: Timestamp) -> Option<Token>;
        save_refreshed_tokens(spent: &Digest, tokens: Vec<Token>, now: Timestamp) -> bool;
        expire_token(digest: &Digest, at: Timestamp) -> ();
        prune_tokens(before: Timestamp, limit: u32) -> u64;
    }
    Passwords {
        find_passwords(email: &str) -> Vec<(UserAccount, PasswordHash)>;
        save_password(portal_id: PortalId, user_account_id: UserAccountId, password: PasswordHash, at: Timestamp) -> ();
    }
    HubSessions {
        save_hub_session(session: HubSession) -> ();
        find_hub_session(digest: &Digest, now: Timestamp) -> Option<(HubSession, UserAccount)>;
        renew_hub_session(digest: &Digest, now: Timestamp) -> ();
        expire_hub_session(digest: &Digest) -> ();
        prune_hub_sessions(now: Timestamp, limit: u32) -> u64;
    }
    WebhookHealths {
        list_webhook_health(portal_id: PortalId, now: Timestamp) -> Vec<WebhookHealth>;
        find_pulse(portal_id: PortalId) -> u64;
    }
    Idempotency {
        find_idempotency_key(client_id: &ClientId, key: &Digest, now: Timestamp) -> Option<Known>;
        save_idempotent_answer(request: &KeyedRequest, answer: Answer, keep: Keep) -> ();
        prune_idempotency_keys(until: Timestamp, limit: u32) -> u64;
    }
    AuditLog {
        list_audit_entries(portal_id: PortalId, filter: &AuditFilter, page: PageRequest) -> Listed<StoredEntry>;
        save_audit_entry(entry: Entry) -> ();
        prune_audit_entries(before: Timestamp, limit: u32) -> u64;
    }
    DeliverySearches {
        search_deliveries(portal_id: PortalId, search: &DeliverySearch, before: Option<DeliveryCursor>, limit: u32) -> FoundDeliveries;
    }
    Notices {
        list_notices(portal_id: PortalId, webhook_id: Option<&WebhookId>, page: PageRequest) -> Listed<MailedNotice>;
        find_notice(portal_id: PortalId, id: &NoticeId) -> Option<MailedNotice>;
        expand_notices(limit: u32, now: Timestamp) -> bool;
        lease_mails(limit: u32, now: Timestamp, expires_at: Timestamp) -> Vec<MailLease>;
        finish_mails(mails: Vec<FinishedMail>, now: Timestamp) -> Vec<Finished>;
        prune_notices(before: Timestamp, limit: u32) -> u64;
    }
}
