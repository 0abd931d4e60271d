//! User accounts.

use std::sync::Arc;

use domain::change::Change;
use domain::user_account::{EmailAddress, Role};

use super::world::{PAGE, World};
use crate::Store;
use crate::error::StoreError;
use crate::user_account::UserAccountFilter;

/// An account is found in its own portal, as it was saved, and in no other.
pub async fn accounts_belong_to_their_portal(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let mut learner = world.learner(world.customers[0], "grace").await;
    world.store.save_user_account(Change::silent(learner.clone())).await.unwrap();
    learner.version = 1;
    assert_eq!(world.store.find_user_account(world.customers[0], learner.id).await.unwrap(), Some(learner.clone()));
    for other in [world.customers[1], world.partner] {
        assert_eq!(world.store.find_user_account(other, learner.id).await.unwrap(), None);
    }
    learner.portal_id = world.customers[1];
    let moved = world.store.save_user_account(Change::silent(learner)).await;
    assert!(matches!(moved, Err(StoreError::Conflict)), "{moved:?}");
}

/// Accounts are narrowed by role, one of several.
pub async fn accounts_are_listed_by_role(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let mut administrator = world.learner(world.customers[0], "grace").await;
    administrator.roles = vec![Role::Administrator];
    world.store.save_user_account(Change::silent(administrator)).await.unwrap();
    let count = async |roles: &[Role]| {
        let filter = UserAccountFilter { roles: Some(roles.to_vec()), ..Default::default() };
        world.store.list_user_accounts(world.customers[0], &filter, PAGE).await.unwrap().total
    };
    assert_eq!(count(&[Role::Manager]).await, 1);
    assert_eq!(count(&[Role::Administrator, Role::Learner]).await, 2);
    assert_eq!(count(&[Role::ContentAdministrator]).await, 0, "the name of a role is not a part of another");
    assert_eq!(count(&[]).await, 0);
}

/// `Ada@example.com` is `ada@example.com`, but another portal may have her too.
pub async fn addresses_are_unique_in_a_portal_whatever_their_case(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let mut twin = world.learner(world.customers[0], "ada").await;
    twin.email = EmailAddress::parse("ADA@example.com").unwrap();
    let refused = world.store.save_user_account(Change::silent(twin)).await;
    assert!(matches!(refused, Err(StoreError::Taken("email"))), "{refused:?}");
    let filter = UserAccountFilter { email: Some("aDa@EXAMPLE.com".to_owned()), ..Default::default() };
    for (portal_id, learner) in world.customers.into_iter().zip(world.learners) {
        let listed = world.store.list_user_accounts(portal_id, &filter, PAGE).await.unwrap();
        assert_eq!(listed.items.iter().map(|account| account.id).collect::<Vec<_>>(), [learner]);
    }
}
