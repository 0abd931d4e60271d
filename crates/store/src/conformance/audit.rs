//! The audit log.

use std::sync::Arc;

use contract::event_type::EventType;
use domain::audit::{Action, Actor, Channel, Entry, Noted};
use domain::change::Change;
use domain::destination::Destination;
use domain::enrollment::Status;
use domain::id::{ClientId, DeliveryId, DestinationId, DestinationToken, PortalId};
use domain::oauth::{Digest, OauthClient, Scopes};
use domain::random::Random;

use super::world::{PAGE, World, at};
use crate::Store;
use crate::audit::{AuditFilter, StoredEntry, with};
use crate::error::{Result, StoreError};
use crate::id::Sequence;
use crate::page::PageRequest;
use crate::replay::Replayed;

fn operator() -> Actor {
    Actor::operator("ada")
}

fn update(portal_id: PortalId, second: i64) -> Noted {
    Noted::done(Action::PortalUpdate, portal_id, portal_id, at(second)).with("name", "Acme")
}

fn entry(portal_id: PortalId, second: i64) -> Entry {
    Entry { actor: operator(), channel: Channel::Cli, noted: update(portal_id, second) }
}

/// Does something to a portal, as the operator.
async fn act(world: &World, portal_id: PortalId, second: i64) {
    world.store.save_audit_entry(entry(portal_id, second)).await.unwrap();
}

async fn list(world: &World, portal_id: PortalId, filter: &AuditFilter) -> Vec<StoredEntry> {
    let listed = world.store.list_audit_entries(portal_id, filter, PAGE).await.unwrap();
    assert_eq!(listed.total, listed.items.len() as u64);
    listed.items
}

async fn list_all(world: &World, portal_id: PortalId) -> Vec<StoredEntry> {
    list(world, portal_id, &AuditFilter::default()).await
}

/// Renames the partner, against the version that is stored or another.
async fn rename(world: &World, version: i64) -> Result<()> {
    let mut portal = world.store.find_portal(world.partner).await.unwrap().unwrap();
    portal.version = version;
    portal.name = "Acme".to_owned();
    world.store.save_portal(Change::silent(portal)).await
}

/// An entry comes back as it went in, with what its actor was called when it was stored.
pub async fn entries_keep_all_they_are_given(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let client = OauthClient {
        id: ClientId::draw(&world.random as &dyn Random),
        portal_id: world.partner,
        user_account_id: world.learners[0],
        name: "Integration".to_owned(),
        redirect_uri: None,
        secret_digest: Digest([3; 32]),
        scopes: Scopes::all(),
        created_at: at(0),
        revoked_at: None,
    };
    world.store.save_oauth_client(client.clone()).await.unwrap();
    let portal = world.store.find_portal(world.partner).await.unwrap().unwrap();
    let mut named = portal.clone();
    named.name = "é, \"\\ \n".to_owned();
    named.industry = None;
    let person = Actor::Person { id: world.learners[1], portal_id: world.customers[1] };
    let program = Actor::Client { id: client.id, portal_id: world.partner, user_account_id: world.learners[0] };
    let of_client = Noted::changed(Action::PortalUpdate, &portal, &named, at(1));
    let acted = [
        (program, Channel::Api, of_client, Some("Integration")),
        (person, Channel::Hub, update(world.partner, 2), Some("ada@example.com")),
        (operator(), Channel::Cli, Noted::created(Action::PortalCreate, &portal, at(3)), Some("ada")),
        (Actor::Unknown, Channel::Hub, update(world.partner, 4), None),
    ];
    for (actor, channel, noted, _) in acted.clone() {
        world.store.save_audit_entry(Entry { actor, channel, noted }).await.unwrap();
    }
    let stored = list_all(&world, world.partner).await.into_iter().rev();
    assert!(stored.clone().map(|stored| stored.id).is_sorted());
    let stored: Vec<_> = stored.map(|stored| (stored.entry, stored.actor_name)).collect();
    let expected =
        acted.map(|(actor, channel, noted, name)| (Entry { actor, channel, noted }, name.map(str::to_owned)));
    assert_eq!(stored, expected);
}

/// What a verb does and the entry of it are one; what it refuses leaves none.
pub async fn an_action_and_its_entry_are_one(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let entry = || entry(world.partner, 5);
    let refused = with(entry(), rename(&world, 7)).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    let taken = Change::silent(world.portal("stranger", None).await);
    let refused = with(entry(), world.store.save_portal(taken)).await;
    assert!(matches!(refused, Err(StoreError::Taken("domain"))), "{refused:?}");
    let webhook = Change::silent(world.webhook(world.partner, &[EventType::EnrollmentComplete]));
    let refused = with(entry(), world.store.save_webhook(webhook, 0)).await;
    assert!(matches!(refused, Err(StoreError::LimitReached(0))), "{refused:?}");
    assert_eq!(list_all(&world, world.partner).await, []);
    with(entry(), rename(&world, 1)).await.unwrap();
    let stored = list_all(&world, world.partner).await;
    assert_eq!(stored.iter().map(|stored| &stored.entry).collect::<Vec<_>>(), [&entry()]);
    rename(&world, 2).await.unwrap();
    assert_eq!(list_all(&world, world.partner).await, stored, "what nobody does has no entry");
}

/// It belongs to the first verb that writes, and to no other, whatever becomes of that.
pub async fn an_entry_is_one_verbs(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let verbs = async |version| {
        world.store.find_portal(world.partner).await.unwrap();
        world.store.next_id(Sequence::Portal).await.unwrap();
        let first = rename(&world, version).await;
        let stored = list_all(&world, world.partner).await.len();
        world.add_portal(&format!("another{version}"), None).await;
        assert_eq!(list_all(&world, world.partner).await.len(), stored);
        first.is_ok().then_some(stored)
    };
    assert_eq!(with(entry(world.partner, 5), verbs(7)).await, None);
    assert_eq!(with(entry(world.partner, 5), verbs(1)).await, Some(1));
}

/// A verb that finds nothing to do leaves no entry, though it does not fail.
pub async fn what_did_nothing_has_no_entry(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let entry = || entry(world.partner, 5);
    let id = ClientId::draw(&world.random as &dyn Random);
    assert!(!with(entry(), world.store.expire_oauth_client(world.partner, &id, at(5))).await.unwrap());
    let replayed = with(entry(), world.store.replay_delivery(world.partner, DeliveryId(1), at(5))).await.unwrap();
    assert_eq!(replayed, Replayed::NotFound);
    assert_eq!(list_all(&world, world.partner).await, []);
    for number in 1..=2 {
        let id = DestinationId(world.store.next_id(Sequence::Destination).await.unwrap());
        let token = DestinationToken::draw(&world.random as &dyn Random);
        let default = Destination::default_of(world.partner, id, token, at(5));
        let made = with(entry(), world.store.save_default_destination(default)).await.unwrap();
        assert_eq!(made.id == id, number == 1);
        assert_eq!(list_all(&world, world.partner).await.len(), 1, "the second finds the first");
    }
}

/// What is told to webhooks has its entry with it too, though such verbs are written in another way.
pub async fn what_is_published_has_its_entry(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let change = world.enrollment(0, Status::InProgress, 1).await;
    let id = change.after.id;
    with(entry(world.partner, 5), world.store.save_enrollments(vec![change])).await.unwrap();
    assert_eq!(list_all(&world, world.partner).await.len(), 1);
    let mut stale = world.completion(0, id, 2).await;
    stale.after.version += 7;
    let refused = with(entry(world.partner, 5), world.store.save_enrollments(vec![stale])).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    assert_eq!(list_all(&world, world.partner).await.len(), 1);
}

/// Of many who change one thing at the same time each has an entry whose change went through, and nobody else's.
pub async fn of_many_actions_each_has_its_own_entry(store: Arc<dyn Store>) {
    let world = Arc::new(World::new(store).await);
    let rivals = (0..40).map(|second| {
        let world = world.clone();
        tokio::spawn(async move {
            // Half of them come for a version that is not there.
            let mut portal = world.portal(&format!("rival{second}"), None).await;
            portal.version = second % 2;
            let actor = Actor::operator(&second.to_string());
            let entry = Entry { actor, channel: Channel::Cli, noted: update(world.partner, second) };
            with(entry, world.store.save_portal(Change::silent(portal))).await.is_ok()
        })
    });
    let mut expected = Vec::new();
    for (second, rival) in (0..).zip(rivals.collect::<Vec<_>>()) {
        if rival.await.unwrap() {
            expected.push((second.to_string(), at(second)));
        }
    }
    let stored = list_all(&world, world.partner).await;
    let mut stored: Vec<_> =
        stored.into_iter().map(|stored| (stored.actor_name.unwrap(), stored.entry.noted.at)).collect();
    stored.sort_by_key(|(_, at)| *at);
    assert_eq!(expected.len(), 20);
    assert_eq!(stored, expected);
}

/// A portal sees its entries, a partner its customers' too, nobody else's.
pub async fn entries_belong_to_their_portal_and_the_partner(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let portals = [world.partner, world.customers[0], world.customers[1], world.stranger];
    for (portal_id, second) in portals.into_iter().zip(0..) {
        act(&world, portal_id, second).await;
    }
    let seen = async |portal_id| {
        let listed = list_all(&world, portal_id).await;
        listed.into_iter().map(|stored| stored.entry.noted.portal_id).collect::<Vec<_>>()
    };
    assert_eq!(seen(world.partner).await, [world.customers[1], world.customers[0], world.partner]);
    assert_eq!(seen(world.customers[0]).await, [world.customers[0]]);
    assert_eq!(seen(world.stranger).await, [world.stranger]);
    let narrowed = |portal_id| AuditFilter { portal_id: Some(portal_id), ..Default::default() };
    assert_eq!(list(&world, world.partner, &narrowed(world.customers[0])).await.len(), 1);
    assert_eq!(list(&world, world.customers[0], &narrowed(world.partner)).await, []);
    assert_eq!(list(&world, world.partner, &narrowed(world.stranger)).await, []);
}

/// Each condition narrows, and pages go from the newest to the oldest.
pub async fn lists_of_entries_are_narrowed(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let portal_id = world.partner;
    let id = ClientId::draw(&world.random as &dyn Random);
    let program = Actor::Client { id: id.clone(), portal_id, user_account_id: world.learners[0] };
    let person = Actor::Person { id: world.learners[0], portal_id };
    let acted = [
        (program, Action::WebhookCreate, "w1"),
        (person, Action::WebhookUpdate, "w1"),
        (operator(), Action::PortalUpdate, "w2"),
    ];
    for ((actor, action, subject), second) in acted.into_iter().zip(0..) {
        let noted = Noted::done(action, portal_id, subject, at(second));
        world.store.save_audit_entry(Entry { actor, channel: Channel::Hub, noted }).await.unwrap();
    }
    let check = async |filter: AuditFilter, expected: &[i64]| {
        let found: Vec<_> = list(&world, portal_id, &filter).await.into_iter().map(|s| s.entry.noted.at).collect();
        assert_eq!(found, expected.iter().map(|second| at(*second)).collect::<Vec<_>>(), "{filter:?}");
    };
    let none = AuditFilter::default;
    check(none(), &[2, 1, 0]).await;
    check(AuditFilter { actor: Some(id.to_string()), ..none() }, &[0]).await;
    check(AuditFilter { actor: Some(world.learners[0].to_string()), ..none() }, &[1, 0]).await;
    check(AuditFilter { actor: Some("ada".to_owned()), ..none() }, &[2]).await;
    check(AuditFilter { actor: Some("ad".to_owned()), ..none() }, &[]).await;
    check(AuditFilter { actions: Some(Action::named("webhook")), ..none() }, &[1, 0]).await;
    check(AuditFilter { actions: Some(vec![Action::WebhookUpdate]), ..none() }, &[1]).await;
    check(AuditFilter { actions: Some(Vec::new()), ..none() }, &[]).await;
    check(AuditFilter { subject_id: Some("w2".to_owned()), ..none() }, &[2]).await;
    check(AuditFilter { since: Some(at(1)), ..none() }, &[2, 1]).await;
    check(AuditFilter { until: Some(at(1)), ..none() }, &[1, 0]).await;
    let second = PageRequest { limit: 1, offset: 1 };
    let page = world.store.list_audit_entries(portal_id, &none(), second).await.unwrap();
    assert_eq!((page.total, page.items[0].entry.noted.at), (3, at(1)));
}

/// Old entries go in small steps, current ones stay.
pub async fn old_entries_are_pruned(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    for second in 1..=11 {
        act(&world, world.partner, second).await;
    }
    let prune = async || world.store.prune_audit_entries(at(11), 6).await.unwrap();
    assert_eq!((prune().await, prune().await, prune().await), (6, 4, 0));
    let left = list_all(&world, world.partner).await;
    assert_eq!(left.into_iter().map(|stored| stored.entry.noted.at).collect::<Vec<_>>(), [at(11)]);
    act(&world, world.partner, 12).await;
    // A number is never used again.
    assert!(list_all(&world, world.partner).await.is_sorted_by(|later, earlier| later.id > earlier.id));
}
