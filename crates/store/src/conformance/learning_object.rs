//! Learning objects and libraries.

use std::sync::Arc;

use domain::change::Change;
use domain::learning_object::{LifecycleState, Retirement};

use super::world::{PAGE, World, at};
use crate::Store;
use crate::learning_object::{LearningObjectFilter, LearningObjectRef, LearningObjectSort};
use crate::page::Order;

/// Content is visible to its owner and to who holds it; a partner's content is offered to its customers.
pub async fn content_is_visible_where_it_is_held(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let lo = world.add_content(world.partner, "New").await;
    let reference = LearningObjectRef::Id(lo);
    let sees = async |portal_id| world.store.find_learning_object(portal_id, &reference).await.unwrap().is_some();
    let offered =
        async |portal_id| world.store.find_offered_learning_object(portal_id, &reference).await.unwrap().is_some();
    assert!(sees(world.partner).await);
    assert!(!sees(world.customers[0]).await);
    assert!(offered(world.customers[0]).await);
    assert!(!offered(world.stranger).await);
    for _ in 0..2 {
        world.store.save_library_items(world.customers[0], &[lo], at(0)).await.unwrap();
        assert!(sees(world.customers[0]).await);
    }
    for _ in 0..2 {
        world.store.prune_library_items(world.customers[0], &[lo]).await.unwrap();
        assert!(!sees(world.customers[0]).await);
    }
}

/// Content is found by its number, by its newer id and by its owner's own id.
pub async fn names_of_all_kinds_find_content(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let find = async |reference| world.store.find_learning_object(world.customers[0], &reference).await.unwrap();
    let lo = find(LearningObjectRef::Id(world.lo)).await.unwrap();
    assert_eq!(find(LearningObjectRef::Content(lo.content_id.clone())).await, Some(lo.clone()));
    assert_eq!(find(LearningObjectRef::External("ext Fire safety".to_owned())).await, Some(lo));
    assert_eq!(find(LearningObjectRef::External("ext".to_owned())).await, None);
}

/// Each condition narrows, and texts are taken literally.
pub async fn lists_are_narrowed(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.add_content(world.partner, "100% fun").await;
    let count = async |filter| world.store.list_learning_objects(world.partner, &filter, PAGE).await.unwrap().total;
    let keyword = |text: &str| LearningObjectFilter { keyword: Some(text.to_owned()), ..Default::default() };
    assert_eq!(count(LearningObjectFilter::default()).await, 2);
    assert_eq!(count(keyword("FIRE")).await, 1);
    assert_eq!(count(keyword("0% f")).await, 1);
    assert_eq!(count(keyword("%")).await, 1);
    assert_eq!(count(keyword("_")).await, 0);
    assert_eq!(count(LearningObjectFilter { ids: Some(vec![world.lo]), ..Default::default() }).await, 1);
    assert_eq!(count(LearningObjectFilter { ids: Some(vec![]), ..Default::default() }).await, 0);
    let titles = async |order| {
        let filter = LearningObjectFilter { sort: LearningObjectSort::Title, order, ..Default::default() };
        let listed = world.store.list_learning_objects(world.partner, &filter, PAGE).await.unwrap();
        listed.items.into_iter().map(|lo| lo.title).collect::<Vec<_>>()
    };
    assert_eq!(titles(Order::Ascending).await, ["100% fun", "Fire safety"]);
    assert_eq!(titles(Order::Descending).await, ["Fire safety", "100% fun"]);
    use LearningObjectSort::{Created, Removal, Title, Updated};
    for sort in [Created, Updated, Title, Removal] {
        for order in [Order::Ascending, Order::Descending] {
            let list = async |after| {
                let filter = LearningObjectFilter { sort, order, after, ..Default::default() };
                world.store.list_learning_objects(world.partner, &filter, PAGE).await.unwrap().items
            };
            let all = list(None).await;
            let after = list(Some(sort.place_of(&all[0]))).await;
            assert_eq!(after, all[1..], "{sort:?} {order:?}");
            assert_eq!(list(Some(sort.place_of(&all[1]))).await, []);
        }
    }
    let state = |state| LearningObjectFilter { states: Some((vec![state], at(0))), ..Default::default() };
    let reference = LearningObjectRef::Id(world.lo);
    let mut lo = world.store.find_learning_object(world.partner, &reference).await.unwrap().unwrap();
    lo.state = LifecycleState::Retired;
    world.store.save_learning_object(Change::silent(lo)).await.unwrap();
    assert_eq!(count(state(LifecycleState::Published)).await, 1);
    assert_eq!(count(state(LifecycleState::Retired)).await, 1);
}

/// What will be gone is told from what stays, and the next to go comes first.
pub async fn what_is_flagged_comes_by_its_removal(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    for (title, removed_at) in [("Later", Some(9)), ("Sooner", Some(5)), ("Stays", None)] {
        let reference = LearningObjectRef::Id(world.add_content(world.partner, title).await);
        let mut lo = world.store.find_learning_object(world.partner, &reference).await.unwrap().unwrap();
        let flagged = |removed_at| Retirement { flagged_at: at(1), retired_at: None, removed_at: at(removed_at) };
        lo.retirement = removed_at.map(flagged);
        world.store.save_learning_object(Change::silent(lo)).await.unwrap();
    }
    let list = async |is_flagged, after| {
        let (sort, order) = (LearningObjectSort::Removal, Order::Ascending);
        let filter = LearningObjectFilter { is_flagged, sort, order, after, ..Default::default() };
        world.store.list_learning_objects(world.partner, &filter, PAGE).await.unwrap().items
    };
    let titles = async |is_flagged| list(is_flagged, None).await.into_iter().map(|lo| lo.title).collect::<Vec<_>>();
    assert_eq!(titles(Some(true)).await, ["Sooner", "Later"]);
    assert_eq!(titles(Some(false)).await, ["Fire safety", "Stays"]);
    assert_eq!(titles(None).await, ["Sooner", "Later", "Fire safety", "Stays"]);
    let all = list(None, None).await;
    for (i, lo) in all.iter().enumerate() {
        assert_eq!(list(None, Some(LearningObjectSort::Removal.place_of(lo))).await, all[i + 1..]);
    }
}
