//! Destinations.

use std::sync::Arc;

use domain::change::Change;
use domain::destination::{Destination, DestinationStatus, LmsOrigin, PER_PORTAL_MAX};
use domain::id::{DestinationId, DestinationToken, PortalId};
use domain::random::Random;

use super::world::{PAGE, World, at};
use crate::Store;
use crate::error::StoreError;
use crate::id::Sequence;

/// A destination that is not stored yet.
async fn destination(world: &World, portal_id: PortalId, second: i64) -> Destination {
    let id = DestinationId(world.store.next_id(Sequence::Destination).await.unwrap());
    Destination::default_of(portal_id, id, DestinationToken::draw(&world.random as &dyn Random), at(second))
}

async fn save(world: &World, destination: Destination) -> Destination {
    world.store.save_destination(Change::silent(destination.clone())).await.unwrap();
    Destination { version: destination.version + 1, ..destination }
}

/// Destinations are found as they were saved, by their own portal and by their token.
pub async fn destinations_belong_to_their_portal(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let [portal_id, sibling] = world.customers;
    let full = Destination {
        name: "Moodle of the north".to_owned(),
        lms_origins: vec![LmsOrigin::parse("https://lms.example.com").unwrap()],
        seats_max: Some(u32::MAX),
        expires_at: Some(at(50)),
        lower_status: true,
        pseudonymous: true,
        ..destination(&world, portal_id, 0).await
    };
    let first = save(&world, full).await;
    let second = save(&world, destination(&world, portal_id, 1).await).await;
    for stored in [&first, &second] {
        assert_eq!(world.store.find_destination(portal_id, stored.id).await.unwrap().as_ref(), Some(stored));
        assert_eq!(world.store.find_destination_by_token(&stored.token).await.unwrap().as_ref(), Some(stored));
        for other in [sibling, world.partner] {
            assert_eq!(world.store.find_destination(other, stored.id).await.unwrap(), None);
        }
    }
    let unknown = DestinationToken::draw(&world.random as &dyn Random);
    assert_eq!(world.store.find_destination_by_token(&unknown).await.unwrap(), None);
    let listed = world.store.list_destinations(portal_id, PAGE).await.unwrap();
    assert_eq!((listed.total, listed.items), (2, vec![first.clone(), second]));
    assert_eq!(world.store.list_destinations(sibling, PAGE).await.unwrap().total, 0);
    let moved = world.store.save_destination(Change::silent(Destination { portal_id: sibling, ..first })).await;
    assert!(matches!(moved, Err(StoreError::Conflict)), "{moved:?}");
}

/// A change is stored against the version that was read; the token stays as it was made.
pub async fn destinations_change_against_what_was_read(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let portal_id = world.customers[0];
    let read = save(&world, destination(&world, portal_id, 0).await).await;
    let revoked = save(&world, Destination { status: DestinationStatus::Revoked, ..read.clone() }).await;
    let stale = world.store.save_destination(Change::silent(Destination { seats_max: Some(1), ..read })).await;
    assert!(matches!(stale, Err(StoreError::Conflict)), "{stale:?}");
    let token = DestinationToken::draw(&world.random as &dyn Random);
    let other = world.store.save_destination(Change::silent(Destination { token, ..revoked.clone() })).await;
    assert!(matches!(other, Err(StoreError::Conflict)), "{other:?}");
    assert_eq!(world.store.find_destination_by_token(&revoked.token).await.unwrap(), Some(revoked));
}

/// A portal has so many destinations and no more, however many are made at the same time.
pub async fn destinations_are_limited(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let portal_id = world.customers[0];
    let mut rivals = Vec::new();
    for _ in 0..PER_PORTAL_MAX + 5 {
        let (store, rival) = (world.store.clone(), destination(&world, portal_id, 0).await);
        rivals.push(tokio::spawn(async move { store.save_destination(Change::silent(rival)).await }));
    }
    let mut made = 0;
    for rival in rivals {
        match rival.await.unwrap() {
            Ok(()) => made += 1,
            Err(StoreError::LimitReached(PER_PORTAL_MAX)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(made, PER_PORTAL_MAX);
    let stored = world.store.list_destinations(portal_id, PAGE).await.unwrap();
    save(&world, Destination { name: "Still changed".to_owned(), ..stored.items[0].clone() }).await;
    save(&world, destination(&world, world.customers[1], 0).await).await;
}

/// The default is the oldest one that can be launched; where there is none, one is made, once.
pub async fn a_default_destination_is_made_once(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let portal_id = world.customers[0];
    let default = async |second| world.store.find_default_destination(portal_id, at(second)).await.unwrap();
    assert_eq!(default(0).await, None);
    let mut rivals = Vec::new();
    for _ in 0..10 {
        let (store, rival) = (world.store.clone(), destination(&world, portal_id, 0).await);
        rivals.push(tokio::spawn(async move { store.save_default_destination(rival).await.unwrap() }));
    }
    let mut told = Vec::new();
    for rival in rivals {
        told.push(rival.await.unwrap());
    }
    let stored = world.store.list_destinations(portal_id, PAGE).await.unwrap();
    assert_eq!((stored.total, &stored.items), (1, &vec![told[0].clone(); 1]));
    assert!(told.iter().all(|default| default == &told[0]), "{told:?}");
    assert_eq!(default(0).await.as_ref(), Some(&told[0]));

    // Neither one that is over nor one of somebody else will do.
    save(&world, destination(&world, world.customers[1], 1).await).await;
    save(&world, Destination { expires_at: Some(at(50)), ..told[0].clone() }).await;
    let later = save(&world, destination(&world, portal_id, 20).await).await;
    assert_eq!((default(49).await.unwrap().id, default(50).await.unwrap().id), (told[0].id, later.id));
    let found = world.store.save_default_destination(destination(&world, portal_id, 60).await).await.unwrap();
    assert_eq!(found, later);
    save(&world, Destination { status: DestinationStatus::Revoked, ..later }).await;
    assert_eq!(default(60).await, None);
    let fresh = destination(&world, portal_id, 60).await;
    let made = world.store.save_default_destination(fresh.clone()).await.unwrap();
    assert_eq!(made, Destination { version: 1, ..fresh });
    assert_eq!(default(60).await, Some(made));
}
