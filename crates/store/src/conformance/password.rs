//! Passwords of people.

use std::sync::Arc;

use domain::change::Change;
use domain::password::{Cost, PasswordHash};
use domain::user_account::Role;

use super::world::{World, at};
use crate::Store;
use crate::error::StoreError;

pub(super) fn hash(byte: u8) -> PasswordHash {
    PasswordHash { cost: Cost { memory_kib: 64, passes: 3, lanes: 2 }, salt: [byte; 16], hash: [byte + 1; 32] }
}

/// One person in two portals has a password in each; they are found by the address, whatever its case, and of the last one set.
pub async fn accounts_of_one_address_are_found_with_their_passwords(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let find = async |email: &str| world.store.find_passwords(email).await.unwrap();
    assert_eq!(find("ada@example.com").await, []);
    for (i, byte) in [(0, 1), (1, 9), (1, 5)] {
        world.store.save_password(world.customers[i], world.learners[i], hash(byte), at(1)).await.unwrap();
    }
    let mut expected = Vec::new();
    for (i, byte) in [(0, 1), (1, 5)] {
        let account = world.store.find_user_account(world.customers[i], world.learners[i]).await.unwrap().unwrap();
        expected.push((account, hash(byte)));
    }
    assert_eq!(find("aDa@EXAMPLE.com").await, expected);
    assert_eq!(find("ada@example.co").await, []);
}

/// A password is of an account of the portal that is named.
pub async fn passwords_belong_to_accounts_of_their_portal(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    for portal_id in [world.customers[1], world.partner] {
        let refused = world.store.save_password(portal_id, world.learners[0], hash(1), at(1)).await;
        assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    }
    assert_eq!(world.store.find_passwords("ada@example.com").await.unwrap(), []);
}

/// Whoever may not sign in is not found, whatever their password: learners, and who is blocked.
pub async fn who_may_not_sign_in_is_not_found(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.store.save_password(world.customers[0], world.learners[0], hash(1), at(1)).await.unwrap();
    let mut account = world.store.find_user_account(world.customers[0], world.learners[0]).await.unwrap().unwrap();
    for (roles, active, found) in [
        (vec![Role::Administrator], true, 1),
        (vec![Role::Administrator], false, 0),
        (vec![Role::Learner], true, 0),
        (vec![Role::Learner, Role::ContentAdministrator], true, 1),
    ] {
        (account.roles, account.active) = (roles, active);
        world.store.save_user_account(Change::silent(account.clone())).await.unwrap();
        account.version += 1;
        let there = world.store.find_passwords("ada@example.com").await.unwrap();
        assert_eq!(there.len(), found, "{:?} {}", account.roles, account.active);
    }
}
