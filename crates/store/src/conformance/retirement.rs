//! Content that ends, and who is told.

use std::collections::BTreeSet;
use std::sync::Arc;

use contract::event_type::EventType;
use domain::enrollment::Status;
use domain::event::Event;
use domain::id::{AnnouncementId, LearningObjectId, PortalId, WebhookId};
use domain::learning_object::retirement::Flag;
use domain::learning_object::{LearningObject, LifecycleState};
use domain::random::Random;
use jiff::Timestamp;

use super::world::{PAGE, World, at};
use crate::Store;
use crate::delivery::DeliveryFilter;
use crate::error::StoreError;
use crate::learning_object::LearningObjectRef;

const DAY: i64 = 86_400;
/// More than there are portals.
const MANY: u32 = 100;

/// The world, with a webhook of the partner that hears of all that is told of content.
struct Ending {
    world: World,
    webhook: WebhookId,
}

impl Ending {
    async fn new(store: Arc<dyn Store>) -> Self {
        let world = World::new(store).await;
        let news = [EventType::ContentDecommission, EventType::ContentAdd, EventType::ContentRemove];
        let webhook = world.add_webhook(world.partner, &news).await;
        Ending { world, webhook }
    }

    fn id(&self) -> AnnouncementId {
        AnnouncementId::draw(&self.world.random as &dyn Random)
    }

    async fn content(&self) -> LearningObject {
        let reference = LearningObjectRef::Id(self.world.lo);
        self.world.store.find_learning_object(self.world.partner, &reference).await.unwrap().unwrap()
    }

    /// Says at `second` that the course is retired and removed so many days after the world began.
    async fn flag(&self, retired: i64, removed: i64, second: i64) {
        let (retired_at, removed_at) = (at(retired * DAY), at(removed * DAY));
        let flag = Flag { retired_at: Some(Some(retired_at)), removed_at: Some(removed_at), is_forced: true };
        let (content, news) = self.content().await.flag(flag, self.id(), at(second)).unwrap();
        self.world.store.save_retirement(content, news).await.unwrap();
    }

    async fn withdraw(&self, second: i64) {
        let (content, news) = self.content().await.withdraw(self.id(), at(second)).unwrap();
        self.world.store.save_retirement(content, news).await.unwrap();
    }

    async fn expand(&self, limit: u32, second: i64) -> bool {
        self.world.store.expand_announcements(limit, at(second)).await.unwrap()
    }

    /// Tells everybody all there is.
    async fn expand_all(&self, second: i64) {
        while self.expand(MANY, second).await {}
    }

    /// What the partner's webhook was told, oldest first.
    async fn told(&self) -> Vec<Arc<Event>> {
        let filter = DeliveryFilter { webhook_id: Some(self.webhook.clone()), ..Default::default() };
        let listed = self.world.store.list_deliveries(self.world.partner, &filter, PAGE).await.unwrap();
        listed.items.into_iter().rev().map(|delivery| delivery.event).collect()
    }

    /// The portals that the partner's webhook was told of, each by so many events of this type.
    async fn portals(&self, event_type: EventType) -> Vec<PortalId> {
        let told = self.told().await.into_iter().filter(|event| event.event_type == event_type);
        let mut portals: Vec<PortalId> = told.map(|event| event.portal_id).collect();
        portals.sort();
        portals
    }

    fn below(&self) -> Vec<PortalId> {
        let mut below = vec![self.world.partner, self.world.customers[0], self.world.customers[1]];
        below.sort();
        below
    }
}

/// Dates are kept, and only the version that was read is replaced.
pub async fn dates_are_kept(store: Arc<dyn Store>) {
    let ending = Ending::new(store).await;
    let before = ending.content().await;
    ending.flag(30, 90, 5).await;
    let after = ending.content().await;
    let retirement = after.retirement.unwrap();
    assert_eq!(
        (retirement.flagged_at, retirement.retired_at, retirement.removed_at),
        (at(5), Some(at(30 * DAY)), at(90 * DAY))
    );
    let (content, news) = before.flag(Flag::default(), ending.id(), at(6)).unwrap();
    let refused = ending.world.store.save_retirement(content, news).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    assert_eq!(ending.content().await, after);
    ending.withdraw(7).await;
    let withdrawn = ending.content().await;
    assert_eq!((withdrawn.retirement, withdrawn.withdrawn_at), (None, Some(at(7))));
}

/// Every portal whose library holds it is told, and so is one that only has somebody enrolled; a partner hears of each of its
/// own once, whatever the steps.
pub async fn everybody_concerned_is_told_once(store: Arc<dyn Store>) {
    let ending = Ending::new(store).await;
    let world = &ending.world;
    world.enroll_somebody(0, "grace", Status::InProgress, 1).await;
    world.store.prune_library_items(world.customers[0], &[world.lo]).await.unwrap();
    assert!(!ending.expand(MANY, 4).await);
    ending.flag(30, 90, 5).await;
    let mut steps = 0;
    while ending.expand(1, 6).await {
        steps += 1;
        assert!(steps < MANY);
    }
    assert!(steps >= 3, "{steps}");
    assert!(!ending.expand(1, 7).await);
    assert_eq!(ending.portals(EventType::ContentDecommission).await, ending.below());
    let told = ending.told().await;
    assert!(told.iter().all(|event| event.deadline_at == Some(at(90 * DAY)) && event.occurred_at == at(5)));
    let ids: BTreeSet<_> = told.iter().map(|event| event.id.clone()).collect();
    assert_eq!(ids.len(), told.len());
}

/// Later news takes the place of what not everybody was told.
pub async fn later_news_comes_first(store: Arc<dyn Store>) {
    let ending = Ending::new(store).await;
    ending.flag(30, 90, 5).await;
    assert!(ending.expand(1, 6).await);
    ending.withdraw(7).await;
    ending.expand_all(8).await;
    assert_eq!(ending.portals(EventType::ContentDecommission).await.len(), 1);
    assert_eq!(ending.portals(EventType::ContentAdd).await, ending.below());
}

/// Each transition is applied once, in time or late, and never before its time.
pub async fn transitions_are_applied_once(store: Arc<dyn Store>) {
    let ending = Ending::new(store).await;
    ending.flag(30, 90, 5).await;
    ending.expand_all(6).await;
    let expire = async |now: Timestamp| ending.world.store.expire_content(MANY, now).await.unwrap();
    let state = async || ending.content().await.state;
    assert_eq!(expire(at(30 * DAY - 1)).await, 0);
    assert_eq!((expire(at(30 * DAY)).await, state().await), (1, LifecycleState::Retired));
    assert_eq!(expire(at(90 * DAY - 1)).await, 0);
    assert_eq!((expire(at(400 * DAY)).await, state().await), (1, LifecycleState::Removed));
    assert_eq!(expire(at(401 * DAY)).await, 0);
    ending.expand_all(401 * DAY).await;
    assert_eq!(ending.portals(EventType::ContentRemove).await, ending.below());
}

/// Where content stands in lists is where it stands by its dates, whether or not they were applied.
pub async fn lists_go_by_the_dates(store: Arc<dyn Store>) {
    let ending = Ending::new(store).await;
    ending.flag(30, 90, 5).await;
    let cases = [(29, LifecycleState::Published), (30, LifecycleState::Retired), (90, LifecycleState::Removed)];
    for (day, expected) in cases {
        for state in LifecycleState::ALL {
            let states = Some((vec![state], at(day * DAY)));
            let filter = crate::learning_object::LearningObjectFilter { states, ..Default::default() };
            let listed = ending.world.store.list_learning_objects(ending.world.partner, &filter, PAGE).await.unwrap();
            assert_eq!(listed.total, u64::from(state == expected), "{state:?} on day {day}");
        }
    }
}

/// Who takes content into a library that will end is told so, unless that was told or comes round still.
pub async fn who_takes_what_will_end_is_told(store: Arc<dyn Store>) {
    let ending = Ending::new(store).await;
    let (world, late) = (&ending.world, ending.world.customers[1]);
    let take = async |lo: LearningObjectId, second| {
        world.store.save_library_items(late, &[lo], at(second)).await.unwrap();
    };
    let drop = async || world.store.prune_library_items(late, &[world.lo]).await.unwrap();
    let times = async || {
        let portals = ending.portals(EventType::ContentDecommission).await;
        portals.into_iter().filter(|portal| *portal == late).count()
    };
    drop().await;
    ending.flag(30, 90, 5).await;
    ending.expand_all(6).await;
    assert_eq!(times().await, 0);
    take(world.lo, 7).await;
    assert_eq!(times().await, 1);
    drop().await;
    take(world.lo, 8).await;
    assert_eq!(times().await, 1);
    ending.flag(30, 100, 9).await;
    drop().await;
    take(world.lo, 10).await;
    assert_eq!(times().await, 1);
    ending.expand_all(11).await;
    assert_eq!(times().await, 2);
}
