//! The scheduled tasks.

use domain::id::ClientId;
use domain::oauth::{Digest, OauthClient, Scopes, Token, TokenKind};
use domain::random::Random;
use jiff::SignedDuration;
use store::conformance::world::at;

use crate::time::at_once;
use crate::world::World;

async fn client(world: &World) -> OauthClient {
    let client = OauthClient {
        id: ClientId::draw(&world.platform.random as &dyn Random),
        portal_id: world.platform.customers[0],
        user_account_id: world.platform.learners[0],
        name: "LMS".to_owned(),
        redirect_uri: None,
        secret_digest: Digest([0; 32]),
        scopes: Scopes::all(),
        created_at: at(0),
        revoked_at: None,
    };
    world.store().save_oauth_client(client.clone()).await.unwrap();
    client
}

fn token(client: &OauthClient, n: u8, expires_at: i64) -> Token {
    Token {
        digest: Digest([n; 32]),
        kind: TokenKind::Access,
        client_id: client.id.clone(),
        portal_id: client.portal_id,
        user_account_id: client.user_account_id,
        scopes: client.scopes,
        created_at: at(0),
        expires_at: at(expires_at),
    }
}

#[tokio::test]
async fn expired_tokens_are_pruned_and_others_stay() {
    let world = World::new().await;
    let client = client(&world).await;
    let day = 24 * 3_600;
    world.store().save_tokens(vec![token(&client, 1, 60), token(&client, 2, day)]).await.unwrap();
    // As it was when both were good: what is found then is still stored.
    let stored = async |n| world.store().find_access_token(&Digest([n; 32]), at(0)).await.unwrap().is_some();
    assert!(stored(1).await && stored(2).await);
    world.time.is_awaited(at(1) + SignedDuration::from_mins(10)).await;
    world.time.pass(SignedDuration::from_mins(10));
    at_once(async {
        while stored(1).await {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(stored(2).await);
}
