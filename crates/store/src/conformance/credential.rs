//! OAuth clients and tokens.

use std::sync::Arc;

use domain::id::ClientId;
use domain::oauth::{CLIENTS_PER_PORTAL_MAX, Digest, OauthClient, Scope, Scopes, Token, TokenKind};
use domain::random::Random;
use domain::user_account::UserAccountPatch;

use super::world::{World, at};
use crate::Store;
use crate::error::StoreError;

fn client(world: &World) -> OauthClient {
    OauthClient {
        id: ClientId::draw(&world.random as &dyn Random),
        portal_id: world.customers[0],
        user_account_id: world.learners[0],
        name: "Integration".to_owned(),
        redirect_uri: Some("https://example.com/back".to_owned()),
        secret_digest: Digest([3; 32]),
        scopes: [Scope::LoRead, Scope::WebhookWrite].into_iter().collect(),
        created_at: at(0),
        revoked_at: None,
    }
}

fn token(client: &OauthClient, kind: TokenKind, byte: u8, expires: i64) -> Token {
    Token {
        digest: Digest([byte; 32]),
        kind,
        client_id: client.id.clone(),
        portal_id: client.portal_id,
        user_account_id: client.user_account_id,
        scopes: Scopes::all(),
        created_at: at(0),
        expires_at: at(expires),
    }
}

/// Clients are found as they were saved; access tokens until they expire or are ended.
pub async fn clients_and_their_tokens(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let client = client(&world);
    world.store.save_oauth_client(client.clone()).await.unwrap();
    assert_eq!(world.store.find_oauth_client(&client.id).await.unwrap(), Some(client.clone()));
    assert_eq!(world.store.list_oauth_clients(world.customers[0]).await.unwrap(), std::slice::from_ref(&client));
    assert_eq!(world.store.list_oauth_clients(world.customers[1]).await.unwrap(), []);
    let access = token(&client, TokenKind::Access, 1, 100);
    let refresh = token(&client, TokenKind::Refresh, 2, 100);
    world.store.save_tokens(vec![access.clone(), refresh.clone()]).await.unwrap();
    let find = async |token: &Token, second| world.store.find_access_token(&token.digest, at(second)).await.unwrap();
    assert_eq!(find(&access, 99).await, Some(access.clone()));
    assert_eq!(find(&access, 100).await, None);
    assert_eq!(find(&refresh, 1).await, None);
    world.store.expire_token(&access.digest, at(50)).await.unwrap();
    assert_eq!(find(&access, 50).await, None);
    world.store.expire_token(&Digest([9; 32]), at(50)).await.unwrap();
}

/// A client is revoked by its own portal, once, and its tokens are worth nothing from then on.
pub async fn revoking_a_client_ends_its_tokens(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let client = client(&world);
    world.store.save_oauth_client(client.clone()).await.unwrap();
    let access = token(&client, TokenKind::Access, 1, 100);
    let refresh = token(&client, TokenKind::Refresh, 2, 100);
    world.store.save_tokens(vec![access.clone(), refresh.clone()]).await.unwrap();
    assert!(!world.store.expire_oauth_client(world.customers[1], &client.id, at(1)).await.unwrap());
    assert!(world.store.find_access_token(&access.digest, at(1)).await.unwrap().is_some());
    let endings = world.store.count_endings();
    assert!(world.store.expire_oauth_client(world.customers[0], &client.id, at(1)).await.unwrap());
    assert_ne!(world.store.count_endings(), endings);
    assert!(!world.store.expire_oauth_client(world.customers[0], &client.id, at(1)).await.unwrap());
    assert_eq!(world.store.find_access_token(&access.digest, at(1)).await.unwrap(), None);
    assert_eq!(world.store.find_refresh_token(&refresh.digest, at(1)).await.unwrap(), None);
    assert_eq!(world.store.list_oauth_clients(world.customers[0]).await.unwrap(), []);
    assert_eq!(world.store.find_oauth_client(&client.id).await.unwrap().unwrap().revoked_at, Some(at(1)));
}

/// A user account that is blocked ends every token that acts through it, for good, and says so on this node; what is made when it is
/// let in again is good, and nobody else is concerned.
pub async fn blocking_an_account_ends_its_tokens(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let client = client(&world);
    world.store.save_oauth_client(client.clone()).await.unwrap();
    let made_at = |second, kind, byte| Token { created_at: at(second), ..token(&client, kind, byte, 100) };
    let other =
        Token { portal_id: world.customers[1], user_account_id: world.learners[1], ..made_at(1, TokenKind::Access, 3) };
    let tokens = [made_at(1, TokenKind::Access, 1), made_at(1, TokenKind::Refresh, 2), other];
    world.store.save_tokens(tokens.to_vec()).await.unwrap();
    let good = async |second| {
        let refreshed = world.store.save_refreshed_tokens(&Digest([2; 32]), Vec::new(), at(second)).await.unwrap();
        let refresh = world.store.find_refresh_token(&Digest([2; 32]), at(second)).await.unwrap().is_some();
        assert_eq!(refreshed, refresh);
        let mut access = Vec::new();
        for byte in [1, 3, 4] {
            access.push(world.store.find_access_token(&Digest([byte; 32]), at(second)).await.unwrap().is_some());
        }
        (refresh, access)
    };
    let set = async |active, second| {
        let endings = world.store.count_endings();
        let found = world.store.find_user_account(world.customers[0], world.learners[0]).await.unwrap().unwrap();
        let patch = UserAccountPatch { active: Some(active), ..Default::default() };
        world.store.save_user_account(found.update(patch, at(second)).unwrap()).await.unwrap();
        assert_eq!(world.store.count_endings() != endings, !active);
    };
    assert_eq!(good(1).await, (true, vec![true, true, false]));
    // Any other change ends nothing.
    set(true, 2).await;
    assert_eq!(good(2).await, (true, vec![true, true, false]));
    set(false, 3).await;
    assert_eq!(good(3).await, (false, vec![false, true, false]));
    set(true, 4).await;
    world.store.save_tokens(vec![made_at(4, TokenKind::Access, 4)]).await.unwrap();
    assert_eq!(good(4).await, (false, vec![false, true, true]));
}

/// A portal has so many clients in use and no more; one that is revoked makes room.
pub async fn clients_are_limited(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let first = client(&world);
    world.store.save_oauth_client(first.clone()).await.unwrap();
    for _ in 1..CLIENTS_PER_PORTAL_MAX {
        world.store.save_oauth_client(client(&world)).await.unwrap();
    }
    let refused = world.store.save_oauth_client(client(&world)).await;
    assert!(matches!(refused, Err(StoreError::LimitReached(CLIENTS_PER_PORTAL_MAX))), "{refused:?}");
    assert!(world.store.expire_oauth_client(first.portal_id, &first.id, at(1)).await.unwrap());
    world.store.save_oauth_client(client(&world)).await.unwrap();
}

/// A refresh token is spent by its first use, not by being looked at; for a minute after that it may be used again.
pub async fn refresh_tokens_are_spent_once(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let client = client(&world);
    world.store.save_oauth_client(client.clone()).await.unwrap();
    let refresh = token(&client, TokenKind::Refresh, 2, 1_000);
    let next = token(&client, TokenKind::Access, 3, 1_000);
    world.store.save_tokens(vec![refresh.clone()]).await.unwrap();
    let find = async |second| world.store.find_refresh_token(&refresh.digest, at(second)).await.unwrap().is_some();
    let spend = async |second| {
        world.store.save_refreshed_tokens(&refresh.digest, vec![next.clone()], at(second)).await.unwrap()
    };
    assert!(find(100).await && find(400).await);
    assert!(spend(500).await && spend(559).await);
    assert!(world.store.find_access_token(&next.digest, at(560)).await.unwrap().is_some());
    assert!(!find(560).await && !spend(560).await);
    // Saving it again does not make it fresh.
    world.store.save_tokens(vec![refresh.clone()]).await.unwrap();
    assert!(!find(700).await);
}

/// Old tokens go in small steps, current ones stay.
pub async fn old_tokens_are_pruned(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let client = client(&world);
    world.store.save_oauth_client(client.clone()).await.unwrap();
    let tokens = (1..=10).map(|n| token(&client, TokenKind::Access, n, i64::from(n))).collect();
    world.store.save_tokens(tokens).await.unwrap();
    assert_eq!(world.store.prune_tokens(at(9), 5).await.unwrap(), 5);
    assert_eq!(world.store.prune_tokens(at(9), 5).await.unwrap(), 3);
    assert_eq!(world.store.prune_tokens(at(9), 5).await.unwrap(), 0);
    assert!(world.store.find_access_token(&Digest([10; 32]), at(0)).await.unwrap().is_some());
}
