//! Requests that come with a key.

use std::sync::Arc;

use domain::change::Change;
use domain::id::{ClientId, PortalId};
use domain::oauth::{Digest, OauthClient, Scopes};
use domain::random::Random;

use super::world::{World, at};
use crate::Store;
use crate::error::{Result, StoreError};
use crate::id::Sequence;
use crate::idempotency::{Answer, Content, Keep, KeyedRequest, Known, Run, TAKEN, foretell, under};

const KEY: Digest = Digest([1; 32]);
const ASKED: Digest = Digest([2; 32]);
/// How long a key is known, in seconds.
const DAY: i64 = 24 * 3_600;

async fn client(world: &World) -> ClientId {
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
    let id = client.id.clone();
    world.store.save_oauth_client(client).await.unwrap();
    id
}

/// A request with the key, about to be carried out, different from every other.
fn asked(world: &World, client_id: &ClientId, second: i64) -> Arc<Run> {
    let mut run = [0; 16];
    world.random.fill(&mut run);
    let client_id = client_id.clone();
    Arc::new(Run::new(KeyedRequest { client_id, key: KEY, request: ASKED, run, begun_at: at(second) }))
}

fn created() -> Answer {
    let content = Content { content_type: Some("application/json".to_owned()), text: "{\"a\":\"\\n\nb\"}".to_owned() };
    Answer { status: 201, content: Some(content) }
}

async fn known(world: &World, client_id: &ClientId, second: i64) -> Option<Known> {
    world.store.find_idempotency_key(client_id, &KEY, at(second)).await.unwrap()
}

fn known_with(answer: Option<Answer>) -> Option<Known> {
    Some(Known { request: ASKED, answer })
}

/// Makes a portal for the request, as a handler would.
async fn make_portal(world: &World, run: &Arc<Run>, name: &str) -> Result<PortalId> {
    make_portal_answering(world, run, name, None).await
}

/// The same by a handler that knows beforehand what it will answer.
async fn make_portal_answering(world: &World, run: &Arc<Run>, name: &str, answer: Option<Answer>) -> Result<PortalId> {
    let made = async {
        let portal = world.portal(name, None).await;
        let id = portal.id;
        if let Some(answer) = answer {
            foretell(|| answer);
        }
        world.store.save_portal(Change::silent(portal)).await.map(|()| id)
    };
    under(run.clone(), made).await
}

async fn keep(world: &World, run: &Run, answer: Answer, keep: Keep) -> Result<()> {
    world.store.save_idempotent_answer(run.request(), answer, keep).await
}

#[track_caller]
fn check_taken<T: std::fmt::Debug>(refused: Result<T>) {
    assert!(matches!(refused, Err(StoreError::Taken(TAKEN))), "{refused:?}");
}

/// From its first write on a request is known; reading and taking numbers is no write.
pub async fn a_request_is_known_from_its_first_write(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let client = client(&world).await;
    let run = asked(&world, &client, 5);
    let reads = async {
        world.store.find_portal(world.partner).await.unwrap();
        // More than any backend takes at a time.
        for _ in 0..1_000 {
            world.store.next_id(Sequence::Portal).await.unwrap();
        }
    };
    under(run.clone(), reads).await;
    assert_eq!(known(&world, &client, 5).await, None);
    make_portal(&world, &run, "acme").await.unwrap();
    assert_eq!(known(&world, &client, 5).await, known_with(None));
    // A second write of the same request is its own.
    make_portal(&world, &run, "other").await.unwrap();
    assert_eq!(known(&world, &client, 5).await, known_with(None));
    // What is not run for it has nothing to do with it.
    world.add_portal("elsewhere", None).await;
}

/// What a verb does and the request that it is run for are one: if the verb fails, neither is stored.
pub async fn a_verb_that_fails_leaves_no_request(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let client = client(&world).await;
    let run = asked(&world, &client, 5);
    let refused = make_portal(&world, &run, "partner").await;
    assert!(matches!(refused, Err(StoreError::Taken("domain"))), "{refused:?}");
    assert_eq!(known(&world, &client, 5).await, None);
    make_portal(&world, &run, "acme").await.unwrap();
}

/// Of many requests with one key that are carried out at the same time, one writes.
pub async fn a_key_is_one_requests(store: Arc<dyn Store>) {
    let world = Arc::new(World::new(store).await);
    let client = client(&world).await;
    let rivals = (0..20).map(|n| {
        let (world, run) = (world.clone(), asked(&world, &client, 5));
        tokio::spawn(async move { make_portal(&world, &run, &format!("rival{n}")).await })
    });
    let mut made = 0;
    for rival in rivals.collect::<Vec<_>>() {
        match rival.await.unwrap() {
            Ok(_) => made += 1,
            refused => check_taken(refused),
        }
    }
    let stored = world.store.list_portals(&Default::default(), super::world::PAGE).await.unwrap();
    let rivals = stored.items.iter().filter(|portal| portal.name.starts_with("rival")).count();
    assert_eq!((made, rivals), (1, 1));
    // Another client's key of the same text is another key.
    let other = self::client(&world).await;
    make_portal(&world, &asked(&world, &other, 5), "other").await.unwrap();
}

/// Answers are found as they were kept, and nobody else's request can put another in their place.
pub async fn answers_are_kept(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let client = client(&world).await;
    let run = asked(&world, &client, 5);
    make_portal(&world, &run, "acme").await.unwrap();
    keep(&world, &run, created(), Keep::Always).await.unwrap();
    assert_eq!(known(&world, &client, 6).await, known_with(Some(created())));
    let late = asked(&world, &client, 7);
    check_taken(make_portal(&world, &late, "late").await);
    let other = Answer { status: 404, content: None };
    check_taken(keep(&world, &late, other.clone(), Keep::Always).await);
    keep(&world, &late, other, Keep::IfBegun).await.unwrap();
    assert_eq!(known(&world, &client, 8).await, known_with(Some(created())));
}

/// An answer that is foretold is stored with the work, or not at all.
pub async fn foretold_answers_are_stored_with_the_work(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let client = client(&world).await;
    let failing = asked(&world, &client, 5);
    make_portal_answering(&world, &failing, "partner", Some(created())).await.unwrap_err();
    assert_eq!(known(&world, &client, 5).await, None);
    let run = asked(&world, &client, 5);
    // What comes before the last verb is not the whole work.
    make_portal(&world, &run, "first").await.unwrap();
    assert!(known(&world, &client, 5).await == known_with(None) && !run.has_stored(&created()));
    make_portal_answering(&world, &run, "second", Some(created())).await.unwrap();
    assert_eq!(known(&world, &client, 5).await, known_with(Some(created())));
    assert!(run.has_stored(&created()) && !run.has_stored(&Answer { status: 200, ..created() }));
    // In the end it was answered otherwise.
    let other = Answer { status: 404, content: None };
    keep(&world, &run, other.clone(), Keep::IfBegun).await.unwrap();
    assert_eq!(known(&world, &client, 5).await, known_with(Some(other)));
}

/// An answer may be kept of a request that wrote nothing, or only if it wrote something; of a long one the status is.
pub async fn answers_without_work_are_kept_if_wanted(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let client = client(&world).await;
    let run = asked(&world, &client, 5);
    let none = Answer { status: 204, content: Some(Content { content_type: None, text: String::new() }) };
    keep(&world, &run, none.clone(), Keep::IfBegun).await.unwrap();
    assert_eq!(known(&world, &client, 5).await, None);
    keep(&world, &run, none.clone(), Keep::Always).await.unwrap();
    assert_eq!(known(&world, &client, 5).await, known_with(Some(none)));

    let other = self::client(&world).await;
    let run = asked(&world, &other, 5);
    make_portal(&world, &run, "acme").await.unwrap();
    let long = Answer { status: 409, content: None };
    keep(&world, &run, long.clone(), Keep::IfBegun).await.unwrap();
    assert_eq!(known(&world, &other, 5).await, known_with(Some(long)));
}

/// After a day a key is as good as new, whether it was pruned or not.
pub async fn keys_are_known_for_a_day(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let client = client(&world).await;
    let run = asked(&world, &client, 5);
    make_portal(&world, &run, "acme").await.unwrap();
    keep(&world, &run, created(), Keep::Always).await.unwrap();
    assert_eq!(known(&world, &client, 4 + DAY).await, known_with(Some(created())));
    assert_eq!(known(&world, &client, 5 + DAY).await, None);
    check_taken(make_portal(&world, &asked(&world, &client, 4 + DAY), "early").await);
    make_portal(&world, &asked(&world, &client, 5 + DAY), "again").await.unwrap();
    assert_eq!(known(&world, &client, 5 + DAY).await, known_with(None));
}

/// Old keys go in small steps, current ones stay.
pub async fn old_keys_are_pruned(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    for second in 1..=10 {
        let run = asked(&world, &client(&world).await, second);
        keep(&world, &run, created(), Keep::Always).await.unwrap();
    }
    let last = client(&world).await;
    keep(&world, &asked(&world, &last, 11), created(), Keep::Always).await.unwrap();
    let prune = async |until| world.store.prune_idempotency_keys(at(until), 6).await.unwrap();
    assert_eq!((prune(10).await, prune(10).await, prune(10).await), (6, 4, 0));
    assert_eq!(known(&world, &last, 12).await, known_with(Some(created())));
}
