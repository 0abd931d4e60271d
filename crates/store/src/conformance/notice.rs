//! What administrators are told of their webhooks, once.

use std::sync::Arc;

use contract::event_type::EventType;
use domain::change::Change;
use domain::delivery::{Answer, Failure, FailureKind, Finished, FinishedAttempt, Lease, Next, Outcome};
use domain::enrollment::Status;
use domain::id::{PortalId, UserAccountId, WebhookId};
use domain::notice::mail::{MailLease, NoticeMail};
use domain::notice::{Notice, NoticeKind};
use domain::user_account::Role;
use domain::webhook::health::Warning;
use domain::webhook::{InactiveReason, WebhookStatus};
use jiff::{SignedDuration, Timestamp};

use super::world::{PAGE, WEBHOOKS_MAX, World, at};
use crate::Store;
use crate::delivery::DeliveryFilter;
use crate::delivery::LeaseRequest;
use crate::notice::MailedNotice;

pub(super) const HOUR: i64 = 3_600;
pub(super) const DAY: i64 = 24 * HOUR;

/// A world with one webhook of the partner and one delivery that is always due.
pub(super) struct Failing {
    pub(super) world: World,
    pub(super) webhook_id: WebhookId,
}

impl Failing {
    pub(super) async fn new(store: Arc<dyn Store>) -> Self {
        let world = World::new(store).await;
        let webhook_id = world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
        world.enroll_somebody(0, "grace", Status::Completed, 0).await;
        Failing { world, webhook_id }
    }

    async fn lease(&self, second: i64) -> Lease {
        let request =
            LeaseRequest { lanes: vec![(self.webhook_id.clone(), 1)], now: at(second), expires_at: at(second + 10) };
        let [lease] = self.world.store.lease_deliveries(&request).await.unwrap().try_into().unwrap();
        lease
    }

    /// Attempts at `second`, with this answer; another attempt follows at once, if any does.
    async fn attempt(&self, second: i64, status: u16, next: Option<Next>) -> Finished {
        let attempt = finished(self.lease(second).await, status, next.unwrap_or(Next::Retry { at: at(second) }));
        self.world.store.finish_attempts(vec![attempt], at(second)).await.unwrap().remove(0)
    }

    /// So many failures at `second`.
    async fn fail(&self, times: u32, second: i64) {
        for _ in 0..times {
            assert_eq!(self.attempt(second, 500, None).await, Finished::Recorded);
        }
    }

    /// Another delivery that is given up at `second`.
    pub(super) async fn give_up(&self, name: &str, second: i64) {
        self.world.enroll_somebody(0, name, Status::Completed, second).await;
        assert_eq!(self.attempt(second, 500, Some(Next::Exhausted)).await, Finished::Recorded);
    }

    /// Stops the webhook by 410.
    pub(super) async fn be_gone(&self, second: i64) {
        assert_eq!(self.attempt(second, 410, Some(Next::Gone)).await, Finished::Recorded);
    }

    /// Changes the webhook as its owner does, and makes it active.
    async fn mend(&self, second: i64) {
        let mut webhook = self.world.store.find_webhook(self.world.partner, &self.webhook_id).await.unwrap().unwrap();
        webhook.status = WebhookStatus::Active;
        webhook.updated_at = at(second);
        self.world.store.save_webhook(Change::silent(webhook), WEBHOOKS_MAX).await.unwrap();
    }

    /// The notices of the partner, oldest first.
    async fn notices(&self) -> Vec<Notice> {
        let listed = self.world.store.list_notices(self.world.partner, None, PAGE).await.unwrap();
        assert_eq!(listed.total, listed.items.len() as u64);
        listed.items.into_iter().rev().map(|mailed| mailed.notice).collect()
    }

    async fn told(&self) -> Vec<(Timestamp, NoticeKind)> {
        self.notices().await.into_iter().map(|notice| (notice.at, notice.kind)).collect()
    }

    /// The only notice of the partner, and its mails.
    pub(super) async fn mailed(&self) -> (Notice, Vec<NoticeMail>) {
        let mut listed = self.world.store.list_notices(self.world.partner, None, PAGE).await.unwrap();
        let MailedNotice { notice, mails } = listed.items.remove(0);
        (notice, mails)
    }

    pub(super) async fn expand(&self, second: i64) -> bool {
        self.world.store.expand_notices(10, at(second)).await.unwrap()
    }

    pub(super) async fn lease_mails(&self, second: i64) -> Vec<MailLease> {
        self.world.store.lease_mails(10, at(second), at(second + 60)).await.unwrap()
    }
}

fn finished(lease: Lease, status: u16, next: Next) -> FinishedAttempt {
    let outcome = Outcome::Answered(Answer {
        status,
        retry_after: None,
        body: Vec::new(),
        truncated: false,
        headers: String::new(),
    });
    FinishedAttempt { lease, started_at: at(1), took: SignedDuration::ZERO, outcome, next }
}

fn failing(warning: Warning, since: i64, failures: u32) -> NoticeKind {
    NoticeKind::Failing { warning, since: at(since), failures }
}

pub(super) async fn add_account(
    world: &World,
    portal_id: PortalId,
    name: &str,
    role: Role,
    active: bool,
) -> UserAccountId {
    let mut account = world.learner(portal_id, name).await;
    (account.roles, account.active) = (vec![role], active);
    let id = account.id;
    world.store.save_user_account(Change::silent(account)).await.unwrap();
    id
}

/// After one, three and four days, and after five that the webhook is stopped: each once, however many attempts fail.
pub async fn warnings_are_told_once_each(store: Arc<dyn Store>) {
    let failing_webhook = Failing::new(store).await;
    failing_webhook.fail(20, 0).await;
    for hour in 1..120 {
        failing_webhook.fail(1, hour * HOUR).await;
    }
    let mut expected = vec![
        (at(DAY), failing(Warning::First, 0, 44)),
        (at(3 * DAY), failing(Warning::Second, 0, 92)),
        (at(4 * DAY), failing(Warning::Last, 0, 116)),
    ];
    assert_eq!(failing_webhook.told().await, expected);
    failing_webhook.fail(1, 5 * DAY).await;
    expected.push((at(5 * DAY), NoticeKind::StoppedFailing { since: at(0), failures: 140 }));
    assert_eq!(failing_webhook.told().await, expected);
    let notice = failing_webhook.notices().await.remove(0);
    assert_eq!((notice.met.as_str(), notice.host.as_str()), ("status 500", "receiver.example.com"));
}

/// What would have been said while nobody looked is not made up for: of several warnings, the last.
pub async fn of_warnings_that_are_due_together_the_last_is_told(store: Arc<dyn Store>) {
    let failing_webhook = Failing::new(store).await;
    failing_webhook.fail(20, 0).await;
    failing_webhook.fail(2, 4 * DAY).await;
    assert_eq!(failing_webhook.told().await, [(at(4 * DAY), failing(Warning::Last, 0, 21))]);
}

/// Trouble of the platform itself, such as that of its egress proxy, is not held against a webhook.
pub async fn trouble_of_our_own_is_not_the_webhooks(store: Arc<dyn Store>) {
    let failing = Failing::new(store).await;
    for day in 0..8 {
        for _ in 0..5 {
            let second = day * DAY;
            let mut attempt = finished(failing.lease(second).await, 500, Next::Retry { at: at(second) });
            let (kind, detail) = (FailureKind::Proxy, "it was not there".to_owned());
            attempt.outcome = Outcome::Failed(Failure { kind, detail });
            let recorded = failing.world.store.finish_attempts(vec![attempt], at(second)).await.unwrap();
            assert_eq!(recorded, [Finished::Recorded]);
        }
    }
    assert_eq!(failing.notices().await, []);
    let stored = failing.world.store.find_webhook(failing.world.partner, &failing.webhook_id).await.unwrap();
    assert_eq!(stored.unwrap().status, WebhookStatus::Active);
}

/// A success and a change of the webhook both begin a new row of failures, with warnings of its own.
pub async fn a_success_and_a_change_begin_anew(store: Arc<dyn Store>) {
    let failing_webhook = Failing::new(store).await;
    let told = async || failing_webhook.told().await.len();
    failing_webhook.fail(20, 0).await;
    failing_webhook.fail(1, DAY).await;
    assert_eq!(told().await, 1);
    failing_webhook.attempt(DAY + 1, 200, Some(Next::Delivered)).await;
    failing_webhook.world.enroll_somebody(0, "alan", Status::Completed, DAY + 2).await;
    failing_webhook.fail(20, DAY + 2).await;
    assert_eq!(told().await, 1, "a row that is new is not old enough");
    failing_webhook.fail(1, 2 * DAY + 2).await;
    assert_eq!(told().await, 2);
    failing_webhook.mend(2 * DAY + 3).await;
    failing_webhook.fail(20, 2 * DAY + 4).await;
    assert_eq!(told().await, 2);
    failing_webhook.fail(1, 3 * DAY + 4).await;
    let last = failing_webhook.told().await.pop();
    assert_eq!(last, Some((at(3 * DAY + 4), failing(Warning::First, 2 * DAY + 4, 21))));
}

/// A webhook that 410 stops is told of once, though others were under way.
pub async fn a_webhook_that_is_gone_is_told_of_once(store: Arc<dyn Store>) {
    let failing_webhook = Failing::new(store).await;
    failing_webhook.world.enroll_somebody(0, "alan", Status::Completed, 1).await;
    let attempts =
        [failing_webhook.lease(1).await, failing_webhook.lease(1).await].map(|lease| finished(lease, 410, Next::Gone));
    failing_webhook.world.store.finish_attempts(attempts.into(), at(2)).await.unwrap();
    assert_eq!(failing_webhook.told().await, [(at(2), NoticeKind::StoppedGone)]);
    failing_webhook.mend(3).await;
    failing_webhook.be_gone(4).await;
    assert_eq!(failing_webhook.told().await.len(), 2, "and again when it is gone again");
}

/// One notice a day, that counts; what an older event was, it says.
pub async fn deliveries_that_are_given_up_are_counted_for_a_day(store: Arc<dyn Store>) {
    let failing_webhook = Failing::new(store).await;
    let event_id = failing_webhook.lease(0).await.event.id.clone();
    failing_webhook.attempt(10, 500, Some(Next::Exhausted)).await;
    for (name, second) in [("a", 11), ("b", 12), ("c", DAY + 9)] {
        failing_webhook.give_up(name, second).await;
    }
    let given_up = |since, event_id, deliveries| NoticeKind::GivenUp { since: at(since), event_id, deliveries };
    let first = (at(10), given_up(0, event_id, 4));
    assert_eq!(failing_webhook.told().await, std::slice::from_ref(&first));
    failing_webhook.give_up("d", DAY + 10).await;
    let told = failing_webhook.told().await;
    assert_eq!(told[0], first);
    let NoticeKind::GivenUp { since, deliveries, .. } = told[1].1 else { panic!("{told:?}") };
    assert_eq!((told.len(), told[1].0, since, deliveries), (2, at(DAY + 10), at(DAY + 10), 1));
    // A clock that is set back does not silence what happens until it has caught up.
    failing_webhook.give_up("e", DAY).await;
    assert_eq!(failing_webhook.told().await.len(), 3);
}

/// An attempt that is not recorded tells nothing, nor does one whose webhook was changed or deleted meanwhile.
pub async fn what_changes_nothing_tells_nothing(store: Arc<dyn Store>) {
    let failing_webhook = Failing::new(store).await;
    let world = &failing_webhook.world;
    let finish = async |attempt| world.store.finish_attempts(vec![attempt], at(100)).await.unwrap().remove(0);
    let lapsed = failing_webhook.lease(0).await;
    for next in [Next::Gone, Next::Exhausted] {
        assert_eq!(finish(finished(lapsed.clone(), 410, next)).await, Finished::LeaseLost);
    }
    let changed = failing_webhook.lease(95).await;
    failing_webhook.mend(96).await;
    assert_eq!(finish(finished(changed, 410, Next::Gone)).await, Finished::Recorded);
    let deleted = failing_webhook.lease(100).await;
    let webhook = world.store.find_webhook(world.partner, &failing_webhook.webhook_id).await.unwrap().unwrap();
    world.store.save_webhook(webhook.delete(UserAccountId(1), at(100)), WEBHOOKS_MAX).await.unwrap();
    assert_eq!(finish(finished(deleted, 500, Next::Exhausted)).await, Finished::Recorded);
    assert_eq!(failing_webhook.told().await, []);
}

/// The webhook is stopped and its administrators are told in one step: whoever sees the one sees the other.
pub async fn a_stop_and_its_notice_are_one(store: Arc<dyn Store>) {
    let failing_webhook = Arc::new(Failing::new(store).await);
    let looking = tokio::spawn({
        let failing_webhook = failing_webhook.clone();
        async move {
            let world = &failing_webhook.world;
            loop {
                // The notice is read after the webhook, so if they were two steps it could be missing; never the other way round.
                let webhook = world.store.find_webhook(world.partner, &failing_webhook.webhook_id).await.unwrap();
                let told = failing_webhook.told().await;
                if webhook.unwrap().status == WebhookStatus::Inactive(InactiveReason::Gone) {
                    return told;
                }
                tokio::task::yield_now().await;
            }
        }
    });
    failing_webhook.be_gone(1).await;
    assert_eq!(looking.await.unwrap(), [(at(1), NoticeKind::StoppedGone)]);
}

/// Another portal neither lists nor finds a notice, not even a partner its customer's; they are found by webhook.
pub async fn notices_belong_to_their_portal(store: Arc<dyn Store>) {
    let failing_webhook = Failing::new(store).await;
    let world = &failing_webhook.world;
    failing_webhook.be_gone(1).await;
    let [notice] = failing_webhook.notices().await.try_into().unwrap();
    assert_eq!((notice.portal_id, &notice.webhook_id), (world.partner, &failing_webhook.webhook_id));
    let found = world.store.find_notice(world.partner, &notice.id).await.unwrap().unwrap();
    assert_eq!(found, MailedNotice { notice: notice.clone(), mails: Vec::new() });
    for portal_id in [world.customers[0], world.stranger] {
        assert_eq!(world.store.list_notices(portal_id, None, PAGE).await.unwrap().total, 0);
        assert_eq!(world.store.find_notice(portal_id, &notice.id).await.unwrap(), None);
    }
    let other = world.add_webhook(world.partner, &[EventType::ContentAdd]).await;
    let of = async |id| world.store.list_notices(world.partner, Some(id), PAGE).await.unwrap().total;
    assert_eq!((of(&failing_webhook.webhook_id).await, of(&other).await), (1, 0));
    // The deliveries are held all the same.
    let filter = DeliveryFilter { webhook_id: Some(failing_webhook.webhook_id.clone()), ..Default::default() };
    assert_eq!(world.store.list_deliveries(world.partner, &filter, PAGE).await.unwrap().total, 1);
}

/// Old notices go in small steps with their mails, young ones stay.
pub async fn old_notices_are_pruned(store: Arc<dyn Store>) {
    let failing_webhook = Failing::new(store).await;
    let world = &failing_webhook.world;
    add_account(world, world.partner, "ada", Role::Administrator, true).await;
    for second in 1..=5 {
        failing_webhook.be_gone(second).await;
        failing_webhook.mend(second).await;
    }
    while world.store.expand_notices(2, at(6)).await.unwrap() {}
    let leased = failing_webhook.lease_mails(6).await;
    assert_eq!(leased.len(), 5);
    for expected in [2, 1, 0] {
        assert_eq!(world.store.prune_notices(at(4), 2).await.unwrap(), expected);
    }
    let left: Vec<_> = failing_webhook.told().await.into_iter().map(|(told_at, _)| told_at).collect();
    assert_eq!(left, [at(4), at(5)]);
    assert_eq!(failing_webhook.lease_mails(66).await.len(), 2);
}
